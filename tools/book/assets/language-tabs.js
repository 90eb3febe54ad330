// The same in several languages, one at a time. The choice holds for every page.
(() => {
  'use strict';

  const KEY = 'course-language';
  const chosen = () => {
    try { return localStorage.getItem(KEY); } catch { return null; }
  };
  const choose = (language) => {
    try { localStorage.setItem(KEY, language); } catch { /* it then holds for this page */ }
  };
  let count = 0;

  class LanguageTabs extends HTMLElement {
    #tabs = [];

    connectedCallback() {
      if (this.#tabs.length > 0 || location.pathname.endsWith('/print.html')) return;
      const list = document.createElement('div');
      list.className = 'language-list';
      list.setAttribute('role', 'tablist');
      list.setAttribute('aria-label', 'Language');
      for (const panel of this.querySelectorAll(':scope > .language-panel')) {
        const id = `language-${++count}`;
        const tab = document.createElement('button');
        tab.type = 'button';
        tab.id = `${id}-tab`;
        tab.textContent = panel.dataset.language;
        tab.setAttribute('role', 'tab');
        tab.setAttribute('aria-controls', id);
        tab.addEventListener('click', () => this.#pick(tab));
        panel.id = id;
        panel.setAttribute('role', 'tabpanel');
        panel.setAttribute('aria-labelledby', tab.id);
        // Found by the browser's own search in the page, it comes to the front.
        panel.addEventListener('beforematch', () => this.#pick(tab));
        this.#tabs.push({ tab, panel });
        list.append(tab);
      }
      list.addEventListener('keydown', (event) => this.#key(event));
      this.prepend(list);
      this.classList.add('live');
      this.show(chosen()) || this.show(this.#tabs[0]?.tab.textContent);
    }

    // False when there is no such tab here.
    show(language) {
      if (!this.#tabs.some(({ tab }) => tab.textContent === language)) return false;
      for (const { tab, panel } of this.#tabs) {
        const on = tab.textContent === language;
        tab.setAttribute('aria-selected', String(on));
        tab.tabIndex = on ? 0 : -1;
        if (on) panel.removeAttribute('hidden');
        else panel.setAttribute('hidden', 'until-found');
      }
      document.dispatchEvent(new CustomEvent('course-shown'));
      return true;
    }

    #pick(tab) {
      const before = tab.getBoundingClientRect().top;
      choose(tab.textContent);
      for (const tabs of document.querySelectorAll('language-tabs')) tabs.show(tab.textContent);
      // Others above may have grown or shrunk: what was clicked stays under the pointer.
      scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: 'instant' });
    }

    #key(event) {
      const tabs = this.#tabs.map(({ tab }) => tab);
      const at = tabs.indexOf(event.target);
      const to = {
        ArrowLeft: at - 1,
        ArrowRight: at + 1,
        Home: 0,
        End: tabs.length - 1,
      }[event.key];
      if (to === undefined || at < 0) return;
      event.preventDefault();
      event.stopPropagation(); // mdBook would turn the page
      const tab = tabs[(to + tabs.length) % tabs.length];
      this.#pick(tab);
      tab.focus();
    }
  }

  customElements.define('language-tabs', LanguageTabs);
})();
