// Bytes and text as people read them. What a peer sent is shown with the bounds and in the forms
// of tools/wiretap.
(() => {
  'use strict';
  if (globalThis.courseBytes) return;

  // Characters of a string that are shown; bytes of an opaque value.
  const SHOWN_CHARACTERS = 60;
  const SHOWN_BYTES = 12;

  // What cannot be read, or was typed wrong. `kind` is for whoever wants to explain more.
  class Malformed extends Error {
    constructor(kind, message) {
      super(message);
      this.kind = kind;
    }
  }

  const UNPRINTABLE = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u;
  const ESCAPES = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };
  const escaped = (char) => ESCAPES[char] ?? `\\u{${char.codePointAt(0).toString(16)}}`;
  const escapeAll = (chars, isSpecial) => chars.map((char) => (UNPRINTABLE.test(char) || isSpecial(char) ? escaped(char) : char)).join('');

  // Text with what is invisible, or would reorder what stands around it, written out.
  const plain = (text) => escapeAll(Array.from(text), () => false);

  // The same in double quotes; `length` is in bytes, for text that is too long to show.
  const quoted = (text, length) => {
    const chars = Array.from(text);
    const shown = escapeAll(chars.slice(0, SHOWN_CHARACTERS), (char) => char === '"' || char === '\\');
    return chars.length > SHOWN_CHARACTERS ? `"${shown}…" (${length} bytes)` : `"${shown}"`;
  };

  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const shortHex = (bytes) => (bytes.length > SHOWN_BYTES ? `${hex(bytes.slice(0, SHOWN_BYTES))} … (${bytes.length} bytes)` : hex(bytes));

  // Bytes from "08 96 01", "0x08,0x96", "089601" or "\x08\x96". Throws Malformed.
  const fromHex = (text) => {
    const digits = text.replace(/0x|\\x/gi, ' ').replace(/[\s,;:]+/g, ' ').trim();
    const odd = /[^\da-f ]/iu.exec(digits);
    if (odd) throw new Malformed('hex', `“${plain(odd[0])}” is no hexadecimal digit: these are 0 to 9 and a to f`);
    const bytes = [];
    for (const word of digits.split(' ')) {
      // A digit that stands alone is a byte.
      if (word.length > 1 && word.length % 2 === 1) throw new Malformed('hex', `“${word}” has ${word.length} digits, and a byte is two: one is missing, or one is too many`);
      for (let at = 0; at < word.length; at += 2) bytes.push(Number.parseInt(word.slice(at, at + 2), 16));
    }
    return Uint8Array.from(bytes);
  };

  // The text, or null if the bytes are not UTF-8.
  const utf8 = (bytes) => {
    try { return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes); } catch { return null; }
  };

  // "1 byte", "3 bytes".
  const count = (n, thing) => `${n} ${thing}${Number(n) === 1 ? '' : 's'}`;

  globalThis.courseBytes = { Malformed, count, fromHex, hex, plain, quoted, shortHex, utf8 };
})();
