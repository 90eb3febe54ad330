// HPACK (RFC 7541): a header block to its fields, and how each was written; and fields to a block.
// It reads as tools/wiretap does, with the same sentences: tests compare the two.
(() => {
  'use strict';
  if (globalThis.courseHpack) return;

  // RFC 7541, appendix B: the length in bits of each symbol's code. The code is canonical, so
  // that the codes follow from their lengths.
  const LENGTHS = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
  ];
  const END_OF_STRING = 256;

  // Symbol to code, and "length:code" to symbol.
  const codes = [];
  const symbols = new Map();
  for (let length = 1, next = 0; length <= 30; length++) {
    next *= 2;
    LENGTHS.forEach((bits, symbol) => {
      if (bits !== length) return;
      codes[symbol] = next;
      symbols.set(length * 2 ** 30 + next, symbol);
      next += 1;
    });
  }

  // RFC 7541, appendix A. Entry 1 is at 0.
  const STATIC_TABLE = [
    [':authority', ''], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'],
    [':scheme', 'http'], [':scheme', 'https'],
    ...['200', '204', '206', '304', '400', '404', '500'].map((status) => [':status', status]),
    ['accept-charset', ''], ['accept-encoding', 'gzip, deflate'],
    ...('accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control '
      + 'content-disposition content-encoding content-language content-length content-location content-range content-type '
      + 'cookie date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since '
      + 'last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after '
      + 'server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate').split(' ').map((name) => [name, '']),
  ];

  // RFC 9113, section 6.5.2: SETTINGS_HEADER_TABLE_SIZE before anyone changes it.
  const INITIAL_TABLE_SIZE = 4096;
  // RFC 7541, section 4.1: what an entry counts beyond its name and value.
  const ENTRY_OVERHEAD = 32;

  class Malformed extends Error {}

  // A field's bytes as text; they are UTF-8 as a rule, and Latin-1 or worse as an exception.
  const text = (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  const bytesOf = (string) => [...new TextEncoder().encode(string)];

  const unhuffman = (bytes) => {
    const out = [];
    let code = 0;
    let length = 0;
    for (const byte of bytes) {
      for (let shift = 7; shift >= 0; shift--) {
        code = code * 2 + ((byte >> shift) & 1);
        length += 1;
        const symbol = symbols.get(length * 2 ** 30 + code);
        if (symbol === undefined) continue;
        if (symbol === END_OF_STRING) return null;
        out.push(symbol);
        code = 0;
        length = 0;
      }
    }
    // Padding is the start of the end-of-string symbol, all ones, and shorter than a byte.
    return length < 8 && code === 2 ** length - 1 ? out : null;
  };

  const huffman = (bytes) => {
    const out = [];
    let bits = 0n;
    let length = 0;
    for (const byte of bytes) {
      bits = (bits << BigInt(LENGTHS[byte])) | BigInt(codes[byte]);
      length += LENGTHS[byte];
      while (length >= 8) {
        length -= 8;
        out.push(Number(bits >> BigInt(length)));
        bits &= (1n << BigInt(length)) - 1n;
      }
    }
    if (length > 0) out.push((Number(bits) << (8 - length)) | ((1 << (8 - length)) - 1));
    return out;
  };

  class Reader {
    constructor(bytes) {
      this.bytes = bytes;
      this.at = 0;
    }

    byte() {
      if (this.at >= this.bytes.length) throw new Malformed('it ends inside a field');
      return this.bytes[this.at++];
    }

    // RFC 7541, section 5.1. `prefix` is in bits.
    integer(prefix) {
      const mask = (1 << prefix) - 1;
      const first = this.byte() & mask;
      if (first < mask) return first;
      let value = mask;
      for (let shift = 0; shift < 35; shift += 7) {
        const byte = this.byte();
        value += (byte & 0x7f) * 2 ** shift;
        if ((byte & 0x80) === 0) {
          if (value > 0xffffffff) break;
          return value;
        }
      }
      throw new Malformed('an integer is longer than 32 bits');
    }

    // RFC 7541, section 5.2: the string, and whether it was in Huffman code.
    string() {
      if (this.at >= this.bytes.length) throw new Malformed('it ends inside a field');
      const coded = (this.bytes[this.at] & 0x80) !== 0;
      const length = this.integer(7);
      if (length > this.bytes.length - this.at) throw new Malformed('it ends inside a field');
      const raw = this.bytes.slice(this.at, this.at + length);
      this.at += length;
      if (!coded) return [[...raw], false];
      const decoded = unhuffman(raw);
      if (!decoded) throw new Malformed('a string is not valid Huffman code');
      return [decoded, true];
    }
  }

  // One direction of a connection: the dynamic table, and what reads or writes with it.
  class Table {
    constructor(allowed = INITIAL_TABLE_SIZE) {
      // Newest first: entry 62 is at 0. Names and values are bytes.
      this.entries = [];
      this.size = 0;
      this.allowed = allowed;
      this.maxSize = INITIAL_TABLE_SIZE;
    }

    entry(index) {
      const known = STATIC_TABLE[index - 1];
      if (known) return { name: bytesOf(known[0]), value: bytesOf(known[1]) };
      const added = this.entries[index - 1 - STATIC_TABLE.length];
      if (!added) throw new Malformed(`the table has no entry ${index}`);
      return added;
    }

    // Gives the entries that had to go.
    add(name, value) {
      this.entries.unshift({ name, value, size: name.length + value.length + ENTRY_OVERHEAD });
      this.size += this.entries[0].size;
      return this.evict();
    }

    evict() {
      const gone = [];
      while (this.size > this.maxSize && this.entries.length > 0) {
        const entry = this.entries.pop();
        this.size -= entry.size;
        gone.push(entry);
      }
      return gone;
    }

    // `{ fields, error }`. A field is
    //   { name, value, form, index, huffmanName, huffmanValue, length }   as tools/wiretap has it,
    // and { start, evicted }: where it begins in the block, and which entries it pushed out. A
    // change of the table's size is a field of the form "resize", with `size`.
    decode(block) {
      const reader = new Reader(block);
      const fields = [];
      let sizesMayChange = true;
      try {
        while (reader.at < block.length) {
          const start = reader.at;
          const first = block[start];
          if (first >= 0x20 && first < 0x40) {
            const size = reader.integer(5);
            if (!sizesMayChange) throw new Malformed('the table\'s size changes after a field');
            if (size > this.allowed) throw new Malformed(`it asks for a table of ${size} bytes, ${this.allowed} are allowed`);
            this.maxSize = size;
            fields.push({ form: 'resize', size, start, length: reader.at - start, evicted: this.evict() });
            continue;
          }
          sizesMayChange = false;
          const [form, prefix] = first >= 0x80 ? ['indexed', 7] : first >= 0x40 ? ['added', 6] : first >= 0x10 ? ['never-added', 4] : ['not-added', 4];
          const index = reader.integer(prefix);
          const field = { form, index, huffmanName: false, huffmanValue: false, start, evicted: [] };
          let name;
          let value;
          if (form === 'indexed') {
            ({ name, value } = this.entry(index));
          } else {
            if (index === 0) [name, field.huffmanName] = reader.string();
            else ({ name } = this.entry(index));
            [value, field.huffmanValue] = reader.string();
          }
          field.name = text(name);
          field.value = text(value);
          field.length = reader.at - start;
          if (form === 'added') field.evicted = this.add(name, value);
          fields.push(field);
        }
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        return { fields, error: error.message };
      }
      return { fields, error: null };
    }

    // The bytes of one field as a good encoder writes it; the table is left to whoever decodes it.
    encode(name, value, form) {
      const [wantedName, wantedValue] = [name, value].map((string) => String(bytesOf(string)));
      let nameIndex = 0;
      for (let index = 1; index <= STATIC_TABLE.length + this.entries.length; index++) {
        const entry = this.entry(index);
        if (String(entry.name) !== wantedName) continue;
        if (String(entry.value) === wantedValue && form !== 'never-added') return integer(index, 7, 0x80);
        nameIndex ||= index;
      }
      const [prefix, mark] = { added: [6, 0x40], 'not-added': [4, 0], 'never-added': [4, 0x10] }[form];
      const out = integer(nameIndex, prefix, mark);
      if (nameIndex === 0) out.push(...string(name));
      out.push(...string(value));
      return out;
    }
  }

  const integer = (value, prefix, mark) => {
    const mask = (1 << prefix) - 1;
    if (value < mask) return [mark | value];
    const out = [mark | mask];
    let left = value - mask;
    while (left > 0x7f) {
      out.push((left % 128) | 0x80);
      left = Math.floor(left / 128);
    }
    out.push(left);
    return out;
  };

  const string = (value) => {
    const raw = bytesOf(value);
    const coded = huffman(raw);
    return coded.length < raw.length ? [...integer(coded.length, 7, 0x80), ...coded] : [...integer(raw.length, 7, 0), ...raw];
  };

  // An order to hold no more than `size` bytes, as the start of a block.
  const resize = (size) => integer(size, 5, 0x20);

  globalThis.courseHpack = { ENTRY_OVERHEAD, INITIAL_TABLE_SIZE, STATIC_TABLE, Table, huffman, resize, text, unhuffman };
})();
