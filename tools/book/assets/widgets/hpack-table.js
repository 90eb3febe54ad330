// Header blocks, one after the other, and the table that they fill on both sides.
(() => {
  'use strict';
  const { fromHex, hex, plain, count } = globalThis.courseBytes;
  const { ENTRY_OVERHEAD, INITIAL_TABLE_SIZE, STATIC_TABLE, Table, resize, text } = globalThis.courseHpack;
  const { button, define, labelled, make, say, select, table } = globalThis.courseWidget;

  // What a reader may send beyond the recording, so that a page does not grow without end.
  const MAX_OWN = 50;
  const MAX_TEXT = 200;
  const SIZES = [INITIAL_TABLE_SIZE, 256, 128, 64, 0];

  const written = ({ form, index, size }) => {
    const name = index ? `, its name from entry ${index}` : '';
    return {
      indexed: `entry ${index} of the table`,
      added: `written out${name}, and added to the table`,
      'not-added': `written out${name}, not added`,
      'never-added': `written out${name}, and never to be added`,
      resize: `the table shall hold no more than ${size} bytes`,
    }[form];
  };
  const shown = (name, value) => `${plain(name)}: ${plain(value)}`;
  // Bytes that the field would have had in HTTP/1.1: "name: value" and the end of the line.
  const written1 = ({ name, value }) => new TextEncoder().encode(`${name}: ${value}\r\n`).length;

  define('hpack-table', 'Header blocks and the table that they fill', (_, recorded, box) => {
    let blocks = recorded.map(({ says, hex: block }) => ({ says, block: fromHex(block) }));
    let maxSize = INITIAL_TABLE_SIZE;
    let at = 0;
    let state;

    const title = make('p', 'widget-title');
    const fields = make('div');
    const entries = make('div');
    const status = make('p', 'widget-says', [], { role: 'status' });
    const fill = make('div', 'widget-bar', [make('span')], { 'aria-hidden': 'true' });

    // The table as it is after block `at`; what came before is decoded again.
    const show = () => {
      state = new Table();
      let block = maxSize < INITIAL_TABLE_SIZE ? Uint8Array.from([...resize(maxSize), ...blocks[0].block]) : blocks[0].block;
      let read;
      let known = new Set();
      for (let n = 0; n <= at; n++) {
        known = new Set(state.entries);
        if (n > 0) block = blocks[n].block;
        read = state.decode(block);
        if (read.error) break;
      }
      const before = read.fields.reduce((sum, field) => sum + (field.form === 'resize' ? 0 : written1(field)), 0);
      title.textContent = `Block ${at + 1} of ${blocks.length}: ${blocks[at].says}`;
      fields.replaceChildren(table('', ['bytes', 'field', 'how it is written'], read.fields.map((field) => [
        make('code', '', hex(block.slice(field.start, field.start + field.length))),
        field.form === 'resize' ? '' : make('code', '', shown(field.name, field.value)),
        [written(field), field.evicted.length > 0 ? make('strong', '', `; ${field.evicted.map((gone) => text(gone.name)).join(', ')} had to go`) : ''],
      ])));
      entries.replaceChildren(state.entries.length === 0
        ? make('p', 'widget-note', 'The dynamic table is empty.')
        : table('The dynamic table, the newest entry first', ['entry', 'field', 'bytes'], state.entries.map((entry, n) => [
          String(STATIC_TABLE.length + 1 + n),
          [make('code', '', shown(text(entry.name), text(entry.value))), known.has(entry) ? '' : make('strong', 'widget-new', ' new')],
          String(entry.size),
        ])));
      fill.firstChild.style.inlineSize = state.maxSize === 0 ? '0' : `${(100 * state.size) / state.maxSize}%`;
      say(status, read.error ? `The block cannot be read: ${read.error}.`
        : `${count(block.length, 'byte')}, for fields that are ${count(before, 'byte')} long as text. The table holds ${state.entries.length} ${state.entries.length === 1 ? 'entry' : 'entries'}, ${state.size} of ${state.maxSize} bytes.`);
      first.disabled = back.disabled = at === 0;
      next.disabled = at === blocks.length - 1;
      document.dispatchEvent(new CustomEvent('course-shown'));
    };
    // A button that can no longer be used hands the focus on, so that the keyboard is not lost.
    const go = (to, focus) => {
      at = to;
      show();
      if (focus.disabled && focus === document.activeElement) (focus === next ? back : next).focus();
    };

    const first = button('First', () => go(0, first));
    const back = button('Back', () => go(at - 1, back));
    const next = button('Next block', () => go(at + 1, next));
    const size = select(SIZES.map((bytes) => [String(bytes), `${bytes} bytes`]), String(INITIAL_TABLE_SIZE));
    size.addEventListener('change', () => {
      // What was recorded refers to entries that a smaller table may have let go: it is written
      // anew, as an encoder would that knows of the smaller one.
      maxSize = Number(size.value);
      blocks = rewritten();
      at = Math.min(at, blocks.length - 1);
      show();
    });
    const own = [];
    const rewritten = () => {
      const encoder = new Table();
      const plan = recorded.map(({ says, hex: block }) => ({ says, block: fromHex(block) }));
      if (maxSize === INITIAL_TABLE_SIZE && own.length === 0) return plan;
      const reader = new Table();
      const wanted = [...plan.map(({ says, block }) => ({ says, block, fields: reader.decode(block).fields })), ...own];
      if (maxSize < INITIAL_TABLE_SIZE) encoder.decode(Uint8Array.from(resize(maxSize)));
      return wanted.map(({ says, block, fields: list }) => {
        // As it was recorded, as long as nothing stands in the way.
        if (block && maxSize === INITIAL_TABLE_SIZE) {
          encoder.decode(block);
          return { says, block };
        }
        const bytes = list.filter(({ form }) => form !== 'resize').flatMap(({ name, value, form }) => {
          const field = encoder.encode(name, value, form === 'indexed' ? 'added' : form);
          encoder.decode(Uint8Array.from(field));
          return field;
        });
        return { says, block: Uint8Array.from(bytes) };
      });
    };

    const name = make('input', '', [], { type: 'text', value: 'x-trace', maxlength: String(MAX_TEXT), autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' });
    const value = make('input', '', [], { type: 'text', value: 'a1', maxlength: String(MAX_TEXT), autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' });
    const form = select([['added', 'add it to the table'], ['not-added', 'do not add it'], ['never-added', 'never add it']], 'added');
    const trouble = make('p', 'widget-trouble', [], { role: 'alert' });
    const send = make('button', '', 'Send', { type: 'submit' });
    const sender = make('form', 'widget-row', [labelled('Name', name), labelled('Value', value), labelled('How', form), send]);
    sender.addEventListener('submit', (event) => {
      event.preventDefault();
      // RFC 9110, section 5.6.2, in lower case as HTTP/2 wants it.
      const fault = !/^:?[a-z0-9!#$%&'*+.^_\x60|~-]+$/.test(name.value) ? 'A name has letters in lower case, digits and signs such as - and _; HTTP/2 refuses capitals and spaces.'
        : own.length === MAX_OWN ? `That were ${MAX_OWN} fields of your own; start over to send more.` : '';
      say(trouble, fault);
      if (fault) name.setAttribute('aria-invalid', 'true');
      else name.removeAttribute('aria-invalid');
      if (fault) return;
      own.push({ says: 'your own field', fields: [{ name: name.value, value: value.value, form: form.value }] });
      blocks = rewritten();
      at = blocks.length - 1;
      show();
    });
    const restart = button('Start over', () => {
      own.length = 0;
      maxSize = INITIAL_TABLE_SIZE;
      size.value = String(maxSize);
      blocks = rewritten();
      at = 0;
      say(trouble, '');
      show();
    });
    const overhead = make('p', 'widget-note', `An entry counts its name, its value, and ${ENTRY_OVERHEAD} bytes. Entries 1 to ${STATIC_TABLE.length} are the static table, which everybody has.`);
    box.append(title, make('div', 'widget-row', [first, back, next, labelled('Size of the table', size)]), status, fields, fill, entries, overhead,
      make('p', 'widget-title', 'Send a field of your own'), sender, trouble, restart);
    show();
  });
})();
