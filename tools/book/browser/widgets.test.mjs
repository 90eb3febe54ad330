// The book's own elements, in a throw-away course: with a pointer, with the keyboard alone, without
// a server, without JavaScript, in print.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, launch, open, serve, throwAwayCourse } from './harness.mjs';

let browser, course, server;
const at = (path) => new URL(path, server.url).href;
const ADDING = 'phase-1/01-counting/adding.html';
const LAB = 'phase-1/01-counting/lab.html';

before(async () => {
  browser = await launch();
  course = await throwAwayCourse();
  server = await serve(course.folder);
});
after(async () => {
  await browser?.close();
  await server?.end();
  await course?.remove();
});

const solve = (answer) => writeFile(
  join(course.folder, 'labs/counter/src/count.rs'),
  `//! What the learner writes.\n\npub fn add(a: i8, b: i8) -> Option<i8> {\n    ${answer}\n}\n`,
);

test('a lab card goes from red to green while the lab is solved behind it', async () => {
  const { page, trouble, close } = await open(browser, at(LAB));
  const card = page.locator('lab-card');
  const status = card.getByRole('status');
  const stage = (id) => card.locator(`[data-stage="${id}"]`);
  await status.filter({ hasText: 'Not run yet.' }).waitFor();

  await card.getByRole('button', { name: 'Run', exact: true }).press('Enter');
  await status.filter({ hasText: '0 of 2 stages pass.' }).waitFor({ timeout: 60_000 });
  assert.equal(await stage('add').getAttribute('data-verdict'), 'failed');
  assert.match(await card.locator('.lab-said').innerText(), /stage 1/);
  assert.deepEqual(await axe(page), []);

  await solve('Some(a.wrapping_add(b))');
  await status.filter({ hasText: '1 of 2 stages pass.' }).waitFor({ timeout: 60_000 });
  assert.match(await stage('add').innerText(), /^passed:/);
  assert.match(await card.locator('.lab-red-title').innerText(), /Stage 2, Say when it does not fit/);

  await solve('Some(a.wrapping_add(b)');
  await card.getByText('Your program could not be run').waitFor({ timeout: 60_000 });
  assert.match(await card.locator('.lab-said').innerText(), /count\.rs:4/);

  for (const of of [1, 2, 3]) {
    await card.locator('.lab-ask-hint').click();
    await card.getByText(`Stage 2, hint ${of} of 3`).waitFor();
  }
  assert.equal(await card.locator('.lab-ask-hint').isVisible(), false);

  await solve('a.checked_add(b)');
  await status.filter({ hasText: 'All 2 stages pass.' }).waitFor({ timeout: 60_000 });
  assert.equal(await card.locator('.lab-red').innerText(), '');
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(trouble, []);
  await close();
});

test('a page reloads when its source changes, and says what is wrong instead when it cannot', async () => {
  const { page, close } = await open(browser, at('introduction.html'));
  const source = join(course.folder, 'src/introduction.md');
  const text = await readFile(source, 'utf8');
  try {
    await writeFile(source, text.replace('Begin with', 'Start with'));
    await page.getByText('Start with').waitFor();
    await writeFile(source, text.replace('index.md', 'nowhere.md'));
    await page.locator('.course-findings').getByText('src/introduction.md:3').waitFor();
    assert.deepEqual(await axe(page), []);
  } finally {
    await writeFile(source, text);
  }
  await page.getByText('Begin with').waitFor();
  await close();
});

test('tabs are chosen with arrows, hold everywhere, and do not turn the page', async () => {
  const { page, trouble, close } = await open(browser, at(ADDING));
  const rust = page.getByRole('tab', { name: 'Rust' });
  const go = page.getByRole('tab', { name: 'Go' });
  await rust.focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await go.getAttribute('aria-selected'), 'true');
  assert.ok(await go.evaluate((tab) => tab === document.activeElement));
  const panel = page.locator('[role=tabpanel]:not([hidden])');
  assert.equal(await panel.count(), 1);
  assert.match(await panel.innerText(), /return a \+ b/);
  assert.equal(page.url(), at(ADDING));
  await page.reload();
  assert.equal(await page.getByRole('tab', { name: 'Go' }).getAttribute('aria-selected'), 'true');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.language-panel:visible').count(), 2);
  assert.equal(await page.locator('.language-name:visible').count(), 2);
  assert.deepEqual(trouble, []);
  await close();
});

test('a quiz explains every option, remembers, and starts over', async () => {
  const { page, trouble, close } = await open(browser, at(ADDING));
  const [single, multiple, short] = await page.locator('form.question').all();
  const check = (question) => question.getByRole('button', { name: 'Check' });

  await check(single).click();
  await single.getByText('Give an answer first.').waitFor();
  await single.getByRole('radio').nth(1).check();
  await check(single).click();
  await single.getByRole('status').filter({ hasText: 'Not yet.' }).waitFor();
  assert.match(await single.locator('.because').innerText(), /^Wrong: That is what text would do\./);

  // With the keyboard alone: arrows choose, Enter checks, and the page stays.
  await single.getByRole('radio').nth(1).focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await single.getByRole('status').filter({ hasText: 'Right.' }).waitFor();
  assert.equal(await single.locator('.because').count(), 2);
  assert.equal(page.url(), at(ADDING));

  await multiple.getByRole('checkbox').nth(0).check();
  await check(multiple).click();
  await multiple.getByText('Something is missing.').waitFor();
  await multiple.getByRole('checkbox').nth(2).check();
  await check(multiple).click();
  assert.equal(await multiple.locator('.because').count(), 3);

  const answer = short.getByRole('textbox', { name: 'Your answer' });
  await answer.fill('255');
  await answer.press('Enter');
  await short.getByText('Zero is a value too.').waitFor();
  await answer.fill(' 256 ');
  await answer.press('Enter');
  await short.getByText('Eight bits.').waitFor();
  await page.getByText('3 of 3 right.').waitFor();
  assert.deepEqual(await axe(page), []);

  await page.reload();
  await page.getByText('3 of 3 right.').waitFor();
  await page.getByRole('button', { name: 'Start over' }).click();
  assert.equal(await page.locator('.because').count(), 0);
  assert.equal(await page.locator('main input:checked').count(), 0);
  assert.deepEqual(trouble, []);
  await close();
});

test('the answers are not in the page, and the back of the book has them', async () => {
  const { page, close } = await open(browser, at(ADDING), { javaScriptEnabled: false });
  assert.doesNotMatch(await page.content(), /Count your fingers/);
  await page.getByRole('link', { name: 'a page at the book’s end' }).click();
  await page.getByText('Right: 5. Count your fingers.').waitFor();
  await close();
});

test('a term shows its definition on focus and on hover, and Escape takes it away', async () => {
  const { page, trouble, close } = await open(browser, at('introduction.html'));
  const term = page.getByRole('link', { name: 'overflow' });
  const tip = page.getByRole('tooltip');
  await term.focus();
  await tip.filter({ hasText: 'A result that does not fit its type.' }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('Escape');
  assert.equal(await tip.isVisible(), false);
  await term.hover();
  await tip.waitFor();
  await term.click();
  await page.waitForURL(/appendix\/glossary\.html#overflow$/);
  assert.deepEqual(trouble, []);
  await close();
});

test('hints open one after the other, with the keyboard', async () => {
  const { page, close } = await open(browser, at(LAB));
  const hints = page.locator('lab-hints');
  assert.equal(await hints.locator('.lab-hint:visible').count(), 0);
  for (const seen of [1, 2, 3]) {
    await hints.locator('summary:visible').last().focus();
    await page.keyboard.press('Enter');
    assert.equal(await hints.locator('.lab-hint:visible').count(), seen);
  }
  await close();
});

test('without JavaScript, and in print, a card shows the stages and the command', async () => {
  const { page, close } = await open(browser, at(LAB), { javaScriptEnabled: false });
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.lab-stages > li:visible').count(), 2);
  assert.equal(await page.locator('lab-card .lab-command').innerText(), 'cargo lab test counter');
  assert.equal(await page.locator('lab-hints').isVisible(), false);
  await close();
});

test('when the server ends, the card says so', async () => {
  const other = await serve(course.folder);
  const { page, close } = await open(browser, new URL(LAB, other.url).href);
  await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
  await other.end();
  await page.locator('lab-card').getByText('Start it again with “cargo book”').waitFor({ timeout: 20_000 });
  assert.ok(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled());
  await close();
});
