// Varints and ZigZag (protobuf.dev, "Encoding"), of BigInts; and a reader of what is in a message.
(() => {
  'use strict';
  if (globalThis.courseVarint) return;

  const { Malformed } = globalThis.courseBytes;

  // The smallest and the largest value of each whole number.
  const RANGES = {
    int32: [-(2n ** 31n), 2n ** 31n - 1n],
    int64: [-(2n ** 63n), 2n ** 63n - 1n],
    uint32: [0n, 2n ** 32n - 1n],
    uint64: [0n, 2n ** 64n - 1n],
  };
  for (const [type, like] of [['sint32', 'int32'], ['sfixed32', 'int32'], ['sint64', 'int64'], ['sfixed64', 'int64'], ['fixed32', 'uint32'], ['fixed64', 'uint64']]) {
    RANGES[type] = RANGES[like];
  }

  const varint = (value) => {
    const bytes = [];
    let left = BigInt.asUintN(64, value);
    while (left > 0x7fn) {
      bytes.push(Number(left & 0x7fn) | 0x80);
      left >>= 7n;
    }
    bytes.push(Number(left));
    return bytes;
  };
  const zigzag = (value, bits = 64) => BigInt.asUintN(bits, (value << 1n) ^ (value >> BigInt(bits - 1)));
  const unzigzag = (value) => BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));

  class Reader {
    constructor(bytes, at = 0, end = bytes.length) {
      Object.assign(this, { bytes, at, end });
    }

    varint() {
      let value = 0n;
      for (let n = 0; n < 10; n++) {
        if (this.at >= this.end) throw new Malformed('short-varint', 'the message ends inside a varint');
        const byte = this.bytes[this.at++];
        if (n === 9 && byte > 1) break;
        value |= BigInt(byte & 0x7f) << BigInt(7 * n);
        if ((byte & 0x80) === 0) return value;
      }
      throw new Malformed('long-varint', 'a varint is longer than 64 bits');
    }

    fixed(length) {
      if (this.end - this.at < length) throw new Malformed('short-fixed', `the message ends inside a value of ${length} bytes`);
      this.at += length;
      const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at - length, length);
      return length === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
    }
  }

  globalThis.courseVarint = { RANGES, Reader, unzigzag, varint, zigzag };
})();
