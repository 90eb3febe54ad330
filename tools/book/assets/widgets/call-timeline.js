// A recorded call: two lanes, time downwards. A frame opens to its bytes, and the bytes to their
// meaning.
(() => {
  'use strict';
  const { fromHex, count, hex, plain } = globalThis.courseBytes;
  const { ByteRow, button, define, labelled, make, say, select, table } = globalThis.courseWidget;

  // One frame after the other when it plays.
  const PACE = 900;
  const COLOURS = 6;
  // Bytes of a frame that can be looked into.
  const MAX_BYTES = 512;

  const milliseconds = (us) => `${(us / 1000).toFixed(2)} ms`;
  const big = (number, bytes) => Array.from({ length: bytes }, (_, n) => Math.floor(number / 256 ** (bytes - 1 - n)) % 256);

  // The pieces of a frame's bytes that are known: [bytes, what they are, part].
  const headPieces = ({ length, type, name, flags, flag_names: names = [] }, stream) => [
    [big(length, 3), `the length of what follows these nine bytes: ${length}`, 'length'],
    [[type], `the type: ${plain(name)}`, 'tag'],
    [[flags], names.length > 0 ? `the flags: ${names.join(' and ')}` : 'no flag is set', 'tag'],
    [big(stream, 4), stream === 0 ? 'stream 0, the connection itself' : `stream ${stream}`, 'value'],
  ];
  const afterVarint = (bytes, at) => {
    let end = at;
    while (bytes[end] >= 0x80) end += 1;
    return end + 1;
  };
  const fieldPieces = (fields, bytes, path = '') => fields.flatMap((field) => {
    const where = plain(`${path}${field.name ?? `field ${field.number}`}`);
    const inner = field.fields ?? [];
    const tagEnd = afterVarint(bytes, field.start);
    const valueStart = field.wire_type === 'length-delimited' ? afterVarint(bytes, tagEnd) : tagEnd;
    const end = inner[0]?.start ?? field.end;
    const problem = field.problem ? `: ${plain(field.problem)}` : '';
    return [
      [bytes.slice(field.start, tagEnd), `the tag of ${where}: field ${field.number}, ${field.wire_type}`, 'tag'],
      [bytes.slice(tagEnd, valueStart), `the length of ${where}: ${field.end - valueStart}`, 'length'],
      [bytes.slice(valueStart, end), `${where} = ${plain(field.value)}${problem}`, 'value'],
      ...fieldPieces(inner, bytes, `${where}.`),
    ].filter(([own]) => own.length > 0);
  });
  const messagePieces = (message) => {
    const bytes = fromHex(message.bytes);
    const pieces = [
      [[message.compressed ? 1 : 0], message.compressed ? 'the message is compressed' : 'the message is not compressed', 'tag'],
      [big(message.length, 4), `the message’s length: ${message.length}`, 'length'],
    ];
    const decoded = fieldPieces(message.fields ?? [], bytes);
    pieces.push(...decoded);
    const read = decoded.reduce((sum, [own]) => sum + own.length, 0);
    if (read < bytes.length) pieces.push([bytes.slice(read), message.stopped?.why ?? 'bytes of the message', message.stopped ? 'bad' : 'value']);
    return pieces;
  };
  const contentPieces = (content) => {
    if (content.data) return [...(content.data.messages ?? []).flatMap(messagePieces), ...(content.data.raw ? [[fromHex(content.data.raw), 'a body that is not gRPC', 'value']] : [])];
    if (content.settings) return content.settings.flatMap(({ id, name, value }) => [[big(id, 2), `the setting ${name ?? id}`, 'tag'], [big(value, 4), `its value: ${value}`, 'value']]);
    if (content.window_update) return [[big(content.window_update.increment, 4), `${count(content.window_update.increment, 'byte')} more may be sent`, 'value']];
    if (content.reset) return [[big(content.reset.code, 4), `the reason: ${content.reset.name ?? content.reset.code}`, 'value']];
    if (content.ping) return [[fromHex(content.ping), 'eight bytes of its own choice, to be sent back', 'value']];
    if (content.go_away) {
      const { last_stream: last, error, debug } = content.go_away;
      return [[big(last, 4), `the last stream that was or may be handled: ${last}`, 'value'], [big(error.code, 4), `the reason: ${error.name ?? error.code}`, 'value'],
        ...(debug ? [[[...new TextEncoder().encode(debug)], `in words: ${plain(debug)}`, 'value']] : [])];
    }
    return [];
  };

  const FORMS = {
    indexed: (index) => `entry ${index} of the table`,
    added: (index) => `written out${index ? `, its name from entry ${index}` : ''}, and added to the table`,
    'not-added': (index) => `written out${index ? `, its name from entry ${index}` : ''}, not added`,
    'never-added': (index) => `written out${index ? `, its name from entry ${index}` : ''}, and never to be added`,
  };
  const headerTable = (headers) => table('', ['bytes', 'field', 'how it is written'], headers.map((field) => [
    String(field.length),
    make('code', '', `${plain(field.name)}: ${plain(field.value)}`),
    `${FORMS[field.form](field.index ?? 0)}${field.huffman_name || field.huffman_value ? ', in Huffman code' : ''}`,
  ]));

  // What a frame is, all of it.
  const detailOf = (event) => {
    const parts = [];
    const { frame, content, window: left } = event;
    if (frame) {
      const all = [...headPieces(frame, event.stream), ...contentPieces(content)];
      const known = all.reduce((sum, [own]) => sum + own.length, 0);
      let room = MAX_BYTES;
      const pieces = all.map(([own, ...rest]) => {
        const kept = [...own].slice(0, Math.max(0, room));
        room -= own.length;
        return [kept, ...rest];
      }).filter(([own]) => own.length > 0);
      const owner = pieces.flatMap(([bytes], n) => Array.from(bytes, () => n));
      const starts = pieces.map((_, n) => owner.indexOf(n));
      const says = make('p', 'widget-says', 'Point at a byte, or go through them with the arrow keys.', { role: 'status' });
      const row = new ByteRow(`Bytes of the ${frame.name} frame`, (at) => {
        const n = owner[at];
        row.mark(starts[n], starts[n] + pieces[n][0].length);
        say(says, `${hex(pieces[n][0])}: ${pieces[n][1]}.`);
      });
      const bytes = pieces.flatMap(([own]) => [...own]);
      row.show(bytes, (at) => pieces[owner[at]][2]);
      parts.push(row.element, says);
      if (known > bytes.length) parts.push(make('p', 'widget-note', `These are the first ${bytes.length}.`));
      const missing = 9 + frame.length - known;
      const headers = content.headers ?? content.push_promise?.headers;
      if (headers) parts.push(make('p', 'widget-note', `${count(frame.length, 'byte')} of header block follow${frame.length === 1 ? 's' : ''}:`), headerTable(headers));
      else if (missing > 0) parts.push(make('p', 'widget-note', `${count(missing, 'byte')} more of the frame: ${content.data?.unfinished ? 'the start of a message that a later frame ends' : 'not kept, or a part of a message that is shown with the frame that ends it'}.`));
      else if (missing < 0) parts.push(make('p', 'widget-note', `The message began in an earlier frame: ${count(-missing, 'byte')} of it came there.`));
    }
    if (left) {
      const stream = left.stream === undefined ? '' : `, and ${count(left.stream, 'byte')} on this stream`;
      parts.push(make('p', 'widget-note', `After this frame, whoever sends the data may send ${count(left.connection, 'byte')} on the connection${stream}.`));
    }
    if (parts.length === 0) parts.push(make('p', 'widget-note', 'This is no frame, so it has no bytes to show.'));
    return parts;
  };

  const nameOf = ({ frame, content }) => plain(frame?.name ?? (content.closed === 'end' ? 'closed' : content.closed ? 'cut' : content.skipped ? '…' : 'unreadable'));

  define('call-timeline', 'A recorded call', (element, { calls, events }, box) => {
    // The table says each frame in words.
    const said = [...element.querySelectorAll('.widget-plain [data-says]')].map((words) => words.textContent);
    const streams = [...new Set(events.map(({ stream }) => stream))].sort((a, b) => a - b);
    const colourOf = (stream) => (stream === 0 ? 'none' : String(streams.filter((one) => one !== 0).indexOf(stream) % COLOURS));
    let shown = events.length;
    let timer = 0;

    const status = make('p', 'widget-says', [], { role: 'status' });
    const list = make('ol', 'timeline-events');
    const rows = events.map((event, n) => {
      const way = event.from === 'client' ? 'client to server' : event.from === 'server' ? 'server to client' : '';
      const toggle = make('button', 'timeline-frame', [
        make('span', 'timeline-arrow', [make('span', 'course-unseen', way)]),
        make('span', 'timeline-name', [nameOf(event), make('small', '', event.stream === 0 ? ' connection' : ` stream ${event.stream}`)]),
        make('span', 'timeline-said', said[n]),
      ], { type: 'button', 'aria-expanded': 'false' });
      const detail = make('div', 'timeline-detail');
      detail.hidden = true;
      toggle.addEventListener('click', () => {
        detail.hidden = !detail.hidden;
        toggle.setAttribute('aria-expanded', String(!detail.hidden));
        if (detail.childNodes.length === 0) detail.append(...detailOf(event));
        document.dispatchEvent(new CustomEvent('course-shown'));
      });
      const problems = (event.problems ?? []).map((problem) => make('p', 'widget-trouble', plain(problem)));
      const time = n === 0 || events[n - 1].at_us !== event.at_us ? milliseconds(event.at_us) : '';
      const row = make('li', '', [make('span', 'timeline-time', time), make('div', 'timeline-body', [toggle, ...problems, detail])], { 'data-colour': colourOf(event.stream) });
      if (event.from) row.dataset.from = event.from;
      return row;
    });
    list.append(...rows);

    const stream = select([['', 'all'], ...streams.map((id) => [String(id), id === 0 ? 'the connection’s own' : `stream ${id}`])], '');
    const chosen = (n) => stream.value === '' || events[n].stream === Number(stream.value);
    const show = () => {
      rows.forEach((row, n) => {
        row.hidden = n >= shown || !chosen(n);
        row.classList.toggle('latest', n === shown - 1 && shown < events.length);
      });
      back.disabled = shown === 0;
      next.disabled = shown === events.length;
      const last = events[shown - 1];
      say(status, shown === events.length ? `All ${count(events.length, 'frame')}, in ${milliseconds(events.at(-1).at_us)}. Open one to see its bytes.`
        : shown === 0 ? 'Nothing has been sent yet.'
          : `${shown} of ${count(events.length, 'frame')}, after ${milliseconds(last.at_us)}: ${nameOf(last)}.`);
      document.dispatchEvent(new CustomEvent('course-shown'));
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = 'Play';
    };
    // To the next frame, or the one before, of those that are chosen.
    const move = (by) => {
      do shown += by; while (shown > 0 && shown < events.length && !chosen(shown - 1));
      shown = Math.max(0, Math.min(events.length, shown));
      show();
      if (shown === events.length) stop();
    };
    const step = (by, control) => {
      stop();
      move(by);
      if (control.disabled) (control === next ? back : next).focus();
    };
    const back = button('Back', () => step(-1, back));
    const next = button('Next frame', () => step(1, next));
    const play = button('Play', () => {
      if (timer) {
        stop();
        return;
      }
      if (shown === events.length) {
        shown = 0;
        show();
      }
      timer = setInterval(() => move(1), PACE);
      play.textContent = 'Pause';
    });
    const all = button('Show all', () => {
      stop();
      shown = events.length;
      show();
    });
    stream.addEventListener('change', show);

    const ends = ({ stream: id, path, status: end }) => make('li', '', [`stream ${id}: `, make('code', '', plain(path)), end ? ` ${plain(end.name)}${end.message ? `, “${plain(end.message)}”` : ''}` : ' no status'], { 'data-colour': colourOf(id) });
    box.append(
      make('ul', 'timeline-calls', calls.map(ends)),
      make('div', 'widget-row', [back, next, play, all, labelled('Show', stream)]),
      status,
      make('div', 'timeline-lanes', [make('span', '', 'client'), make('span', '', 'server')], { 'aria-hidden': 'true' }),
      list,
    );
    show();
  });
})();
