// A term of the glossary: its definition on hover and on focus. It is a link all the same.
(() => {
  'use strict';

  let count = 0;

  class GlossaryTerm extends HTMLElement {
    #tip = null;
    #leaving = 0;

    connectedCallback() {
      const link = this.querySelector('a');
      if (!link || this.#tip || !HTMLElement.prototype.showPopover) return;
      this.#tip = document.createElement('span');
      this.#tip.id = `term-${++count}`;
      this.#tip.className = 'glossary-tip';
      this.#tip.setAttribute('role', 'tooltip');
      this.#tip.popover = 'manual';
      this.#tip.textContent = this.getAttribute('definition');
      link.setAttribute('aria-describedby', this.#tip.id);
      this.append(this.#tip);
      this.addEventListener('pointerenter', () => this.#show(link));
      this.addEventListener('pointerleave', () => this.#leave());
      link.addEventListener('focus', () => this.#show(link));
      link.addEventListener('blur', () => this.#hide());
      this.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') this.#hide();
      });
    }

    #show(link) {
      clearTimeout(this.#leaving);
      const tip = this.#tip;
      if (!tip.matches(':popover-open')) tip.showPopover();
      const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
      const box = tip.getBoundingClientRect();
      const left = Math.min(Math.max(8, at.left), innerWidth - box.width - 8);
      const below = at.bottom + 4;
      tip.style.left = `${left}px`;
      tip.style.top = `${below + box.height > innerHeight ? at.top - box.height - 4 : below}px`;
    }

    // The pointer may be on its way from the term to the definition.
    #leave() {
      this.#leaving = setTimeout(() => this.#hide(), 150);
    }

    #hide() {
      clearTimeout(this.#leaving);
      if (this.#tip.matches(':popover-open')) this.#tip.hidePopover();
    }
  }

  customElements.define('glossary-term', GlossaryTerm);
})();
