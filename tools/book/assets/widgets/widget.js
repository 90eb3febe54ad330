// What the widgets share: how one takes the place of its text, and a row of bytes to look into.
(() => {
  'use strict';
  if (globalThis.courseWidget) return;

  // An element with a class, content (text or elements), and attributes.
  const make = (tag, className = '', content = [], attributes = {}) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...[content].flat());
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  const button = (text, onClick, className = '') => {
    const element = make('button', className, text, { type: 'button' });
    element.addEventListener('click', onClick);
    return element;
  };

  // A control with its name above it.
  const labelled = (text, control, className = '') => make('label', `widget-label ${className}`.trim(), [make('span', '', text), control]);

  const select = (options, chosen) => {
    const element = make('select');
    for (const [value, text] of options) element.append(new Option(text, value, false, value === chosen));
    return element;
  };

  // Says something that changes, and says it once.
  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const table = (caption, head, rows) => {
    const body = make('tbody', '', rows.map((cells) => make('tr', '', cells.map((cell) => make('td', '', cell)))));
    const heads = make('tr', '', head.map((text) => make('th', '', text, { scope: 'col' })));
    const inner = make('table', '', [...(caption ? [make('caption', '', caption)] : []), make('thead', '', heads), body]);
    return make('div', 'table-wrapper', inner);
  };

  // Defines the element `name`; `label` says to a reader who listens what it is. `build` is given
  // the element, the data that stands in it, and the box to fill; what the page shows without
  // scripts stays in the page, for print.
  const define = (name, label, build) => {
    if (customElements.get(name) || location.pathname.endsWith('/print.html')) return;
    customElements.define(name, class extends HTMLElement {
      connectedCallback() {
        if (this.classList.contains('live')) return;
        const data = this.querySelector(':scope > script[type="application/json"]');
        const box = make('div', 'widget-live', [], { role: 'group', 'aria-label': label });
        // mdBook takes arrows for turning the page, and letters for commands.
        box.addEventListener('keydown', (event) => {
          if (event.key.startsWith('Arrow') || event.target.matches('input, textarea, select')) event.stopPropagation();
        });
        build(this, data && JSON.parse(data.textContent), box);
        this.append(box);
        this.classList.add('live');
        document.dispatchEvent(new CustomEvent('course-shown'));
      }
    });
  };

  // A row of bytes, each a button; arrows go from one to the next. `onPick` is called with the
  // place of the byte that the reader points at, or comes to.
  class ByteRow {
    #at = 0;

    constructor(label, onPick) {
      this.element = make('div', 'widget-bytes', [], { role: 'toolbar', 'aria-label': label });
      const pick = (event) => {
        const at = this.cells.indexOf(event.target);
        if (at < 0) return;
        this.pick(at);
        onPick(at);
      };
      for (const kind of ['pointerover', 'focusin', 'click']) this.element.addEventListener(kind, pick);
      this.element.addEventListener('keydown', (event) => {
        const to = { ArrowLeft: this.#at - 1, ArrowRight: this.#at + 1, Home: 0, End: this.cells.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        this.cells[to]?.focus();
      });
      this.show([], () => '');
    }

    // `partOf(at)` names what a byte is part of: its class in the style sheet.
    show(bytes, partOf) {
      this.cells = Array.from(bytes, (byte, at) => make('button', '', byte.toString(16).padStart(2, '0'), { type: 'button', tabindex: '-1', 'data-part': partOf(at) }));
      this.element.replaceChildren(...this.cells);
      this.pick(-1);
    }

    // Makes one byte the place where the keyboard enters; -1 for none in particular.
    pick(at) {
      for (const cell of this.cells) {
        cell.tabIndex = -1;
        cell.removeAttribute('aria-current');
      }
      this.#at = Math.max(at, 0);
      if (this.cells[this.#at]) this.cells[this.#at].tabIndex = 0;
      this.cells[at]?.setAttribute('aria-current', 'true');
    }

    // Shows which bytes belong together.
    mark(start, end) {
      this.cells.forEach((cell, at) => cell.classList.toggle('marked', at >= start && at < end));
    }
  }

  globalThis.courseWidget = { ByteRow, button, define, labelled, make, say, select, table };
})();
