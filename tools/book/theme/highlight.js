// Colours for the languages of this book, and no others. mdBook's own file knows forty languages
// in 137 KB, and Protocol Buffers is not among them. The interface is the part of highlight.js
// that mdBook calls; the class names are those of its style sheets.
window.hljs = (() => {
  'use strict';

  const words = (text) => new Set(text.split(' '));
  const SLASHES = String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`;
  const HASH = String.raw`#[^\n]*`;
  const STRING = String.raw`"(?:\\[\s\S]|[^"\\])*"`;
  const QUOTED = String.raw`'(?:\\.|[^'\\\n])*'`;
  const NUMBER = String.raw`\b(?:0[xob][\da-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)(?:[a-zA-Z]\w*)?\b`;

  const LANGUAGES = {
    rust: {
      comment: SLASHES,
      string: String.raw`\bb?r(#*)"[\s\S]*?"\1|b?${STRING}|b?'(?:\\(?:u\{[\da-fA-F]+\}|x..|.)|[^'\\\n])'`,
      meta: String.raw`#!?\[[^\]\n]*\]`,
      keyword: words('as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move mut pub ref return self static struct super trait type unsafe use where while'),
      literal: words('true false'),
      type: words('bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize Self'),
      macro: true,
      capitals: true,
    },
    go: {
      comment: SLASHES,
      string: String.raw`${STRING}|\x60[^\x60]*\x60|${QUOTED}`,
      keyword: words('break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var'),
      literal: words('true false nil iota'),
      type: words('any bool byte error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr'),
    },
    python: {
      comment: HASH,
      string: String.raw`\b[rbfuRBFU]{0,2}"""[\s\S]*?"""|"""[\s\S]*?"""|[rbfu]?${STRING}|[rbfu]?${QUOTED}`,
      meta: String.raw`^[ \t]*@[\w.]+`,
      keyword: words('and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield'),
      literal: words('True False None self'),
      type: words('bool bytes dict float int list set str tuple'),
    },
    cpp: {
      comment: SLASHES,
      string: String.raw`${STRING}|${QUOTED}`,
      meta: String.raw`^[ \t]*#[^\n]*`,
      keyword: words('auto break case catch class co_await co_return const constexpr continue default delete do else enum explicit final for friend if inline namespace new noexcept operator override private protected public return sizeof static static_cast struct switch template this throw try typename using virtual while'),
      literal: words('true false nullptr'),
      type: words('bool char double float int int32_t int64_t long short size_t string uint32_t uint64_t unsigned void'),
    },
    proto: {
      comment: SLASHES,
      string: String.raw`${STRING}|${QUOTED}`,
      keyword: words('enum extend extensions import map max message oneof option optional package public repeated reserved returns rpc service stream syntax to'),
      literal: words('true false'),
      type: words('bool bytes double fixed32 fixed64 float int32 int64 sfixed32 sfixed64 sint32 sint64 string uint32 uint64'),
      capitals: true,
    },
    toml: {
      comment: HASH,
      string: String.raw`"""[\s\S]*?"""|${STRING}|'[^'\n]*'`,
      section: String.raw`^[ \t]*\[[^\n\]]*\]\]?`,
      attr: String.raw`^[ \t]*[\w.-]+(?=\s*=)`,
      literal: words('true false'),
    },
    yaml: {
      comment: HASH,
      string: String.raw`${STRING}|'[^'\n]*'`,
      attr: String.raw`[\w./-]+(?=:(?:\s|$))`,
      literal: words('true false null'),
    },
    json: {
      attr: String.raw`${STRING}(?=\s*:)`,
      string: STRING,
      literal: words('true false null'),
    },
    console: {
      meta: String.raw`^\$(?= )`,
      comment: String.raw`^# [^\n]*`,
    },
    diff: {
      meta: String.raw`^(?:@@|---|\+\+\+)[^\n]*`,
      addition: String.raw`^\+[^\n]*`,
      deletion: String.raw`^-[^\n]*`,
    },
  };
  const ALIASES = {
    rs: 'rust', golang: 'go', py: 'python', 'c++': 'cpp', cc: 'cpp', protobuf: 'proto', yml: 'yaml', sh: 'console', bash: 'console', shell: 'console',
  };
  // Before words, and in this order: a keyword in a comment is a comment.
  const PATTERNS = ['comment', 'attr', 'string', 'section', 'meta', 'addition', 'deletion'];

  const compiled = new Map();
  const scanner = (name) => {
    if (!compiled.has(name)) {
      const language = LANGUAGES[name];
      const parts = PATTERNS.filter((kind) => language[kind]).map((kind) => {
        const group = kind[0].toUpperCase() + kind.slice(1);
        return `(?<${group}>${language[kind].replaceAll('\\1', '\\k<Hashes>').replace('r(#*)', 'r(?<Hashes>#*)')})`;
      });
      if (language.keyword || language.literal) {
        parts.push(`(?<Number>${NUMBER})`, String.raw`(?<Word>[A-Za-z_]\w*)(?<Bang>!(?=[(\[{]))?`);
      }
      compiled.set(name, new RegExp(parts.join('|'), 'gm'));
    }
    return compiled.get(name);
  };

  const classOf = (language, groups) => {
    if (groups.Number !== undefined) return 'number';
    const word = groups.Word;
    if (word === undefined) {
      return PATTERNS.find((kind) => groups[kind[0].toUpperCase() + kind.slice(1)] !== undefined);
    }
    if (language.keyword?.has(word)) return 'keyword';
    if (language.literal?.has(word)) return 'literal';
    if (language.type?.has(word)) return 'type';
    if (groups.Bang !== undefined && language.macro) return 'built_in';
    if (language.capitals && /^[A-Z].*[a-z]/.test(word)) return 'type';
    return null;
  };

  // Marks stretches of the text, leaving the elements that are there (mdBook's hidden lines).
  const mark = (block, tokens) => {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    let start = 0;
    let next = 0;
    for (const node of nodes) {
      const text = node.data;
      const end = start + text.length;
      const pieces = document.createDocumentFragment();
      let at = start;
      for (let index = next; index < tokens.length && tokens[index].start < end; index++) {
        const token = tokens[index];
        const from = Math.max(token.start, start);
        const to = Math.min(token.end, end);
        if (to <= from) continue;
        pieces.append(text.slice(at - start, from - start));
        const span = document.createElement('span');
        span.className = `hljs-${token.kind}`;
        span.textContent = text.slice(from - start, to - start);
        pieces.append(span);
        at = to;
        if (token.end <= end) next = index + 1;
      }
      pieces.append(text.slice(at - start));
      node.replaceWith(pieces);
      start = end;
    }
  };

  const highlightBlock = (block) => {
    block.classList.add('hljs');
    // An anchor may take the empty line with it that a formatter puts below.
    if (block.lastChild?.nodeType === Node.TEXT_NODE) block.lastChild.data = block.lastChild.data.trimEnd();
    const wanted = [...block.classList].find((name) => name.startsWith('language-'))?.slice('language-'.length);
    const name = ALIASES[wanted] ?? wanted;
    const language = Object.hasOwn(LANGUAGES, name ?? '') ? LANGUAGES[name] : null;
    if (!language) return;
    const tokens = [];
    for (const match of block.textContent.matchAll(scanner(name))) {
      const kind = classOf(language, match.groups);
      const length = match.groups.Word === undefined ? match[0].length : match.groups.Word.length + (kind === 'built_in' ? 1 : 0);
      if (kind) tokens.push({ start: match.index, end: match.index + length, kind });
    }
    mark(block, tokens);
  };

  return { configure() {}, highlightBlock, highlightElement: highlightBlock };
})();
