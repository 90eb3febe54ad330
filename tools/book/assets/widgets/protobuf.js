// Protobuf's wire format (protobuf.dev, "Encoding"), both ways. It reads as tools/wiretap does,
// with the same bounds and the same sentences: tests compare the two on the same bytes.
(() => {
  'use strict';
  if (globalThis.courseProtobuf) return;

  const { Malformed, fromHex, hex, quoted, shortHex, utf8 } = globalThis.courseBytes;
  const { RANGES, Reader, unzigzag, varint, zigzag } = globalThis.courseVarint;

  // A message is opened this deep, into this many fields; of packed values this many are shown.
  const MAX_DEPTH = 32;
  const MAX_FIELDS = 1000;
  const MAX_PACKED = 16;

  const WIRE_TYPES = { 0: 'varint', 1: '64-bit', 2: 'length-delimited', 5: '32-bit' };
  const VARINT = 0;
  const FIXED64 = 1;
  const DELIMITED = 2;
  const FIXED32 = 5;
  const WIRE_TYPE_OF = {
    double: FIXED64, fixed64: FIXED64, sfixed64: FIXED64,
    float: FIXED32, fixed32: FIXED32, sfixed32: FIXED32,
    string: DELIMITED, bytes: DELIMITED, message: DELIMITED,
  };
  const wireTypeOf = (type) => WIRE_TYPE_OF[type] ?? VARINT;

  const float = (type, raw) => {
    const view = new DataView(new ArrayBuffer(8));
    if (type === 'double') {
      view.setBigUint64(0, raw);
      return view.getFloat64(0);
    }
    view.setUint32(0, Number(raw));
    return view.getFloat32(0);
  };

  // A float with as few digits as tell it from its neighbours.
  const shownFloat = (type, value) => {
    if (Number.isNaN(value)) return 'NaN';
    if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
    if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
    let shortest = value.toExponential();
    for (let digits = 0; type === 'float' && digits < 9; digits++) {
      const shorter = value.toExponential(digits);
      if (Math.fround(Number(shorter)) === value) {
        shortest = shorter;
        break;
      }
    }
    const magnitude = Math.abs(value);
    const round = type === 'float' ? Math.fround : Number;
    if (magnitude >= round(1e16) || magnitude < round(1e-4)) return shortest.replace('e+', 'e');
    const decimal = String(Number(shortest));
    return decimal.includes('.') ? decimal : `${decimal}.0`;
  };

  // The value of a scalar, from the number that is on the wire.
  const scalar = (type, raw) => {
    switch (type) {
      case 'int64': case 'sfixed64': return BigInt.asIntN(64, raw);
      // An int32 on the wire is an int64 cut to its low 32 bits: so protobuf reads it.
      case 'int32': case 'enum': case 'sfixed32': return BigInt.asIntN(32, raw);
      case 'uint32': return BigInt.asUintN(32, raw);
      case 'sint64': return unzigzag(raw);
      case 'sint32': return BigInt.asIntN(32, unzigzag(BigInt.asUintN(32, raw)));
      case 'bool': return raw !== 0n;
      case 'double': case 'float': return float(type, raw);
      default: return raw;
    }
  };

  const words = (schema, field, value, into) => {
    if (field.type === 'double' || field.type === 'float') return shownFloat(field.type, value);
    if (field.type !== 'enum') return String(value);
    const names = schema.enums[field.of];
    const known = names.values.find(([, number]) => BigInt(number) === value);
    if (known) return `${known[0]} (${value})`;
    if (into) into.problem = `${value} is not in ${names.name}`;
    return String(value);
  };

  const typeName = (schema, field) => {
    if (field.type === 'message') return `the message ${schema.messages[field.of].name}`;
    if (field.type === 'enum') return `the enum ${schema.enums[field.of].name}`;
    return field.type;
  };

  // Decoding

  // A field is
  //   { number, name, wireType, start, end, value, fields, problem }   as tools/wiretap has it, and
  //   { tagEnd, valueStart, raw, known }                               what only we need:
  // the tag is start..tagEnd, its length, if it has one, tagEnd..valueStart; `raw` is the number
  // or the bytes on the wire, `known` the schema's field.
  const readRaw = (reader) => {
    const start = reader.at;
    const tag = reader.varint();
    const number = tag >> 3n;
    if (number < 1n || number >= 1n << 29n) throw new Malformed('number', `${number} is no field number`);
    const field = { number: Number(number), name: null, start, tagEnd: reader.at, value: '', fields: [], problem: null, known: null };
    const type = Number(tag & 7n);
    switch (type) {
      case VARINT: field.raw = reader.varint(); break;
      case FIXED64: field.raw = reader.fixed(8); break;
      case FIXED32: field.raw = reader.fixed(4); break;
      case DELIMITED: {
        const length = reader.varint();
        const left = BigInt(reader.end - reader.at);
        if (length > left) throw new Malformed('length', `field ${number} announces ${length} byte${length === 1n ? '' : 's'}, and the message ends after ${left}`);
        field.valueStart = reader.at;
        reader.at += Number(length);
        field.raw = reader.bytes.subarray(field.valueStart, reader.at);
        break;
      }
      case 3: case 4: throw new Malformed('group', `field ${number} is a group, which is not decoded`);
      default: throw new Malformed('wire-type', `field ${number} has wire type ${type}, which does not exist`);
    }
    field.valueStart ??= field.tagEnd;
    field.end = reader.at;
    field.wireType = WIRE_TYPES[type];
    return field;
  };

  // A value whose type is not known: what the wire type says, text if it reads like text.
  const guessed = ({ wireType, raw }) => {
    if (wireType === 'varint') return String(raw);
    if (wireType === '64-bit') return `0x${raw.toString(16).padStart(16, '0')}`;
    if (wireType === '32-bit') return `0x${raw.toString(16).padStart(8, '0')}`;
    if (raw.length === 0) return 'empty';
    const text = utf8(raw);
    return text !== null && !/\p{Cc}/u.test(text) ? quoted(text, raw.length) : shortHex(raw);
  };

  // The elements of a packed field, as the numbers that are on the wire.
  const unpacked = (type, bytes) => {
    const reader = new Reader(bytes);
    const elements = [];
    while (reader.at < bytes.length) {
      try {
        const wireType = wireTypeOf(type);
        elements.push(wireType === VARINT ? reader.varint() : reader.fixed(wireType === FIXED64 ? 8 : 4));
      } catch (error) {
        throw error.kind === 'long-varint' ? error : new Malformed('packed', 'the packed values end inside one');
      }
    }
    return elements;
  };

  const readKnown = (field, known, context, depth) => {
    const { schema } = context;
    const { raw } = field;
    const delimited = field.wireType === 'length-delimited';
    if (delimited && known.type === 'message') {
      const message = schema.messages[known.of];
      field.value = message.entry ? 'map entry' : message.name;
      if (depth === MAX_DEPTH) {
        field.problem = `nested more than ${MAX_DEPTH} deep, not opened`;
        return;
      }
      const nested = new Reader(context.bytes, field.valueStart, field.end);
      const stopped = readMessage(nested, message, context, depth + 1, field.fields);
      if (stopped) field.problem = stopped.kind === 'too-many' ? 'not opened to its end' : stopped.why;
    } else if (delimited && known.type === 'string') {
      const text = utf8(raw);
      field.value = text === null ? shortHex(raw) : quoted(text, raw.length);
      if (text === null) field.problem = 'a string that is not UTF-8';
    } else if (delimited && known.type === 'bytes') {
      field.value = raw.length === 0 ? 'no bytes' : shortHex(raw);
    } else if (delimited && known.list) {
      try {
        const elements = unpacked(known.type, raw);
        const shown = elements.slice(0, MAX_PACKED).map((element) => words(schema, known, scalar(known.type, element))).join(', ');
        field.value = elements.length > MAX_PACKED ? `[${shown}, …] (${raw.length} bytes)` : `[${shown}]`;
      } catch (error) {
        field.value = shortHex(raw);
        field.problem = error.message;
      }
    } else if (field.wireType === WIRE_TYPES[wireTypeOf(known.type)]) {
      field.value = words(schema, known, scalar(known.type, raw), field);
    } else {
      field.value = guessed(field);
      field.problem = `${typeName(schema, known)} is written as ${WIRE_TYPES[wireTypeOf(known.type)]}, not ${field.wireType}`;
    }
  };

  // Fills `into`; gives where and why it stopped before the end, or null.
  const readMessage = (reader, message, context, depth, into) => {
    while (reader.at < reader.end) {
      const at = reader.at;
      if (context.left === 0) return { at, why: `only the first ${MAX_FIELDS} fields are decoded`, kind: 'too-many' };
      context.left -= 1;
      let field;
      try {
        field = readRaw(reader);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        return { at, why: error.message, kind: error.kind };
      }
      field.known = message?.fields.find((known) => known.number === field.number) ?? null;
      if (field.known) {
        field.name = field.known.name;
        readKnown(field, field.known, context, depth);
      } else {
        field.value = guessed(field);
        if (message) field.problem = `field ${field.number} is not in ${message.name} (${field.wireType} ${field.value})`;
      }
      into.push(field);
    }
    return null;
  };

  // `{ fields, stopped }` of a message of the schema's type `name`; without them, of any message.
  const decode = (bytes, schema = null, name = null) => {
    const fields = [];
    const context = { bytes, schema, left: MAX_FIELDS };
    const stopped = readMessage(new Reader(bytes), schema && name ? schema.messages[name] : null, context, 0, fields);
    return { fields, stopped };
  };

  // Values: { NAME: value, …, [UNKNOWN]: [bytes, …] }. A repeated field is an array, and so is a
  // map, of its entries. A field that is absent is not there.

  const UNKNOWN = Symbol('unknown fields');

  // What a program would have after it read these fields; of a field that is there twice the
  // last counts, and of a oneof the last that is there. Messages are not merged.
  const valueOf = (fields, message, schema) => {
    const value = {};
    for (const field of fields) {
      const { known } = field;
      const fits = known && (field.wireType === WIRE_TYPES[wireTypeOf(known.type)] || (known.list && field.wireType === 'length-delimited'));
      if (!fits) {
        (value[UNKNOWN] ??= []).push(field);
        continue;
      }
      let elements;
      if (known.type === 'message') elements = [valueOf(field.fields, schema.messages[known.of], schema)];
      else if (known.type === 'string') elements = [utf8(field.raw) ?? ''];
      else if (known.type === 'bytes') elements = [field.raw];
      else if (field.wireType === 'length-delimited') {
        try { elements = unpacked(known.type, field.raw).map((raw) => scalar(known.type, raw)); } catch { elements = []; }
      } else elements = [scalar(known.type, field.raw)];
      if (known.list) (value[known.name] ??= []).push(...elements);
      else {
        if (known.oneof) for (const other of message.fields) if (other.oneof === known.oneof) delete value[other.name];
        [value[known.name]] = elements;
      }
    }
    return value;
  };

  // Whether a value is left out: proto3 does not send what the reader would assume anyway.
  const isDefault = (field, value) => {
    if (field.presence || field.list) return false;
    if (field.type === 'string' || field.type === 'bytes') return value.length === 0;
    if (field.type === 'double' || field.type === 'float') return Object.is(value, 0);
    return value === 0n || value === false;
  };

  const scalarBytes = (type, value) => {
    switch (type) {
      case 'bool': return [value ? 1 : 0];
      case 'sint32': return varint(zigzag(value, 32));
      case 'sint64': return varint(zigzag(value));
      case 'string': return new TextEncoder().encode(value);
      case 'bytes': return value;
      default:
    }
    const wireType = wireTypeOf(type);
    if (wireType === VARINT) return varint(value);
    const view = new DataView(new ArrayBuffer(wireType === FIXED64 ? 8 : 4));
    if (type === 'double') view.setFloat64(0, value, true);
    else if (type === 'float') view.setFloat32(0, value, true);
    else if (wireType === FIXED64) view.setBigUint64(0, BigInt.asUintN(64, value), true);
    else view.setUint32(0, Number(BigInt.asUintN(32, value)), true);
    return new Uint8Array(view.buffer);
  };

  const push = (into, bytes) => {
    for (const byte of bytes) into.push(byte);
  };
  const pushField = (into, number, wireType, bytes) => {
    push(into, varint((BigInt(number) << 3n) | BigInt(wireType)));
    if (wireType === DELIMITED) push(into, varint(BigInt(bytes.length)));
    push(into, bytes);
  };

  // In the order of the numbers, as the common implementations write; what was not known goes last.
  const encode = (value, schema, name) => {
    const into = [];
    const { fields } = schema.messages[name];
    for (const field of [...fields].sort((a, b) => a.number - b.number)) {
      if (!Object.hasOwn(value, field.name) || isDefault(field, value[field.name])) continue;
      const elements = field.list ? value[field.name] : [value[field.name]];
      const bytesOf = (element) => (field.type === 'message' ? encode(element, schema, field.of) : scalarBytes(field.type, element));
      if (field.packed) {
        if (elements.length > 0) pushField(into, field.number, DELIMITED, elements.flatMap((element) => [...bytesOf(element)]));
      } else {
        for (const element of elements) pushField(into, field.number, wireTypeOf(field.type), bytesOf(element));
      }
    }
    for (const { number, wireType, raw } of value[UNKNOWN] ?? []) {
      const type = Number(Object.keys(WIRE_TYPES).find((key) => WIRE_TYPES[key] === wireType));
      const bytes = type === VARINT ? varint(raw) : type === DELIMITED ? raw : scalarBytes(type === FIXED64 ? 'fixed64' : 'fixed32', raw);
      pushField(into, number, type, bytes);
    }
    return Uint8Array.from(into);
  };

  // The value that someone typed. Throws Malformed.
  const fromText = (field, text) => {
    const trimmed = text.trim();
    if (RANGES[field.type]) {
      if (!/^-?\d{1,40}$/.test(trimmed)) throw new Malformed('typed', `${field.type} is a whole number, in digits`);
      const [least, most] = RANGES[field.type];
      const value = BigInt(trimmed);
      if (value < least || value > most) throw new Malformed('typed', `${field.type} goes from ${least} to ${most}`);
      return value;
    }
    if (field.type === 'double' || field.type === 'float') {
      const named = { nan: NaN, inf: Infinity, '-inf': -Infinity }[trimmed.toLowerCase()];
      const value = named ?? (trimmed === '' ? NaN : Number(trimmed));
      if (named === undefined && Number.isNaN(value)) throw new Malformed('typed', `${field.type} is a number, such as -1.5 or 1e9`);
      return field.type === 'float' ? Math.fround(value) : value;
    }
    if (field.type === 'bytes') return fromHex(text);
    // Half of a surrogate pair has no bytes in UTF-8.
    return text.replace(/\p{Cs}/gu, '\ufffd');
  };

  const toText = (field, value) => {
    if (field.type === 'bytes') return hex(value);
    if (field.type === 'double' || field.type === 'float') return shownFloat(field.type, value);
    return String(value);
  };

  globalThis.courseProtobuf = { UNKNOWN, decode, encode, fromText, toText, valueOf };
})();
