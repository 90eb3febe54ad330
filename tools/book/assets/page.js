// The page as a whole: news from the course's server where there is one, and what mdBook leaves
// to be done for a reader with a keyboard.
(() => {
  'use strict';

  // Code and tables that scroll sideways can be reached and scrolled with the keyboard.
  const reachable = () => {
    for (const box of document.querySelectorAll('main pre > code, main .table-wrapper, main pre')) {
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls && !box.hasAttribute('tabindex')) {
        box.tabIndex = 0;
        box.dataset.scrolls = '';
      } else if (!scrolls && 'scrolls' in box.dataset) {
        box.removeAttribute('tabindex');
        delete box.dataset.scrolls;
      }
    }
  };
  reachable();
  addEventListener('load', reachable);
  addEventListener('resize', reachable);
  document.addEventListener('course-shown', reachable);

  // The empty corner of a table heads nothing; Markdown cannot say so.
  for (const corner of document.querySelectorAll('main th')) {
    if (corner.textContent.trim() === '') corner.replaceWith(document.createElement('td'));
  }

  // mdBook's bar is no landmark, and its button for the table of contents no button.
  document.getElementById('mdbook-menu-bar')?.setAttribute('role', 'banner');
  const label = document.getElementById('mdbook-sidebar-toggle');
  const checkbox = document.getElementById('mdbook-sidebar-toggle-anchor');
  if (label && checkbox) {
    const button = document.createElement('button');
    const copy = () => {
      for (const { name, value } of label.attributes) {
        if (name !== 'for') button.setAttribute(name, value);
      }
    };
    copy();
    button.type = 'button';
    button.append(...label.childNodes);
    button.addEventListener('click', () => checkbox.click());
    label.replaceWith(button);
    // mdBook goes on to keep the label's state, which the button shows.
    new MutationObserver(copy).observe(label, { attributes: true });
  }

  const mark = document.querySelector('meta[name="course-server"]');
  if (!mark || location.pathname.endsWith('/print.html')) return;

  const card = document.querySelector('lab-card');
  const address = card ? `/api/events?lab=${encodeURIComponent(card.getAttribute('lab'))}` : '/api/events';
  let stream = null;

  const banner = document.createElement('div');
  banner.className = 'course-findings';
  banner.setAttribute('role', 'status');
  document.querySelector('main')?.before(banner);

  const show = (findings) => {
    banner.replaceChildren();
    if (findings.length === 0) return;
    const title = document.createElement('p');
    title.textContent = 'The sources have changed and are not a sound book yet. This is the last one that was.';
    const list = document.createElement('ul');
    for (const finding of findings) {
      const item = document.createElement('li');
      const place = document.createElement('code');
      place.textContent = `${finding.file}:${finding.line}`;
      item.append(place, ` ${finding.message}. Fix: ${finding.fix}.`);
      list.append(item);
    }
    banner.append(title, list);
  };

  const heard = (message) => {
    const news = JSON.parse(message.data);
    if (news.event === 'book' && news.build !== mark.content) {
      location.reload();
    } else if (news.event === 'findings') {
      show(news.findings);
    } else {
      document.dispatchEvent(new CustomEvent('course-news', { detail: news }));
    }
  };

  const listen = () => {
    if (stream) return;
    stream = new EventSource(address);
    stream.onmessage = heard;
    stream.onerror = () => document.dispatchEvent(new CustomEvent('course-news', { detail: { event: 'gone' } }));
  };
  const hush = () => {
    stream?.close();
    stream = null;
  };

  // A browser gives one site six connections, and each page here holds one: those without a card
  // let go of theirs while nobody looks at them.
  addEventListener('pagehide', hush);
  addEventListener('pageshow', listen);
  if (!card) {
    document.addEventListener('visibilitychange', () => (document.hidden ? hush() : listen()));
  }
  if (!document.hidden || card) listen();
})();
