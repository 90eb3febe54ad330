// The widgets' own decoders, on what tools/wiretap made of the same bytes: good, cut, and hostile.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
require('../assets/widgets/bytes.js');
require('../assets/widgets/varint.js');
require('../assets/widgets/protobuf.js');
require('../assets/widgets/hpack.js');
const { courseBytes: text, courseVarint: numbers, courseProtobuf: protobuf, courseHpack: hpack } = globalThis;

const golden = async (name) => JSON.parse(await readFile(new URL(`golden/${name}.json`, import.meta.url), 'utf8'));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

// tools/wiretap/tests/contract/every.proto
const EVERY = 'every.v1.Every';
const scalars = ['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32', 'fixed64', 'sfixed32', 'sfixed64', 'bool', 'string', 'bytes'];
const COLOUR = { type: 'enum', of: 'every.v1.Colour' };
const SCHEMA = {
  messages: {
    [EVERY]: {
      name: 'Every',
      fields: [
        ...scalars.map((type, index) => ({ number: index + 1, name: type, type })),
        { number: 16, name: 'colour', ...COLOUR },
        { number: 17, name: 'nested', type: 'message', of: EVERY, presence: true },
        { number: 18, name: 'packed', type: 'int32', list: true, packed: true },
        { number: 19, name: 'packed_fixed', type: 'fixed64', list: true, packed: true },
        { number: 20, name: 'strings', type: 'string', list: true },
        { number: 21, name: 'map', type: 'message', of: 'every.v1.Every.MapEntry', list: true },
        { number: 22, name: 'colours', ...COLOUR, list: true, packed: true },
      ],
    },
    'every.v1.Every.MapEntry': {
      name: 'MapEntry',
      entry: true,
      fields: [{ number: 1, name: 'key', type: 'string', presence: true }, { number: 2, name: 'value', type: 'int64', presence: true }],
    },
  },
  enums: { 'every.v1.Colour': { name: 'Colour', values: [['COLOUR_UNSPECIFIED', 0], ['COLOUR_RED', 1]] } },
};

const shown = (fields) => fields.map(({ number, wireType, start, end, value, name, problem, fields: inner }) => ({
  number, wire_type: wireType, start, end, value,
  ...(name !== null && { name }),
  ...(problem !== null && { problem }),
  ...(inner.length > 0 && { fields: shown(inner) }),
}));

test('a message has the fields, the values and the faults that tools/wiretap finds', async () => {
  const { cases } = await golden('protobuf');
  assert.ok(cases.length > 700);
  for (const { bytes: hex, known, fields, stopped } of cases) {
    const read = protobuf.decode(bytes(hex), known ? SCHEMA : null, known ? EVERY : null);
    assert.deepEqual(shown(read.fields), fields, hex);
    assert.deepEqual(read.stopped && { at: read.stopped.at, why: read.stopped.why }, stopped, hex);
  }
});

test('every byte of a message belongs to a tag, a length or a value, up to where reading stopped', async () => {
  const { cases } = await golden('protobuf');
  for (const { bytes: hex, known } of cases) {
    const { fields, stopped } = protobuf.decode(bytes(hex), known ? SCHEMA : null, known ? EVERY : null);
    let at = 0;
    for (const field of fields) {
      assert.equal(field.start, at, hex);
      assert.ok(field.start < field.tagEnd && field.tagEnd <= field.valueStart && field.valueStart <= field.end, hex);
      at = field.end;
    }
    assert.equal(at, stopped ? stopped.at : hex.length / 2, hex);
  }
});

test('what is decoded and encoded again means the same', async () => {
  const { cases } = await golden('protobuf');
  for (const { bytes: hex, known } of cases.filter((one) => one.known && one.stopped === null)) {
    assert.ok(known);
    const value = (raw) => protobuf.valueOf(protobuf.decode(raw, SCHEMA, EVERY).fields, SCHEMA.messages[EVERY], SCHEMA);
    const once = protobuf.encode(value(bytes(hex)), SCHEMA, EVERY);
    assert.equal(protobuf.decode(once, SCHEMA, EVERY).stopped, null, hex);
    assert.deepEqual(protobuf.encode(value(once), SCHEMA, EVERY), once, hex);
  }
  const whole = 'f80105';
  assert.equal(text.hex(protobuf.encode(protobuf.valueOf(protobuf.decode(bytes(whole), SCHEMA, EVERY).fields, SCHEMA.messages[EVERY], SCHEMA), SCHEMA, EVERY)), 'f8 01 05', 'a field that is not known is kept');
});

test('a message of more fields than anyone reads is not read to its end', () => {
  const { fields, stopped } = protobuf.decode(bytes('0801'.repeat(1001)));
  assert.equal(fields.length, 1000);
  assert.deepEqual(stopped, { at: 2000, why: 'only the first 1000 fields are decoded', kind: 'too-many' });
});

test('varints and ZigZag at their edges', () => {
  const hex = (value) => text.hex(numbers.varint(value));
  assert.equal(hex(0n), '00');
  assert.equal(hex(127n), '7f');
  assert.equal(hex(128n), '80 01');
  assert.equal(hex(-1n), 'ff ff ff ff ff ff ff ff ff 01');
  assert.equal(hex(2n ** 64n - 1n), hex(-1n));
  for (const value of [0n, -1n, 1n, 150n, -150n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.equal(numbers.unzigzag(numbers.zigzag(value)), value);
    assert.equal(new numbers.Reader(Uint8Array.from(numbers.varint(BigInt.asUintN(64, value)))).varint(), BigInt.asUintN(64, value));
  }
  assert.equal(numbers.zigzag(-(2n ** 31n), 32), 2n ** 32n - 1n);
});

test('hexadecimal is taken in the ways in which it is copied', () => {
  for (const copied of ['08 96 01', '089601', '0x08, 0x96, 0x01', '\\x08\\x96\\x01', '8 96 1', '08:96:01\n']) {
    assert.deepEqual([...text.fromHex(copied)], [0x08, 0x96, 0x01], copied);
  }
  assert.deepEqual([...text.fromHex('  ')], []);
  assert.throws(() => text.fromHex('08 9g'), /“g” is no hexadecimal digit/);
  assert.throws(() => text.fromHex('08 961'), /“961” has 3 digits/);
});

test('a value that does not fit its type is refused', () => {
  const typed = (type, text) => protobuf.fromText({ type }, text);
  assert.equal(typed('int32', ' -5 '), -5n);
  assert.throws(() => typed('int32', '2147483648'), /int32 goes from -2147483648 to 2147483647/);
  assert.throws(() => typed('uint64', '-1'), /uint64 goes from 0/);
  assert.throws(() => typed('int32', '1.5'), /whole number/);
  assert.throws(() => typed('double', 'x'), /double is a number/);
  assert.equal(typed('float', '0.1'), Math.fround(0.1));
  assert.ok(Number.isNaN(typed('double', 'nan')));
});

test('a header block has the fields, and each its form, that tools/wiretap finds', async () => {
  const { connections } = await golden('hpack');
  assert.ok(connections.length > 300);
  for (const blocks of connections) {
    const table = new hpack.Table();
    for (const { block, fields, error } of blocks) {
      const read = table.decode(bytes(block));
      assert.equal(read.error, error ?? null, block);
      if (error) break;
      const found = read.fields.filter(({ form }) => form !== 'resize').map((field) => ({
        name: field.name, value: field.value, form: field.form, index: field.index,
        huffman_name: field.huffmanName, huffman_value: field.huffmanValue, length: field.length,
      }));
      assert.deepEqual(found, fields, block);
      assert.ok(table.size <= table.maxSize);
    }
  }
});

test('a header block that is encoded comes back, and the table stays the same', () => {
  const table = new hpack.Table();
  const fields = [
    ['x-trace', 'a', 'added', 'added', 0], ['x-trace', 'a', 'added', 'indexed', 62], ['x-trace', 'b', 'added', 'added', 62],
    [':method', 'POST', 'added', 'indexed', 3], ['authorization', 'Bearer x', 'never-added', 'never-added', 23],
    ['x-trace', 'b', 'never-added', 'never-added', 62], ['grpc-timeout', 'é'.repeat(200), 'not-added', 'not-added', 0], ['empty', '', 'added', 'added', 0],
  ];
  for (const [name, value, asked, form, index] of fields) {
    const { fields: [field], error } = table.decode(Uint8Array.from(table.encode(name, value, asked)));
    assert.equal(error, null);
    assert.deepEqual([field.name, field.value, field.form, field.index], [name, value, form, index]);
  }
  const every = Array.from({ length: 256 }, (_, byte) => byte);
  assert.deepEqual(hpack.unhuffman(hpack.huffman(every)), every);
});
