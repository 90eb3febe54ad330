// A message of one of the course's contracts, and its bytes: either can be changed, the other
// follows, and each byte tells what it is.
(() => {
  'use strict';
  const { Malformed, count, fromHex, hex } = globalThis.courseBytes;
  const { decode, encode, fromText, toText, valueOf } = globalThis.courseProtobuf;
  const { ByteRow, button, define, labelled, make, say, select } = globalThis.courseWidget;

  // Bytes that can be looked into; a message of this length is long for a person.
  const MAX_BYTES = 1024;
  // Messages in messages that the form offers.
  const MAX_DEPTH = 8;

  const WIRE_TYPES = '0 is a varint, 1 is 64-bit, 2 is length-delimited, 5 is 32-bit';
  // What is worth knowing about each fault.
  const TEACHES = {
    'short-varint': 'Every byte of a varint but its last has the highest bit set. The last byte here has it too, so there must be another: the bytes were cut, or one is wrong.',
    'long-varint': 'A varint has seven bits a byte, so 64 bits are ten bytes at most, and the tenth is 00 or 01.',
    number: 'A tag is the field’s number, times eight, plus the wire type, and numbers begin at 1. Do the bytes begin with gRPC’s prefix? It is five bytes, one for compression and four for the length, and no part of the message.',
    length: 'After the tag of a length-delimited field stands the length of its value. The length is too large, or bytes are missing at the end.',
    'short-fixed': 'A fixed32 or float has four bytes, a fixed64 or double eight, whatever the number is.',
    group: 'Wire types 3 and 4 began and ended groups, which proto3 does not have. It is more likely that a byte before this one is missing or too many.',
    'wire-type': `The lowest three bits of a tag are the wire type: ${WIRE_TYPES}. A byte before this one may be missing or too many.`,
    'too-many': 'The message itself may be well.',
  };

  const binary = (byte) => byte.toString(2).padStart(8, '0').replace(/(....)/, '$1 ');

  // The field that a byte belongs to, the innermost, with those around it.
  const pathTo = (fields, at) => {
    for (const field of fields) {
      if (at < field.start || at >= field.end) continue;
      return [field, ...(at >= field.valueStart ? pathTo(field.fields, at) : [])];
    }
    return [];
  };
  const partOf = (field, at) => (at < field.tagEnd ? 'tag' : at < field.valueStart ? 'length' : 'value');

  const describeTag = (bytes, field) => {
    const own = bytes.subarray(field.start, field.tagEnd);
    const type = own[0] & 7;
    const bits = own.length === 1 ? `${binary(own[0])} in binary: field number ${own[0] >> 3}, then ${(type).toString(2).padStart(3, '0')} for wire type ${type}` : `a varint of ${own.length} bytes: field number ${field.number}, times eight, plus wire type ${type}`;
    return `tag ${hex(own)}, ${bits}.`;
  };
  const describeValue = (bytes, field) => {
    const own = bytes.subarray(field.valueStart, field.end);
    const type = field.known?.type;
    if (field.wireType === 'varint') {
      const how = own.length === 1 ? 'one byte, so the highest bit is 0' : `seven bits of each of ${own.length} bytes, the lowest first`;
      const zig = type?.startsWith('sint') ? `, and ZigZag makes ${field.raw} into it` : '';
      return `value ${field.value}: a varint, ${how}${zig}.`;
    }
    if (field.wireType !== 'length-delimited') return `value ${field.value}: ${own.length} bytes, the lowest first.`;
    if (type === 'string') return `value ${field.value}: ${count(own.length, 'byte')} of UTF-8.`;
    if (field.known?.list && type !== 'message' && type !== 'bytes') return `values ${field.value}, one after the other without tags: packed.`;
    return `value ${field.value}: ${count(own.length, 'byte')}.`;
  };

  let notes = 0;

  define('protobuf-explorer', 'A message and its bytes', (_, schema, box) => {
    const root = schema.messages[schema.message];
    let value = {};
    let bytes = new Uint8Array();
    let read = { fields: [], stopped: null };

    const form = make('div', 'protobuf-form', [], { role: 'group', 'aria-label': `Fields of ${schema.message}` });
    const says = make('p', 'widget-says', [], { role: 'status' });
    const trouble = make('div', 'widget-trouble', [], { role: 'alert' });
    const area = make('textarea', '', [], { rows: '2', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off' });
    const row = new ByteRow('Bytes of the message', (at) => explain(at));
    const problems = make('ul', 'widget-problems');

    const rest = () => say(says, bytes.length === 0
      ? 'No bytes: every field has its default, and proto3 does not send that.'
      : `${count(bytes.length, 'byte')}. Point at a byte, or go through them with the arrow keys.`);

    const explain = (at) => {
      if (read.stopped && at >= read.stopped.at) {
        row.mark(read.stopped.at, bytes.length);
        say(says, `Byte ${at}: from byte ${read.stopped.at} on nothing can be read.`);
        return;
      }
      const path = pathTo(read.fields, at);
      const field = path.at(-1);
      if (!field) return;
      const part = partOf(field, at);
      row.mark(field.start, field.end);
      const where = path.map((one) => one.name ?? `field ${one.number}`).join('.');
      const what = part === 'tag' ? describeTag(bytes, field)
        : part === 'length' ? `length: the value has ${count(field.end - field.valueStart, 'byte')}.`
          : describeValue(bytes, field);
      say(says, `Byte ${at}, of ${where} (field ${field.number}, ${field.wireType}): ${what}`);
    };

    // The field that a control of the form is for: ".items.0.name".
    const fieldAt = (path) => {
      let fields = read.fields;
      let found = null;
      for (const step of path.split('.').slice(1)) {
        if (/^\d+$/.test(step)) {
          // Packed elements share one field.
          const of = fields.filter((field) => field.name === found?.name);
          found = of[of.length === 1 ? 0 : Number(step)] ?? null;
        } else {
          fields = found ? found.fields : fields;
          found = fields.findLast((field) => field.name === step) ?? null;
        }
        if (!found) return null;
      }
      return found;
    };

    const flat = (fields) => fields.flatMap((field) => [field, ...flat(field.fields)]);
    const showBytes = () => {
      read = decode(bytes, schema, schema.message);
      row.show(bytes, (at) => {
        const field = pathTo(read.fields, at).at(-1);
        return field ? partOf(field, at) : 'bad';
      });
      const found = flat(read.fields).filter((field) => field.problem);
      problems.replaceChildren(...found.map((field) => make('li', '', `Byte ${field.start}: ${field.problem}.`)));
      rest();
    };
    const complain = (sentence, teaches) => {
      trouble.replaceChildren(make('p', '', sentence), ...(teaches ? [make('p', '', teaches)] : []));
      area.setAttribute('aria-invalid', 'true');
    };
    const contented = () => {
      trouble.replaceChildren();
      area.removeAttribute('aria-invalid');
    };

    // The form's side

    const changed = () => {
      contented();
      bytes = encode(value, schema, schema.message);
      area.value = hex(bytes);
      showBytes();
    };
    // After a field came or went the form is made anew, and the focus goes to `path`.
    const rebuilt = (path) => {
      changed();
      showForm();
      form.querySelector(`[data-path="${CSS.escape(path)}"]`)?.focus();
    };
    const set = (message, holder, field, next, path) => {
      const others = message.fields.filter((other) => field.oneof && other.oneof === field.oneof && other !== field && Object.hasOwn(holder, other.name));
      if (next === undefined) delete holder[field.name];
      else {
        for (const other of others) delete holder[other.name];
        holder[field.name] = next;
      }
      if (next !== undefined && others.length > 0) rebuilt(path);
      else changed();
    };

    const fresh = (field) => {
      if (field.type === 'message') return {};
      if (field.type === 'string') return '';
      if (field.type === 'bytes') return new Uint8Array();
      if (field.type === 'bool') return false;
      return field.type === 'double' || field.type === 'float' ? 0 : 0n;
    };
    const typeOf = (field) => {
      const message = schema.messages[field.of];
      if (message?.entry) return `map<${message.fields.map(typeOf).join(', ')}>`;
      return message?.name ?? schema.enums[field.of]?.name ?? field.type;
    };
    const titleOf = (field) => {
      const repeated = field.list && !schema.messages[field.of]?.entry ? 'repeated ' : '';
      const oneof = field.oneof ? `, one of ${field.oneof}` : '';
      return make('span', '', [`${field.name} `, make('small', '', `${field.number}, ${repeated}${typeOf(field)}${oneof}`)]);
    };

    // A control for one scalar; `unset` if it may be absent.
    const scalarControl = (field, current, unset, path, onChange) => {
      if (field.type === 'bool' || field.type === 'enum') {
        const options = field.type === 'bool' ? [['false', 'false'], ['true', 'true']] : schema.enums[field.of].values.map(([name, number]) => [String(number), `${name} (${number})`]);
        const chosen = current === undefined ? '' : String(current);
        if (chosen !== '' && !options.some(([key]) => key === chosen)) options.push([chosen, `${chosen}, not in the contract`]);
        if (unset) options.unshift(['', 'not set']);
        const control = select(options, unset ? chosen : chosen || options[0][0]);
        control.addEventListener('change', () => onChange(control.value === '' ? undefined : field.type === 'bool' ? control.value === 'true' : BigInt(control.value)));
        control.dataset.path = path;
        return [control];
      }
      const control = make('input', '', [], { type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', placeholder: unset ? 'not set' : { string: '', bytes: 'hexadecimal' }[field.type] ?? '0', 'data-path': path });
      if (field.type !== 'string' && field.type !== 'bytes') control.inputMode = field.type === 'double' || field.type === 'float' ? 'decimal' : 'numeric';
      control.value = current === undefined ? '' : toText(field, current);
      const note = make('span', 'widget-trouble');
      notes += 1;
      note.id = `protobuf-note-${notes}`;
      control.addEventListener('input', () => {
        try {
          // An empty box is a field that is not set, or has its default.
          const isEmpty = control.value.trim() === '' && (unset || field.type !== 'string');
          onChange(isEmpty ? (unset ? undefined : fresh(field)) : fromText(field, control.value));
          note.textContent = '';
          control.removeAttribute('aria-invalid');
          control.removeAttribute('aria-describedby');
        } catch (error) {
          if (!(error instanceof Malformed)) throw error;
          note.textContent = `${error.message}. The bytes are still those of the value before.`;
          control.setAttribute('aria-invalid', 'true');
          control.setAttribute('aria-describedby', note.id);
        }
      });
      return [control, note];
    };

    const scalarRow = (field, current, unset, path, onChange) => {
      const [control, ...notes] = scalarControl(field, current, unset, path, onChange);
      return make('div', 'protobuf-field', [make('label', 'widget-label', [titleOf(field), control]), ...notes]);
    };

    const messageRows = (message, holder, depth, path) => message.fields.flatMap((field) => {
      const own = `${path}.${field.name}`;
      const nestedOf = schema.messages[field.of];
      if (field.list) {
        const items = holder[field.name] ?? [];
        const put = (index, next) => { items[index] = next; changed(); };
        const rows = items.map((item, index) => {
          const remove = button('Remove', () => {
            items.splice(index, 1);
            if (items.length === 0) delete holder[field.name];
            rebuilt(`${own}+`);
          });
          remove.setAttribute('aria-label', `Remove ${field.name} ${index + 1}`);
          const control = field.type === 'message'
            ? make('div', 'protobuf-inner', messageRows(nestedOf, item, depth + 1, `${own}.${index}`))
            : make('div', 'protobuf-field', scalarControl(field, item, false, `${own}.${index}`, (next) => put(index, next ?? fresh(field))));
          control.querySelector(':scope > input, :scope > select')?.setAttribute('aria-label', `${field.name} ${index + 1}`);
          return make('div', 'protobuf-item', [control, remove]);
        });
        const add = button(`Add to ${field.name}`, () => {
          (holder[field.name] ??= []).push(fresh(field));
          rebuilt(`${own}.${holder[field.name].length - 1}${field.type === 'message' && nestedOf.fields[0] ? `.${nestedOf.fields[0].name}` : ''}`);
        });
        add.dataset.path = `${own}+`;
        if (depth >= MAX_DEPTH) add.disabled = true;
        return [make('div', 'protobuf-field', [titleOf(field), ...rows, add], { role: 'group', 'aria-label': field.name })];
      }
      if (field.type === 'message') {
        const there = Object.hasOwn(holder, field.name);
        const toggle = button(there ? `Remove ${field.name}` : `Add ${field.name}`, () => {
          set(message, holder, field, there ? undefined : {}, own);
          rebuilt(own);
        });
        toggle.dataset.path = own;
        if (!there && depth >= MAX_DEPTH) toggle.disabled = true;
        const inner = there ? [make('div', 'protobuf-inner', messageRows(nestedOf, holder[field.name], depth + 1, own))] : [];
        return [make('div', 'protobuf-field', [titleOf(field), toggle, ...inner], { role: 'group', 'aria-label': field.name })];
      }
      return [scalarRow(field, holder[field.name], Boolean(field.presence), own, (next) => set(message, holder, field, next, own))];
    });
    const showForm = () => {
      form.replaceChildren(...messageRows(root, value, 0, ''));
      document.dispatchEvent(new CustomEvent('course-shown'));
    };

    // The bytes' side

    const fromArea = () => {
      contented();
      try {
        // So much that it need not be read.
        if (area.value.length > 10 * MAX_BYTES) throw new Malformed('hex', `the text is too long, and the explorer takes ${MAX_BYTES} bytes`);
        const given = fromHex(area.value);
        if (given.length > MAX_BYTES) throw new Malformed('hex', `these are ${given.length} bytes, and the explorer takes ${MAX_BYTES}`);
        bytes = given;
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        complain(`This is not read: ${error.message}.`);
        return;
      }
      showBytes();
      if (read.stopped) complain(`Byte ${read.stopped.at}: ${read.stopped.why}.`, TEACHES[read.stopped.kind]);
      value = valueOf(read.fields, root, schema);
      showForm();
    };

    const markFor = ({ target }) => {
      const field = target.dataset.path && fieldAt(target.dataset.path);
      row.mark(field?.start ?? 0, field?.end ?? 0);
    };
    for (const kind of ['focusin', 'input', 'change']) form.addEventListener(kind, markFor);
    form.addEventListener('focusout', () => row.mark(0, 0));
    area.addEventListener('input', fromArea);
    row.element.addEventListener('pointerleave', () => {
      if (row.element.contains(document.activeElement)) return;
      row.mark(0, 0);
      row.pick(-1);
      rest();
    });
    const reset = button('Start over', () => {
      area.value = schema.bytes;
      fromArea();
      say(says, 'As at the beginning.');
    });
    const legend = make('p', 'widget-legend', [['tag', 'tag'], ['length', 'length'], ['value', 'value']].map(([part, text]) => make('span', '', text, { 'data-part': part })));
    const about = make('p', 'widget-title', [make('code', '', schema.message)]);
    box.append(about, row.element, legend, says, problems, labelled('The same, to edit or to paste over, in hexadecimal', area, 'wide'), trouble, form, reset);
    area.value = schema.bytes;
    fromArea();
  });
})();
