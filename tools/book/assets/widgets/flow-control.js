// Two streams on one connection, each with a window, and the connection with one for both: stop
// reading one stream, and watch the other starve.
(() => {
  'use strict';
  const { define, button, labelled, make, say, select, table } = globalThis.courseWidget;

  // RFC 9113, sections 6.5.2 and 6.9.2.
  const WINDOW = 65_535;
  const FRAME = 16_384;
  // What the sender has for each stream at the start, and what "More to send" adds.
  const WAITING = 10 * FRAME;
  const SHOWN_ROUNDS = 8;
  const PACE = 700;

  const number = (n) => n.toLocaleString('en-GB');

  class Simulation {
    constructor(streamWindow, connectionWindow) {
      this.limits = { stream: streamWindow, connection: connectionWindow };
      this.connection = connectionWindow;
      this.eager = false;
      this.rounds = [];
      this.streams = [1, 3].map((id) => ({ id, waiting: WAITING, window: streamWindow, unread: 0, isRead: id === 3 }));
    }

    // One round: a frame on each stream as far as both windows allow, then the program reads.
    step() {
      const sent = this.streams.map((stream) => {
        const bytes = Math.min(FRAME, stream.waiting, stream.window, this.connection);
        stream.waiting -= bytes;
        stream.window -= bytes;
        stream.unread += bytes;
        this.connection -= bytes;
        return bytes;
      });
      if (this.eager) this.connection += sent[0] + sent[1];
      for (const stream of this.streams) if (stream.isRead) this.read(stream, this.eager ? 0 : stream.unread);
      this.rounds.push([...sent, this.connection, ...this.streams.map(({ window }) => window)]);
    }

    // The program takes what there is; the stream's window gets it back, and the connection's as
    // far as it has not had it already.
    read(stream, forConnection) {
      stream.window += stream.unread;
      this.connection += forConnection;
      stream.unread = 0;
    }

    // Gives the connection back what lies unread, as a receiver does that does not wait.
    setEager(eager) {
      if (eager !== this.eager) {
        const unread = this.streams.reduce((sum, stream) => sum + stream.unread, 0);
        this.connection += eager ? unread : -unread;
      }
      this.eager = eager;
    }

    says() {
      const [sentOne, sentThree] = this.rounds.at(-1) ?? [null, null];
      if (sentOne === null) return 'Nothing is sent yet. Stream 1 is not read, stream 3 is.';
      const starved = this.streams.filter((stream, n) => stream.waiting > 0 && [sentOne, sentThree][n] === 0);
      if (starved.length === 0) return `Round ${this.rounds.length}: stream 1 sent ${number(sentOne)} bytes, stream 3 sent ${number(sentThree)}.`;
      const why = (stream) => (stream.window <= 0
        ? `Stream ${stream.id} waits for its own window: nobody reads it.`
        : `Stream ${stream.id} starves: its own window has ${number(stream.window)} bytes, the connection’s has none.`);
      return `Round ${this.rounds.length}: ${starved.map(why).join(' ')}`;
    }
  }

  define('flow-control', 'Flow control, to try out', (_, __, box) => {
    let simulation;
    let timer = 0;

    const status = make('p', 'widget-says', [], { role: 'status' });
    const bars = make('div', 'flow-bars');
    const log = make('div');
    const windows = [[16_384, '16,384 bytes'], [WINDOW, '65,535 bytes, the default'], [262_144, '262,144 bytes']].map(([bytes, text]) => [String(bytes), text]);
    const streamWindow = select(windows, String(WINDOW));
    const connectionWindow = select(windows.slice(1), String(WINDOW));
    const eager = select([['read', 'when the program reads'], ['arrive', 'as soon as bytes arrive']], 'read');
    const reads = [1, 3].map((id) => {
      const check = make('input', '', [], { type: 'checkbox' });
      check.addEventListener('change', () => {
        const stream = simulation.streams.find((one) => one.id === id);
        stream.isRead = check.checked;
        if (stream.isRead) simulation.read(stream, simulation.eager ? 0 : stream.unread);
        show();
        say(status, check.checked ? `The program reads stream ${id} again; its bytes are given back.` : `The program no longer reads stream ${id}.`);
      });
      return check;
    });

    const bar = (label, left, of) => {
      const share = Math.max(0, Math.min(1, left / of));
      const fill = make('span');
      fill.style.inlineSize = `${100 * share}%`;
      return make('div', `flow-window${left <= 0 ? ' empty' : ''}`, [make('span', 'flow-name', label), make('div', 'widget-bar', fill, { 'aria-hidden': 'true' }), make('span', 'flow-left', `${number(left)} left`)]);
    };
    const show = () => {
      const { streams, connection, limits, rounds } = simulation;
      bars.replaceChildren(
        bar('connection’s window', connection, limits.connection),
        ...streams.map((stream) => bar(`stream ${stream.id}’s window`, stream.window, limits.stream)),
        ...streams.map((stream) => make('p', 'widget-note', `Stream ${stream.id}: ${number(stream.waiting)} bytes wait to be sent, ${number(stream.unread)} have come and lie unread.`)),
      );
      const from = Math.max(0, rounds.length - SHOWN_ROUNDS);
      log.replaceChildren(...(rounds.length === 0 ? [] : [table('', ['round', 'sent on stream 1', 'sent on stream 3', 'connection’s window', 'stream 1’s window', 'stream 3’s window'],
        rounds.slice(from).map((numbers, n) => [from + n + 1, ...numbers].map(String)))]));
      say(status, simulation.says());
      document.dispatchEvent(new CustomEvent('course-shown'));
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = 'Play';
    };
    const step = () => {
      if (simulation.streams.every((stream) => stream.waiting === 0)) {
        stop();
        say(status, 'Everything is sent. “More to send” goes on.');
        return;
      }
      simulation.step();
      show();
      if (simulation.rounds.at(-1)[0] + simulation.rounds.at(-1)[1] === 0) stop();
    };
    const restart = () => {
      stop();
      simulation = new Simulation(Number(streamWindow.value), Number(connectionWindow.value));
      simulation.setEager(eager.value === 'arrive');
      reads.forEach((check, n) => { check.checked = simulation.streams[n].isRead; });
      show();
    };
    const play = button('Play', () => {
      if (timer) {
        stop();
        return;
      }
      timer = setInterval(step, PACE);
      play.textContent = 'Pause';
      step();
    });
    const more = button('More to send', () => {
      for (const stream of simulation.streams) stream.waiting += WAITING;
      show();
    });
    for (const control of [streamWindow, connectionWindow]) control.addEventListener('change', restart);
    eager.addEventListener('change', () => {
      simulation.setEager(eager.value === 'arrive');
      show();
    });
    box.append(
      make('div', 'widget-row', [button('Next round', () => { stop(); step(); }), play, more, button('Start over', restart)]),
      make('div', 'widget-row', reads.map((check, n) => make('label', 'widget-check', [check, ` read stream ${[1, 3][n]}`]))),
      make('div', 'widget-row', [labelled('A stream’s window', streamWindow), labelled('The connection’s window', connectionWindow), labelled('Its bytes are given back', eager)]),
      status, bars, log,
    );
    restart();
  });
})();
