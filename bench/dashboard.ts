/**
 * The dashboard in Chromium, on the runs of the demo: what the page weighs, how soon it paints, how long all bars of a
 * run take to be decided again, how soon a slider shows its curve, how smoothly a chart pans, and what 200 clients at
 * once wait for an answer. Results in bench/results/dashboard.json.
 *
 *   npm run bench:dashboard
 *   npm run bench:dashboard -- --storage FOLDER      where the demo's runs are already
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { buildPage } from '../scripts/dashboard.ts';
import { serveDashboard } from '../src/dashboard/server.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { systemClock } from '../src/disk/system-clock.ts';
import { median } from './learn/results.ts';

const ROOT = resolve(import.meta.dirname, '..');
const MAIN = join(ROOT, 'src/cli/main.ts');
const PAGE = join(ROOT, 'dashboard/build');
const OUT = join(ROOT, 'bench/results/dashboard.json');
const TOKEN = 'a-token-of-the-bench-0123456789';
const RUN = 'exact-ensemble-SIGNAL1-s1-1';
const VISITS = 9;
const CLIENTS = 200;
const { values: flags } = parseArgs({
  options: { storage: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' } },
});

const made = flags.storage === undefined ? mkdtempSync(join(tmpdir(), 'tradernet-bench-')) : null;
const storage = flags.storage ?? (made as string);
const tradernet = (...args: string[]) =>
  execFileSync(process.execPath, [MAIN, ...args, '--storage', storage, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
if (made !== null) tradernet('demo');
tradernet('evaluate', '--checkpoint', RUN, '--shield', 'cautious', '--no-counterfactuals');

await buildPage();
const weights = Object.fromEntries(
  ['index.html', ...readdirSync(join(PAGE, 'assets')).map((name) => `assets/${name}`)].map((name) => {
    const bytes = readFileSync(join(PAGE, name));
    const packed = name.endsWith('.woff2') ? bytes.length : brotliCompressSync(bytes).length;
    return [name.replace(/-[\w-]{8}(?=\.)/, ''), packed];
  }),
);

const server = await serveDashboard({
  ...{ files: new NodeFileSystem(storage), storage, clock: systemClock, token: TOKEN, port: 0, version: 'bench' },
  ...{ page: PAGE, entry: MAIN, cwd: storage, env: process.env, firstJob: null },
});
const url = `http://127.0.0.1:${server.port}/`;
const browser = await chromium.launch({ executablePath: flags.chromium, args: ['--no-sandbox'] });

/** Each visit with a browser's memory of its own. */
async function visit(hash: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto(`${url}#token=${TOKEN}`);
  if (hash !== '') await page.evaluate((to) => location.assign(to), hash);
  return page;
}

const paints: number[] = [];
const lists: number[] = [];
for (let i = 0; i < VISITS; i++) {
  const page = await visit('');
  await page.locator('tbody tr.row').first().waitFor();
  lists.push(await page.evaluate(() => performance.now()));
  paints.push(
    await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN),
  );
  await page.context().close();
}

const page = await visit(`#/run/${RUN}`);
const begun = performance.now();
await page.getByText('bit by bit').waitFor();
const replayMs = performance.now() - begun;

const sliders: number[] = [];
for (const key of ['Home', 'End', 'Home', 'End', 'Home']) {
  const slider = page.locator('#w').getByRole('slider', { name: /order-rate/ });
  await slider.focus();
  await slider.press(key);
  const said = page.locator('#w').getByText(/bars in [\d,]+ ms/);
  await said.waitFor();
  await page.waitForTimeout(1_500);
  sliders.push(Number(/in ([\d,]+) ms/.exec(await said.innerText())?.[1].replaceAll(',', '')));
}

const chart = page.locator('.stack');
await chart.scrollIntoViewIfNeeded();
const box = (await chart.boundingBox()) as { x: number; y: number; width: number };
await page.mouse.move(box.x + 700, box.y + 100);
for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -200);
await page.evaluate(() => {
  const frames: number[] = [];
  Object.assign(globalThis, { frames });
  const tick = (ms: number) => {
    frames.push(ms);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
});
await page.mouse.down();
for (let i = 0; i < 240; i++) await page.mouse.move(box.x + 700 + 200 * Math.sin(i / 20), box.y + 100);
await page.mouse.up();
const frames = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames);
const gaps = frames.slice(1).map((ms, i) => ms - frames[i]);
await browser.close();

/** One client after the other on its own connection, all at once. */
async function ask(): Promise<number> {
  const from = performance.now();
  const response = await fetch(`${url}api/bots`, { headers: { authorization: `Bearer ${TOKEN}` } });
  await response.arrayBuffer();
  return performance.now() - from;
}
const waits = (
  await Promise.all(Array.from({ length: CLIENTS }, async () => [await ask(), await ask(), await ask()]))
).flat();
waits.sort((a, b) => a - b);
await server.close();
if (made !== null) rmSync(made, { recursive: true, force: true });

const round = (value: number, digits = 1) => Number(value.toFixed(digits));
const result = {
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: round(loadavg()[0]) },
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim(),
  compressedBytes: { ...weights, all: Object.values(weights).reduce((a, b) => a + b, 0) },
  firstPaintMs: { median: round(median(paints)), all: paints.map((ms) => round(ms)) },
  listShownMs: { median: round(median(lists)), all: lists.map((ms) => round(ms)) },
  replay: { run: RUN, bars: 9_000, ms: round(replayMs) },
  sliderMs: { bars: 9_000, median: median(sliders), all: sliders },
  pan: { bars: 9_000, framesPerSecond: round(1000 / median(gaps)), longestFrameMs: round(Math.max(...gaps)) },
  answers: { clients: CLIENTS, medianMs: round(median(waits)), p99Ms: round(waits[Math.floor(0.99 * waits.length)]) },
};
writeFileSync(OUT, `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));
