// Every page of the book, written and served, at the width of a phone and of a desk.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESK, PHONE, axe, buildBook, launch, open, pagesOf, root, serve } from './harness.mjs';

let browser, book, server, pages;

before(async () => {
  browser = await launch();
  book = await buildBook();
  server = await serve(root);
  pages = await pagesOf(book.out);
});
after(async () => {
  await browser?.close();
  await server?.end();
  await book?.remove();
});

async function sideways(page) {
  return page.evaluate(() => {
    const root = document.scrollingElement;
    const wide = [...document.querySelectorAll('main *')].filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('pre, .table-wrapper, [role=tablist], .lab-wire'));
    return { by: root.scrollWidth - root.clientWidth, wide: wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)) };
  });
}

for (const [name, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
  for (const from of ['disk', 'server']) {
    test(`every page on a ${name}, from ${from}: nothing in the console, nothing from elsewhere, no sideways scroll`, async () => {
      // A host shows its 404 page at any address, so that page names its files from the host's root.
      for (const path of pages.filter((page) => from === 'server' || page !== '404.html')) {
        const url = new URL(path, from === 'disk' ? book.url : server.url).href;
        const { page, trouble, close } = await open(browser, url, { viewport });
        assert.deepEqual(await sideways(page), { by: 0, wide: [] }, path);
        assert.deepEqual(trouble, [], path);
        await close();
      }
    });
  }
}

for (const theme of ['light', 'rust', 'coal', 'navy', 'ayu']) {
  test(`axe-core finds nothing in ${theme}`, async () => {
    const found = {};
    for (const path of pages.filter((page) => !['print.html', 'index.html', '404.html'].includes(page))) {
      const { page, close } = await open(browser, new URL(path, book.url).href, { theme });
      const violations = await axe(page);
      if (violations.length > 0) found[path] = violations;
      await close();
    }
    assert.deepEqual(found, {});
  });
}

test('a page and all it loads is at most 300 KB, the search index aside', async () => {
  for (const path of pages.filter((page) => page !== 'print.html')) {
    const { page, loaded, close } = await open(browser, new URL(path, server.url).href);
    await page.waitForLoadState('load');
    let bytes = 0;
    for (const response of loaded) {
      if (response.url().includes('searchindex') || response.url().includes('/api/')) continue;
      bytes += (await response.body()).length;
    }
    assert.ok(bytes <= 300_000, `${path}: ${bytes} bytes`);
    await close();
  }
});

test('without JavaScript every page can be read, and nothing is hidden', async () => {
  for (const path of pages) {
    const { page, trouble, close } = await open(browser, new URL(path, server.url).href, { javaScriptEnabled: false, viewport: PHONE });
    const hidden = await page.locator('main .language-panel:not(:visible), main .lab-stages > li:not(:visible), main .options label:not(:visible)').count();
    assert.equal(hidden, 0, path);
    assert.deepEqual(trouble, [], path);
    await close();
  }
});

test('the search finds a page', async () => {
  for (const base of [server.url, book.url]) {
    const { page, trouble, close } = await open(browser, new URL('introduction.html', base).href);
    await page.keyboard.press('/');
    await page.keyboard.type('deadline');
    await page.locator('#mdbook-searchresults li a').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/highlight=deadline/);
    assert.deepEqual(trouble, []);
    await close();
  }
});
