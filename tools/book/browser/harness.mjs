// What the browser tests stand on: Chromium, the book's program, and a throw-away course.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '../../..');
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
const program = join(target, 'debug', process.platform === 'win32' ? 'book.exe' : 'book');

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 900 };

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`there is no Chromium at ${executablePath}; install it, or name one in CHROMIUM`);
  // Playwright gives each start an empty folder for the user's data.
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

function build() {
  if (!existsSync(program)) throw new Error(`${program} is missing; run “cargo build -p book” first`);
}

// A course to break and to solve: the lab tool's, with this crate's book.
export async function throwAwayCourse() {
  const folder = await mkdtemp(join(tmpdir(), 'book-browser-'));
  await cp(join(root, 'tools/lab/tests/course'), folder, { recursive: true });
  await cp(join(root, 'tools/book/tests/course'), folder, { recursive: true });
  for (const part of ['assets', 'theme']) {
    await cp(join(root, 'tools/book', part), join(folder, 'tools/book', part), { recursive: true });
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

// The book of a course, served; ended by `end`.
export async function serve(folder) {
  build();
  const child = spawn(program, ['serve', '--no-open', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, CARGO_TARGET_DIR: join(target, 'browser') },
  });
  const ended = once(child, 'exit');
  const said = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const url = line.match(/Serving (http:\S+)/)?.[1];
    if (url) {
      child.stderr.resume();
      return { url, end: async () => { child.kill('SIGINT'); await ended; } };
    }
  }
  throw new Error(`the server ended: ${said.join('\n')}`);
}

// The book of a course, written; opened from disk.
export async function buildBook(course = root) {
  build();
  const folder = await mkdtemp(join(tmpdir(), 'book-static-'));
  const out = join(folder, 'book');
  const built = spawnSync(program, ['build', '--out', out], { cwd: course, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  return { url: `${pathToFileURL(out)}/`, out, remove: () => rm(folder, { recursive: true, force: true }) };
}

// Every page of a built book, relative to it.
export async function pagesOf(out) {
  const files = await readdir(out, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name.endsWith('.html') && file.name !== 'toc.html')
    .map((file) => relative(out, join(file.parentPath, file.name)))
    .sort();
}

// A page that collects what must not happen.
export async function open(browser, url, options = {}) {
  const { theme, ...context } = options;
  const opened = await browser.newContext({ viewport: DESK, ...context });
  if (theme) await opened.addInitScript((name) => localStorage.setItem('mdbook-theme', name), theme);
  const page = await opened.newPage();
  const trouble = [];
  const loaded = [];
  const base = new URL('.', url);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) trouble.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const to = new URL(request.url());
    const inside = to.protocol === 'data:' || (base.protocol === 'file:' ? to.protocol === 'file:' : to.host === base.host);
    if (!inside) trouble.push(`request: ${request.url()}`);
  });
  page.on('response', (response) => loaded.push(response));
  await page.goto(url);
  return { page, trouble, loaded, close: () => opened.close() };
}

const axeSource = readFile(join(here, 'node_modules/axe-core/axe.min.js'), 'utf8');

// What axe-core finds, one line each.
export async function axe(page, within) {
  await page.evaluate(await axeSource);
  const result = await page.evaluate((selector) => globalThis.axe.run(selector ?? document), within);
  return result.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${[...node.any, ...node.all, ...node.none][0]?.message ?? node.html}`));
}
