// A lab's card. Given by the course's server it shows where the learner stands, runs the lab and
// offers hints; from anywhere else it stays what the page says: the stages and the command.
(() => {
  'use strict';

  const VERDICTS = { passed: 'passed', failed: 'failed', 'not-run': 'not run yet' };

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  class LabCard extends HTMLElement {
    #parts = null;

    connectedCallback() {
      const served = document.querySelector('meta[name="course-server"]');
      if (!served || this.#parts || location.pathname.endsWith('/print.html')) return;
      this.#build();
      document.addEventListener('course-news', this.#news);
      this.#ask('', 'GET');
    }

    disconnectedCallback() {
      document.removeEventListener('course-news', this.#news);
    }

    #news = ({ detail }) => {
      if (detail.event === 'lab' && detail.lab.name === this.getAttribute('lab')) {
        this.#show(detail.lab);
      } else if (detail.event === 'gone') {
        this.#gone();
      }
    };

    #build() {
      this.classList.add('live');
      for (const item of this.querySelectorAll('[data-stage]')) {
        const verdict = make('span', 'lab-verdict');
        verdict.append(make('span', 'course-unseen'));
        item.prepend(verdict);
      }

      const run = make('button', 'lab-run', 'Run');
      run.type = 'button';
      run.addEventListener('click', () => this.#ask('/run', 'POST'));

      const onSave = make('label', 'lab-on-save');
      const box = make('input');
      box.type = 'checkbox';
      box.addEventListener('change', () => this.#ask('/on-save', 'POST', { on: box.checked }));
      onSave.append(box, ' Run when I save');

      const hint = make('button', 'lab-ask-hint', 'Hint');
      hint.type = 'button';
      hint.addEventListener('click', () => this.#ask('/hint', 'POST'));

      const actions = make('div', 'lab-actions');
      actions.append(run, hint, onSave);
      const status = make('p', 'lab-status');
      status.setAttribute('role', 'status');
      const red = make('div', 'lab-red');
      const hints = make('div', 'lab-hints-seen');
      hints.setAttribute('aria-live', 'polite');
      this.append(actions, status, red, hints);
      this.#parts = { run, box, onSave, hint, status, red, hints };
    }

    async #ask(what, method, body) {
      try {
        const response = await fetch(`/api/labs/${encodeURIComponent(this.getAttribute('lab'))}${what}`, {
          method,
          headers: { 'X-Course': '1', ...(body && { 'Content-Type': 'application/json' }) },
          body: body && JSON.stringify(body),
        });
        if (response.ok) this.#show(await response.json());
        else this.#parts.status.textContent = (await response.text()).trim();
      } catch {
        this.#gone();
      }
    }

    #gone() {
      const { run, box, hint, status } = this.#parts;
      for (const control of [run, box, hint]) control.disabled = true;
      status.textContent = 'The book’s server has ended. Start it again with “cargo book”.';
    }

    #show(state) {
      const { run, box, onSave, hint, status } = this.#parts;
      for (const stage of state.stages) {
        const item = this.querySelector(`[data-stage="${CSS.escape(stage.id)}"]`);
        if (!item) continue;
        item.dataset.verdict = stage.verdict;
        item.querySelector('.lab-verdict > span').textContent = `${VERDICTS[stage.verdict]}: `;
      }
      this.classList.toggle('changed', state.changed && !state.phase);
      this.setAttribute('aria-busy', String(Boolean(state.phase)));
      run.disabled = Boolean(state.phase);
      box.disabled = false;
      box.checked = state.onSave;
      onSave.hidden = state.watched;
      hint.hidden = !state.hints || state.hints.seen.length === state.hints.of;
      hint.disabled = false;
      if (state.hints) {
        const next = state.hints.seen.length + 1;
        hint.textContent = next === 1 ? `Hint for stage ${state.hints.number}` : `Hint ${next} of ${state.hints.of}`;
      }
      const said = this.#sentence(state);
      if (status.textContent !== said) status.textContent = said;
      this.#showRed(state);
      this.#showHints(state.hints);
      document.dispatchEvent(new CustomEvent('course-shown'));
    }

    #sentence(state) {
      const passed = state.stages.filter((stage) => stage.verdict === 'passed').length;
      const of = state.stages.length;
      if (state.phase === 'building') return 'Building…';
      if (state.phase) return `Running ${state.phase}…`;
      if (state.trouble) return 'There is no verdict.';
      const terminal = state.watched ? ' “cargo lab watch” runs it in your terminal.' : '';
      if (state.stages.every((stage) => stage.verdict === 'not-run')) return `Not run yet.${terminal}`;
      if (state.changed) return `Your files have changed since the last run.${terminal}`;
      if (passed === of) return `All ${of} stages pass. Compare with the reference: cargo lab diff ${state.name}`;
      return `${passed} of ${of} stages pass.${terminal}`;
    }

    #showRed(state) {
      const { red } = this.#parts;
      const key = JSON.stringify([state.trouble, state.red]);
      if (red.dataset.key === key) return;
      red.dataset.key = key;
      red.replaceChildren();
      if (state.trouble) {
        red.append(make('p', 'lab-red-title', 'Your program could not be run'), make('pre', 'lab-said', state.trouble));
        return;
      }
      if (!state.red) return;
      red.append(make('p', 'lab-red-title', `Stage ${state.red.number}, ${state.red.title}`));
      if (state.red.test) red.append(make('p', 'lab-test', state.red.test));
      red.append(make('pre', 'lab-said', state.red.said));
      if (state.red.wire) {
        const wire = make('details', 'lab-wire');
        wire.open = true;
        wire.append(make('summary', '', 'On the wire'), make('pre', '', state.red.wire.replace(/^on the wire,?\s*/, '')));
        red.append(wire);
      }
      if (state.red.others.length > 0) {
        const list = make('ul');
        for (const other of state.red.others) list.append(make('li', '', other));
        red.append(make('p', 'lab-others', 'Red as well:'), list);
      }
    }

    #showHints(hints) {
      const box = this.#parts.hints;
      const key = hints ? `${hints.stage} ${hints.seen.length}` : '';
      if (box.dataset.key === key) return;
      box.dataset.key = key;
      box.replaceChildren();
      hints?.seen.forEach((html, index) => {
        const hint = make('div', 'lab-hint');
        // From this page's own server, which made it of the course's lab.toml.
        hint.innerHTML = html;
        box.append(make('p', 'lab-hint-title', `Stage ${hints.number}, hint ${index + 1} of ${hints.of}`), hint);
        for (const code of hint.querySelectorAll('code')) window.hljs?.highlightBlock(code);
      });
    }
  }

  customElements.define('lab-card', LabCard);
})();
