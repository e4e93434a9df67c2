/**
 * `data import` of one-minute bars in Binance's layout: 5 million (431 MB), and 6.5 million (560 MB, beyond the longest
 * string of the engine). A process of its own, as a user starts it; its wall clock, its CPU time and its largest resident
 * memory, then every stored bar against the generator's. Bars: 60 s on a machine that does nothing else, and 400 MB.
 * Writes bench/results/import.json. `node bench/import.ts [ROWS ...]`
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Rng } from '../src/core/rng.ts';

const START_MS = Date.UTC(2014, 0, 1);
const MINUTE_MS = 60_000;
const CLI = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
/** Prints what the process used, as its last act. */
const REPORT = `data:text/javascript,${encodeURIComponent(`
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const used = { cpu: (userCPUTime + systemCPUTime) / 1e6, rss: maxRSS / 1024 };
    process.stderr.write('\\n' + JSON.stringify(used) + '\\n');
  });`)}`;

/** The bars of the file, in cents and thousandths: what a reader must find. */
function* generateBars(rows: number): Generator<number[]> {
  const rng = new Rng(7, 1);
  let price = 1_000_000;
  for (let i = 0; i < rows; i++) {
    const open = price;
    price = Math.max(10_000, price + rng.integer(2001) - 1000);
    const high = Math.max(open, price) + rng.integer(300);
    const low = Math.min(open, price) - rng.integer(300);
    yield [START_MS + i * MINUTE_MS, open, high, low, price, 1 + rng.integer(90_000), 1 + rng.integer(900)];
  }
}

function writeFile(path: string, rows: number): void {
  const file = openSync(path, 'w');
  let text = '';
  const cents = (value: number) => (value / 100).toFixed(2);
  for (const [timeMs, open, high, low, close, volume, trades] of generateBars(rows)) {
    const quote = ((volume / 1000) * (open + close)) / 200;
    text += `${timeMs},${cents(open)},${cents(high)},${cents(low)},${cents(close)},${(volume / 1000).toFixed(3)},${timeMs + MINUTE_MS - 1},${quote.toFixed(4)},${trades},0,0,0\n`;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
}

/** @throws where a stored bar isn't the generated one. */
function compare(database: string, rows: number): void {
  using db = new DatabaseSync(database, { readOnly: true });
  const select = db.prepare('SELECT time_ms, open, high, low, close, volume, trades FROM candle ORDER BY time_ms');
  select.setReturnArrays(true);
  const stored = select.iterate() as unknown as Iterator<number[]>;
  const scales = [1, 100, 100, 100, 100, 1000, 1];
  for (const bar of generateBars(rows)) {
    const row = stored.next().value as number[] | undefined;
    if (row === undefined || bar.some((value, k) => value / scales[k] !== row[k]))
      throw new Error(`stored ${row}, generated ${bar}`);
  }
  if (stored.next().done !== true) throw new Error('more is stored than was generated');
}

const folder = mkdtempSync(join(tmpdir(), 'tradernet-import-'));
const results = [];
for (const rows of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [5_000_000, 6_500_000]) {
  const path = join(folder, 'minutes.csv');
  writeFile(path, rows);
  const megabytes = Math.round(statSync(path).size / 1e6);
  const storage = join(folder, 'storage');
  const begun = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', REPORT, CLI, 'data', 'import', path, '--symbol', 'BTC/USDT', '--storage', storage],
    { encoding: 'utf8' },
  );
  const seconds = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(`the import ended with ${status}: ${stderr.slice(-500)}`);
  const used = JSON.parse(stderr.trim().split('\n').at(-1)!) as { cpu: number; rss: number };
  compare(join(storage, 'market.sqlite'), rows);
  const round = (value: number) => Math.round(10 * value) / 10;
  const result = {
    rows,
    megabytes,
    wallSeconds: round(seconds),
    cpuSeconds: round(used.cpu),
    peakMiB: Math.round(used.rss),
  };
  results.push(result);
  console.log(
    `${rows} bars, ${megabytes} MB: ${result.wallSeconds} s, ${result.cpuSeconds} s of CPU, ${result.peakMiB} MiB`,
  );
  rmSync(storage, { recursive: true });
  rmSync(path);
}
rmSync(folder, { recursive: true });
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
mkdirSync(new URL('results/', import.meta.url), { recursive: true });
writeFileSync(
  new URL('results/import.json', import.meta.url),
  `${JSON.stringify({ machine, commit, results }, null, 2)}\n`,
);
