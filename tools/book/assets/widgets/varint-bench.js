// A number and its varint, to be changed on either side.
(() => {
  'use strict';
  const { Malformed, count, fromHex, hex } = globalThis.courseBytes;
  const { RANGES, Reader, unzigzag, varint, zigzag } = globalThis.courseVarint;
  const { button, define, labelled, make, say, select } = globalThis.courseWidget;

  const TYPES = {
    int64: 'A negative number is written as the 64 bits that it has in memory: always ten bytes.',
    uint64: 'There are no negative numbers.',
    sint64: 'ZigZag first: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4, so that a small number stays small on either side of zero.',
  };

  const parse = (type, text) => {
    if (!/^\s*-?\d{1,40}\s*$/.test(text)) throw new Malformed('typed', 'Write a whole number, in digits.');
    const number = BigInt(text.trim());
    const [least, most] = RANGES[type];
    if (number < least || number > most) throw new Malformed('typed', `${type} goes from ${least} to ${most}.`);
    return number;
  };

  const toRaw = (type, number) => (type === 'sint64' ? zigzag(number) : BigInt.asUintN(64, number));
  const fromRaw = (type, raw) => (type === 'sint64' ? unzigzag(raw) : type === 'int64' ? BigInt.asIntN(64, raw) : raw);

  const read = (text) => {
    const bytes = fromHex(text);
    if (bytes.length === 0) throw new Malformed('hex', 'Write at least one byte.');
    const reader = new Reader(bytes);
    let raw;
    try {
      raw = reader.varint();
    } catch (error) {
      throw new Malformed(error.kind, error.kind === 'short-varint'
        ? 'The last byte has its highest bit set, which says that another follows.'
        : '64 bits are ten bytes at most, and the tenth is 00 or 01: this goes on.');
    }
    if (reader.at < bytes.length) throw new Malformed('rest', `The varint ends with byte ${reader.at}: its highest bit is 0. ${count(bytes.length - reader.at, 'byte')} too many.`);
    return [raw, bytes];
  };

  // Seven bits of a byte, and the one that says whether another follows.
  const byteBox = (byte, at, all) => {
    const bits = byte.toString(2).padStart(8, '0');
    const more = bits[0] === '1';
    const row = make('span', 'varint-bits', [make('span', more ? 'varint-more' : 'varint-last', bits[0]), ` ${bits.slice(1, 4)} ${bits.slice(4)}`]);
    const says = all === 1 ? 'the only byte' : more ? `bits ${7 * at} to ${7 * at + 6}; another follows` : `bits ${7 * at} and up; the last`;
    return make('li', '', [make('code', '', hex([byte])), row, make('span', 'varint-says', says)]);
  };

  define('varint-bench', 'Varints, to try out', (element, _, box) => {
    const number = make('input', '', [], { type: 'text', inputmode: 'numeric', maxlength: '60', autocomplete: 'off', spellcheck: 'false' });
    const bytes = make('input', '', [], { type: 'text', maxlength: '200', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' });
    const type = select(Object.keys(TYPES).map((name) => [name, name]), 'int64');
    const about = make('p', 'widget-note');
    const boxes = make('ol', 'varint-bytes');
    const sum = make('p', 'widget-says', [], { role: 'status' });
    const sizes = make('p', 'widget-note');
    const trouble = make('p', 'widget-trouble', [], { role: 'alert' });

    const show = (value, encoded) => {
      const raw = toRaw(type.value, value);
      about.textContent = TYPES[type.value];
      boxes.replaceChildren(...Array.from(encoded, (byte, at) => byteBox(byte, at, encoded.length)));
      const bits = raw.toString(2);
      const through = type.value === 'sint64' ? `ZigZag makes ${value} into ${raw}. ` : value < 0n ? `${value} is ${raw} if its 64 bits are read as a number without a sign. ` : '';
      say(sum, `${through}${raw} has ${count(bits.length, 'bit')}: ${count(encoded.length, 'byte')} of seven bits each, the lowest first.`);
      const size = (name) => {
        const [least, most] = RANGES[name];
        return value < least || value > most ? `${name} cannot hold it` : `${name} ${varint(toRaw(name, value)).length}`;
      };
      sizes.textContent = `Bytes for ${value}: ${Object.keys(TYPES).map(size).join(' · ')} · fixed64 or sfixed64 8.`;
    };
    const attempt = (control, act) => {
      for (const other of [number, bytes]) other.removeAttribute('aria-invalid');
      try {
        act();
        say(trouble, '');
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        control.setAttribute('aria-invalid', 'true');
        say(trouble, /[.?]$/.test(error.message) ? error.message : `${error.message}.`);
      }
    };
    const fromNumber = () => attempt(number, () => {
      const value = parse(type.value, number.value);
      const encoded = varint(toRaw(type.value, value));
      bytes.value = hex(encoded);
      show(value, encoded);
    });
    const fromBytes = () => attempt(bytes, () => {
      const [raw, encoded] = read(bytes.value);
      const value = fromRaw(type.value, raw);
      number.value = String(value);
      show(value, encoded);
    });
    // The number goes as far as its type does.
    const change = (how) => () => {
      const [least, most] = RANGES[type.value];
      let value;
      try { value = how(parse(type.value, number.value)); } catch { value = 0n; }
      number.value = String(value < least ? least : value > most ? most : value);
      fromNumber();
    };

    number.addEventListener('input', fromNumber);
    bytes.addEventListener('input', fromBytes);
    type.addEventListener('change', fromNumber);
    const steps = [['− 1', (n) => n - 1n], ['+ 1', (n) => n + 1n], ['× 2', (n) => n * 2n], ['negate', (n) => -n]];
    box.append(
      make('div', 'widget-row', [labelled('Number', number), labelled('Type', type), labelled('Bytes, in hexadecimal', bytes)]),
      make('div', 'widget-row', steps.map(([text, how]) => button(text, change(how)))),
      trouble, boxes, sum, about, sizes,
    );
    number.value = element.getAttribute('value');
    if (number.value.startsWith('-')) type.value = 'sint64';
    fromNumber();
  });
})();
