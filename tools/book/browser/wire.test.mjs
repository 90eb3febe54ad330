// The widgets of the wire, in a throw-away course: with a pointer, with the keyboard alone, on a
// phone, with what a reader may type that is wrong, without JavaScript, in print, from disk.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, axe, buildBook, launch, open, serve, throwAwayCourse } from './harness.mjs';

let browser, course, server, book;
const MESSAGES = 'phase-1/02-wire/index.html';
const CONNECTION = 'phase-1/02-wire/connection.html';
const CALLS = 'phase-1/02-wire/calls.html';
const WIDGETS = { [MESSAGES]: ['varint-bench', 'protobuf-explorer'], [CONNECTION]: ['hpack-table', 'flow-control'], [CALLS]: ['call-timeline'] };
const at = (path) => new URL(path, server.url).href;

before(async () => {
  browser = await launch();
  course = await throwAwayCourse();
  server = await serve(course.folder);
  book = await buildBook(course.folder);
});
after(async () => {
  await browser?.close();
  await server?.end();
  await book?.remove();
  await course?.remove();
});

// A page with the first widget of that name; its test ends with `done`.
async function widget(name, options) {
  const path = Object.keys(WIDGETS).find((page) => WIDGETS[page].includes(name));
  const { page, trouble, close } = await open(browser, at(path), options);
  const box = page.locator(name).first();
  const says = box.locator('.widget-live > [role=status]').first();
  const done = async () => {
    assert.deepEqual(await axe(page, 'main'), []);
    assert.deepEqual(trouble, []);
    assert.equal(page.url(), at(path), 'no key has turned the page');
    await close();
  };
  return { page, box, says, done };
}

const cells = (rows) => rows.evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));

for (const viewport of [undefined, PHONE]) {
  const where = viewport ? 'on a phone' : 'at a desk';

  test(`varint, ${where}: a number shows its bytes, and bytes their number`, async () => {
    const { box, says, done } = await widget('varint-bench', viewport && { viewport });
    const [number, bytes, type] = [box.getByLabel('Number'), box.getByLabel('Bytes, in hexadecimal'), box.getByLabel('Type')];
    assert.equal(await number.inputValue(), '-150');
    assert.equal(await bytes.inputValue(), 'ab 02');
    await says.filter({ hasText: 'ZigZag makes -150 into 299.' }).waitFor();

    await type.selectOption('int64');
    assert.equal(await bytes.inputValue(), 'ea fe ff ff ff ff ff ff ff 01');
    assert.equal(await box.locator('.varint-bytes > li').count(), 10);
    await number.fill('300');
    assert.equal(await bytes.inputValue(), 'ac 02');
    await box.getByRole('button', { name: '+ 1' }).click();
    assert.equal(await bytes.inputValue(), 'ad 02');
    await bytes.fill('0xFF 0x01');
    assert.equal(await number.inputValue(), '255');
    assert.match(await box.locator('.varint-bytes > li').first().innerText(), /ff\s+1 111 1111\s+bits 0 to 6; another follows/);
    await done();
  });

  test(`protobuf, ${where}: a field that is edited changes its bytes, and a byte says what it is`, async () => {
    const { page, box, says, done } = await widget('protobuf-explorer', viewport && { viewport });
    const bytes = box.getByLabel('The same');
    const cell = (n) => box.locator('.widget-bytes > button').nth(n);
    assert.equal(await bytes.inputValue(), '08 96 01 12 03 41 64 61 18 01 22 07 0a 03 74 65 61 10 02 2a 03 03 8e 02 40 01 50 01');

    await box.getByLabel('customer').fill('Zoë');
    assert.match(await bytes.inputValue(), /^08 96 01 12 04 5a 6f c3 ab 18 01/);
    assert.equal(await box.locator('.widget-bytes > .marked').count(), 6, 'the bytes of the field that is edited');
    for (const [n, told] of [
      [0, 'Byte 0, of number (field 1, varint): tag 08, 0000 1000 in binary: field number 1, then 000 for wire type 0.'],
      [2, 'Byte 2, of number (field 1, varint): value 150: a varint, seven bits of each of 2 bytes, the lowest first.'],
      [4, 'Byte 4, of customer (field 2, length-delimited): length: the value has 4 bytes.'],
      [7, 'Byte 7, of customer (field 2, length-delimited): value "Zoë": 4 bytes of UTF-8.'],
      [15, 'Byte 15, of items.name (field 1, length-delimited): value "tea": 3 bytes of UTF-8.'],
    ]) {
      await cell(n).hover();
      await says.filter({ hasText: told }).waitFor();
    }
    await box.getByLabel('balance').fill('-2');
    assert.match(await bytes.inputValue(), /50 03$/);
    await box.getByLabel('payment').selectOption('PAYMENT_INVOICE (2)');
    assert.match(await bytes.inputValue(), /18 02/);
    await box.getByLabel('payment').selectOption('PAYMENT_UNSPECIFIED (0)');
    assert.doesNotMatch(await bytes.inputValue(), /18 0[012]/, 'a default is not sent');

    // One of a oneof: the other goes, and the reader stays where they type.
    await box.getByLabel('address').pressSequentially('here');
    assert.equal(await box.getByLabel('address').inputValue(), 'here');
    assert.equal(await box.getByLabel('collect').inputValue(), '');
    assert.match(await bytes.inputValue(), /3a 04 68 65 72 65/);

    // A field that can tell "not set" from 0.
    await box.getByLabel('floor').fill('0');
    assert.match(await bytes.inputValue(), /48 00/);
    await box.getByLabel('floor').fill('');
    assert.doesNotMatch(await bytes.inputValue(), /48 00/);

    await box.getByRole('button', { name: 'Start over' }).click();
    assert.match(await bytes.inputValue(), /^08 96 01 12 03 41 64 61/);
    assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth), 0);
    await done();
  });

  test(`HPACK, ${where}: the second request is short, because of the table that the first has filled`, async () => {
    const { box, says, done } = await widget('hpack-table', viewport && { viewport });
    await says.filter({ hasText: '78 bytes, for fields that are 176 bytes long as text. The table holds 4 entries, 213 of 4096 bytes.' }).waitFor();
    await box.getByRole('button', { name: 'Next block' }).click();
    await says.filter({ hasText: '36 bytes, for fields that are 179 bytes long as text.' }).waitFor();
    assert.ok(await box.locator('.widget-live').getByText('entry 62 of the table').isVisible());
    await done();
  });

  test(`flow control, ${where}: stream 3 starves, and is fed again`, async () => {
    const { box, says, done } = await widget('flow-control', viewport && { viewport });
    const told = await cells(box.locator('.widget-plain tbody tr'));
    for (let round = 1; round <= told.length; round++) await box.getByRole('button', { name: 'Next round' }).click();
    assert.deepEqual(await cells(box.locator('.widget-live tbody tr')), told, 'as the text says that stands in the page without scripts');
    await says.filter({ hasText: 'Stream 3 starves: its own window has 65,535 bytes, the connection’s has none.' }).waitFor();

    await box.getByLabel('read stream 1').check();
    await box.getByRole('button', { name: 'Next round' }).click();
    await says.filter({ hasText: 'stream 1 sent 16,384 bytes, stream 3 sent 16,384.' }).waitFor();

    // A receiver that does not wait with the connection's window: only the stream stands still.
    await box.getByRole('button', { name: 'Start over' }).click();
    await box.getByLabel('Its bytes are given back').selectOption('as soon as bytes arrive');
    for (let round = 1; round <= 6; round++) await box.getByRole('button', { name: 'Next round' }).click();
    await says.filter({ hasText: 'Stream 1 waits for its own window: nobody reads it.' }).waitFor();
    assert.deepEqual((await cells(box.locator('.widget-live tbody tr'))).at(-1), ['6', '0', '16384', '65535', '0', '65535']);
    await done();
  });

  test(`timeline, ${where}: a frame opens to its bytes, and a byte to its meaning`, async () => {
    const { page, box, says, done } = await widget('call-timeline', viewport && { viewport });
    await says.filter({ hasText: /^All 19 frames, in / }).waitFor();
    const REQUEST = { name: /DATA.*AddRequest \{ a: 2, b: -1 \}/ };
    const request = box.getByRole('button', REQUEST);
    await request.click();
    const frame = box.locator('li').filter({ has: page.getByRole('button', REQUEST) });
    for (const [n, told] of [[14, '08: the tag of a: field 1, varint.'], [20, 'ff ff ff ff ff ff ff ff ff 01: b = -1.']]) {
      await frame.locator('.widget-bytes > button').nth(n).hover();
      await frame.getByRole('status').filter({ hasText: told }).waitFor();
    }
    assert.match(await frame.innerText(), /may send 65517 bytes on the connection, and 65517 bytes on this stream/);

    await box.getByRole('button', { name: /HEADERS.*Divide/ }).click();
    assert.ok(await box.locator('.widget-live').getByText('entry 65 of the table').isVisible());
    await box.getByLabel('Show').selectOption('stream 3');
    assert.equal(await box.locator('.timeline-events > li:visible').count(), 4);
    await request.waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth), 0);
    await done();
  });
}

// The keyboard alone

test('protobuf, by keyboard: through the bytes with arrows, messages added and removed, the focus never lost', async () => {
  const { page, box, says, done } = await widget('protobuf-explorer');
  const cell = (n) => box.locator('.widget-bytes > button').nth(n);
  const focused = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.dataset.path);
  await cell(0).focus();
  for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowRight');
  assert.match(await says.innerText(), /^Byte 3, of customer \(field 2, length-delimited\): tag 12/);
  await page.keyboard.press('End');
  assert.match(await says.innerText(), /^Byte 27, of balance \(field 10, varint\): value -1: a varint, one byte, so the highest bit is 0, and ZigZag makes 1 into it\.$/);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'TEXTAREA', 'the bytes are one stop');
  assert.equal(await box.locator('.widget-bytes > button[tabindex="0"]').count(), 1);

  await box.getByRole('button', { name: 'Add replaces' }).press('Enter');
  assert.equal(await focused(), 'Remove replaces');
  await page.keyboard.press('Tab');
  await page.keyboard.type('7');
  assert.match(await box.getByLabel('The same').inputValue(), /a2 01 02 08 07$/);
  await box.getByRole('button', { name: 'Remove replaces' }).press('Enter');
  assert.equal(await focused(), 'Add replaces');

  await box.getByRole('button', { name: 'Add to points' }).press('Enter');
  assert.equal(await focused(), '.points.0.key');
  await page.keyboard.type('tea');
  await page.keyboard.press('Tab');
  await page.keyboard.type('9');
  assert.match(await box.getByLabel('The same').inputValue(), /32 07 0a 03 74 65 61 10 09/);
  await box.getByRole('button', { name: 'Remove points 1' }).press('Enter');
  assert.equal(await focused(), 'Add to points');
  await box.getByRole('button', { name: 'Remove coupons 1' }).press('Enter');
  assert.match(await box.getByLabel('The same').inputValue(), /2a 02 8e 02/);
  await done();
});

test('HPACK, by keyboard: fields of one’s own fill the table and push the old ones out', async () => {
  const { page, box, says, done } = await widget('hpack-table');
  await box.getByRole('button', { name: 'Next block' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Back', 'a button that is of no more use hands the focus on');

  const send = async (name, value) => {
    await box.getByLabel('Name', { exact: true }).fill(name);
    await box.getByLabel('Value').fill(value);
    await page.keyboard.press('Enter');
  };
  await send('x-trace', 'a1');
  await says.filter({ hasText: 'The table holds 5 entries, 254 of 4096 bytes.' }).waitFor();
  await send('x-trace', 'a1');
  await says.filter({ hasText: /^1 byte, for fields that are 13 bytes long as text\./ }).waitFor();

  await box.getByLabel('Size of the table').selectOption('128 bytes');
  assert.match(await says.innerText(), /of 128 bytes\.$/);
  await send('x-long', 'b'.repeat(60));
  assert.match(await box.locator('.widget-live').innerText(), /had to go/);
  await says.filter({ hasText: 'The table holds 1 entry, 98 of 128 bytes.' }).waitFor();
  await box.getByLabel('How').selectOption('never add it');
  await send('authorization', 'secret');
  assert.match(await box.locator('.widget-live').innerText(), /written out, its name from entry 23, and never to be added/);
  await says.filter({ hasText: 'The table holds 1 entry, 98 of 128 bytes.' }).waitFor();

  await box.getByRole('button', { name: 'Start over' }).press('Enter');
  await says.filter({ hasText: '213 of 4096 bytes' }).waitFor();
  await done();
});

test('timeline, by keyboard: step by step, there and back, and a play that ends', async () => {
  const { page, box, says, done } = await widget('call-timeline');
  const visible = () => box.locator('.timeline-events > li:visible').count();
  await box.getByRole('button', { name: 'Back' }).focus();
  await page.keyboard.press('Enter');
  await says.filter({ hasText: '18 of 19 frames' }).waitFor();
  assert.equal(await visible(), 18);
  await box.getByRole('button', { name: 'Next frame' }).press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Back');

  const frame = box.locator('.timeline-frame').first();
  await frame.press('Enter');
  assert.equal(await frame.getAttribute('aria-expanded'), 'true');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  assert.match(await box.locator('.timeline-detail [role=status]').first().innerText(), /the length of what follows these nine bytes: 24/);
  await frame.press('Enter');
  assert.equal(await frame.getAttribute('aria-expanded'), 'false');

  await box.getByRole('button', { name: 'Play' }).press('Enter');
  await box.getByRole('button', { name: 'Pause' }).waitFor();
  await says.filter({ hasText: /^[2-9] of 19 frames/ }).waitFor();
  await box.getByRole('button', { name: 'Pause' }).press('Enter');
  await box.getByRole('button', { name: 'Show all' }).press('Enter');
  assert.equal(await visible(), 19);
  await done();
});

test('flow control plays until nobody may send', async () => {
  const { box, says, done } = await widget('flow-control');
  await box.getByRole('button', { name: 'Play' }).press('Enter');
  await says.filter({ hasText: 'Stream 3 starves' }).waitFor();
  await says.filter({ hasText: /^Round 5: Stream 1 waits for its own window: nobody reads it\. Stream 3 starves/ }).waitFor();
  await box.getByRole('button', { name: 'Play' }).waitFor();
  await done();
});

// What a reader may type that is wrong

test('a varint that is none says why', async () => {
  const { box, done } = await widget('varint-bench');
  const trouble = box.getByRole('alert');
  for (const [label, text, why] of [
    ['Number', 'ten', 'Write a whole number, in digits.'],
    ['Number', '9223372036854775808', 'sint64 goes from -9223372036854775808 to 9223372036854775807.'],
    ['Bytes, in hexadecimal', '80', 'The last byte has its highest bit set, which says that another follows.'],
    ['Bytes, in hexadecimal', '01 02', 'The varint ends with byte 1: its highest bit is 0. 1 byte too many.'],
    ['Bytes, in hexadecimal', 'ff'.repeat(11), '64 bits are ten bytes at most'],
    ['Bytes, in hexadecimal', 'xy', '“x” is no hexadecimal digit'],
    ['Bytes, in hexadecimal', '', 'Write at least one byte.'],
  ]) {
    await box.getByLabel(label).fill(text);
    await trouble.filter({ hasText: why }).waitFor();
    assert.equal(await box.getByLabel(label).getAttribute('aria-invalid'), 'true');
    if (label !== 'Number') assert.equal(await box.getByLabel('Number').inputValue(), '-150', 'the other side stays');
    await box.getByLabel('Number').fill('-150');
    assert.equal(await trouble.innerText(), '');
  }
  await done();
});

test('bytes that are no message say where, why, and what it may be', async () => {
  const { box, done } = await widget('protobuf-explorer');
  const trouble = box.getByRole('alert');
  const bytes = box.getByLabel('The same');
  for (const [text, why, teaches] of [
    ['00 00 00 00 02 08 01', 'Byte 0: 0 is no field number.', 'Do the bytes begin with gRPC’s prefix?'],
    ['08 01 12 05 41', 'Byte 2: field 2 announces 5 bytes, and the message ends after 1.', 'The length is too large, or bytes are missing'],
    ['08 96', 'Byte 0: the message ends inside a varint.', 'the bytes were cut'],
    ['0f', 'Byte 0: field 1 has wire type 7, which does not exist.', 'The lowest three bits of a tag'],
    ['61 00', 'Byte 0: the message ends inside a value of 8 bytes.', 'a fixed64 or double eight'],
    ['08 961', '“961” has 3 digits', ''],
    ['zz', '“z” is no hexadecimal digit', ''],
    ['00'.repeat(1025), 'these are 1025 bytes, and the explorer takes 1024', ''],
  ]) {
    await bytes.fill(text);
    await trouble.filter({ hasText: why }).waitFor();
    assert.ok((await trouble.innerText()).includes(teaches), text);
    assert.equal(await bytes.getAttribute('aria-invalid'), 'true');
  }
  // What can be read is shown.
  await bytes.fill('08 05 12 02 c3 28 c8 01 05 0d 01 00 00 00');
  assert.equal(await trouble.innerText(), '');
  assert.equal(await box.getByLabel('number').first().inputValue(), '5');
  assert.deepEqual(await box.locator('.widget-problems > li').allInnerTexts(), [
    'Byte 2: a string that is not UTF-8.',
    'Byte 6: field 25 is not in Order (varint 5).',
    'Byte 9: uint32 is written as varint, not 32-bit.',
  ]);
  await box.getByLabel('customer').fill('a');
  assert.match(await bytes.inputValue(), /c8 01 05/, 'what the contract does not know is kept');

  await box.getByLabel('number').first().fill('4294967296');
  await box.getByText('uint32 goes from 0 to 4294967295. The bytes are still those of the value before.').waitFor();
  await box.getByLabel('number').first().fill('1');
  assert.equal(await box.locator('.protobuf-form [aria-invalid]').count(), 0);
  await done();
});

test('a header name that HTTP/2 refuses is refused', async () => {
  const { box, done } = await widget('hpack-table');
  await box.getByLabel('Name', { exact: true }).fill('X-Trace');
  await box.getByRole('button', { name: 'Send' }).click();
  await box.getByRole('alert').filter({ hasText: 'letters in lower case' }).waitFor();
  assert.equal(await box.getByLabel('Name', { exact: true }).getAttribute('aria-invalid'), 'true');
  await done();
});

// The pages

test('the explorer’s first bytes are those that the contract’s compiler made', async () => {
  const { box, done } = await widget('protobuf-explorer');
  const made = await box.locator('script').evaluate((script) => JSON.parse(script.textContent).bytes);
  // Taken apart and put together again by the script.
  await box.getByLabel('floor').fill('1');
  await box.getByLabel('floor').fill('');
  assert.equal(await box.getByLabel('The same').inputValue(), made);
  await done();
});

for (const theme of ['light', 'rust', 'coal', 'navy', 'ayu']) {
  test(`axe-core finds nothing in ${theme}, opened and in trouble`, async () => {
    for (const path of Object.keys(WIDGETS)) {
      const { page, trouble, close } = await open(browser, at(path), { theme });
      for (const box of await page.locator('call-timeline').all()) await box.locator('.timeline-frame').nth(3).click();
      for (const control of await page.locator('protobuf-explorer textarea, varint-bench input').all()) await control.fill('0f zz');
      for (const next of await page.getByRole('button', { name: /^Next (round|block)$/ }).all()) await next.click();
      assert.deepEqual(await axe(page, 'main'), [], path);
      assert.deepEqual(trouble, []);
      await close();
    }
  });
}

test('from disk the widgets are live, and a page without them does not carry their scripts', async () => {
  for (const [path, names] of Object.entries(WIDGETS)) {
    const { page, trouble, close } = await open(browser, new URL(path, book.url).href, { viewport: PHONE });
    for (const name of names) assert.equal(await page.locator(`${name}:not(.live)`).count(), 0, name);
    assert.ok(await page.locator(names[0]).count() > 0);
    assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth), 0, path);
    assert.deepEqual(trouble, []);
    await close();
  }
  const { page, close } = await open(browser, new URL('introduction.html', book.url).href);
  assert.equal(await page.evaluate(() => globalThis.courseWidget), undefined);
  await close();
});

test('without JavaScript every widget is a table, and in print as well', async () => {
  for (const [path, names] of Object.entries(WIDGETS)) {
    for (const javaScriptEnabled of [false, true]) {
      const { page, trouble, close } = await open(browser, at(path), { javaScriptEnabled });
      if (javaScriptEnabled) await page.emulateMedia({ media: 'print' });
      for (const name of names) {
        assert.ok(await page.locator(`${name} .widget-plain table`).first().isVisible(), name);
        assert.equal(await page.locator(`${name} .widget-live:visible`).count(), 0, name);
      }
      assert.deepEqual(trouble, []);
      await close();
    }
  }
  const { page, trouble, close } = await open(browser, at('print.html'));
  assert.equal(await page.locator('.widget-live').count(), 0);
  assert.ok(await page.locator('call-timeline table').first().isVisible());
  assert.deepEqual(trouble, []);
  await close();
});

test('a page with widgets and all it loads is at most 300 KB', async () => {
  for (const path of Object.keys(WIDGETS)) {
    const { page, loaded, close } = await open(browser, at(path));
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
