/**
 * A newcomer's afternoon: every line of the README and every example of every `--help`, as they stand, from the first to
 * the last, in a fresh clone. Half an hour, so it is a command of its own: `npm run test:paths`. What can't be run says why.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.ts';
import { readCommandLine } from '../src/cli/parse-flags.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNS_PATHS = process.env.TRADERNET_TEST_PATHS === '1';
/** The longest line trains twelve agents. */
const LONG = { timeout: 45 * 60_000 } as const;

const base = mkdtempSync(join(tmpdir(), 'tradernet-afternoon-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** The files that a clone would have, as they are now, by their paths. */
function clone(name: string): Map<string, Buffer> {
  const folder = join(base, name);
  const files = new Map<string, Buffer>();
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of String(list)
    .split('\0')
    .filter((path) => path !== '')) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file), { force: true });
    files.set(file, readFileSync(join(folder, file)));
  }
  return files;
}

/** As typed into a shell of the machine, without what this test's own npm and Node put into the environment. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE|VITEST|TRADERNET|INIT_CWD|FORCE_COLOR|TEST)/i.test(name),
  ),
);

function run(line: string, cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', line], { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-20_000);
      });
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function mustRun(line: string, cwd: string): Promise<string> {
  const { code, output } = await run(line, cwd);
  expect({ line, code, output: code === 0 ? '' : output }).toEqual({ line, code: 0, output: '' });
  return output;
}

/** Hourly candles as Binance's own archive has them, of the years that the README speaks of. */
async function writeBitcoin(folder: string, file: string): Promise<void> {
  const tradernet = `${process.execPath} ${join(folder, 'src/cli/main.ts')}`;
  const other = `--storage ${join(base, 'bitcoin')}`;
  await mustRun(`${tradernet} data synth --symbol B --bars 41500 --start 2021-01-01 --no-trends ${other}`, folder);
  await mustRun(`${tradernet} data export --symbol B --out ${file} ${other}`, folder);
}

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const lines = [...readme.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block]) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '' && !line.startsWith('#'));

/** Lines that are not run, each with its reason. */
const EXCEPT: Readonly<Record<string, string>> = {
  'npm ci && npm test': 'this is what it runs',
  'npm run notebook': 'it opens a browser; `npm run notebook -- --execute` runs the same cells',
};
const hasJupyter = spawnSync('jupyter', ['nbconvert', '--version']).status === 0;

describe.skipIf(!RUNS_PATHS)('the README in a fresh clone (half an hour: npm run test:paths)', () => {
  const folder = join(base, 'clone');
  let files: Map<string, Buffer>;
  beforeAll(async () => {
    files = clone('clone');
    await writeBitcoin(ROOT, join(folder, 'BTCUSDT-1h.csv'));
  }, LONG.timeout);

  it('has lines to run', () => expect(lines.length).toBeGreaterThan(15));

  it.each(lines.filter((line) => EXCEPT[line] === undefined))('%s', LONG, async (line) => {
    if (line.includes('--execute') && !hasJupyter) throw new Error('jupyter nbconvert is missing');
    await mustRun(line, folder);
  });

  it('leaves the clone as it was, but for what is ignored', () => {
    const changed = [...files].filter(([path, bytes]) => !readFileSync(join(folder, path)).equals(bytes));
    expect(changed.map(([path]) => path)).toEqual([]);
  });
});

/** Files that the examples of `data import` name, of the kinds that they stand for. */
function writeFiles(folder: string): void {
  const hour = (i: number) =>
    new Date(Date.UTC(2024, 0, 1) + i * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const rows = Array.from({ length: 300 }, (_, i) => ({ time: hour(i), price: 40_000 + 100 * Math.sin(i / 7) + i }));
  const coinbase = rows.map(
    ({ time, price }) =>
      `${time},BTC/USD,${[price, price + 9, price - 9, price + 1].map((one) => one.toFixed(2)).join(',')},${(price * (0.02 + price / 1e6)).toFixed(2)},${(0.02 + price / 1e6).toFixed(4)}`,
  );
  writeFileSync(
    join(folder, 'Coinbase_BTCUSD_1h.csv'),
    `https://www.CryptoDataDownload.com\nDate,Symbol,Open,High,Low,Close,Volume USD,Volume BTC\n${coinbase.reverse().join('\n')}\n`,
  );
  const comma = (value: number) => value.toFixed(2).replace('.', ',');
  const german = rows.map(({ time, price }) =>
    [time, comma(price), comma(price + 9), comma(price - 9), comma(price + 1), comma(5 + Math.cos(price))].join(';'),
  );
  writeFileSync(join(folder, 'candles.csv'), `Zeit;open;high;low;close;volume\n${german.join('\n')}\n`);
  const weeks = Array.from(
    { length: 60 },
    (_, i) => `${new Date(Date.UTC(2023, 0, 1) + i * 7 * 86_400_000).toISOString().slice(0, 10)},${40 + (i % 30)}`,
  );
  writeFileSync(
    join(folder, 'multiTimeline.csv'),
    `Category: All categories\n\nWeek,bitcoin: (Worldwide)\n${weeks.join('\n')}\n`,
  );
}

/** Examples that ask a real venue, which no test reaches: their words are read, and that is all. */
const asksVenue = (example: string) =>
  /^tradernet (data download|live|doctor)\b/.test(example) ||
  (/^tradernet paper\b/.test(example) && !example.includes('--server'));

describe.skipIf(!RUNS_PATHS)(
  'the examples of --help, one after the other (half an hour: npm run test:paths)',
  async () => {
    const folder = join(base, 'help');
    // A bot of the first rehearsal is what halt, reset and the journal's commands speak of.
    const first = ['demo', 'data', 'features', 'train', 'evaluate', 'baseline', 'walk-forward', 'shield', 'paper'];
    const rank = (name: string) => (first.indexOf(name.split(' ')[0]) + first.length + 1) % (first.length + 1);
    const entries = [...COMMANDS].sort((a, b) => rank(a.name) - rank(b.name));
    const examples = (await Promise.all(entries.map((entry) => entry.load()))).flatMap((command) => command.examples);
    let server: ChildProcess | null = null;

    beforeAll(async () => {
      clone('help');
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      await writeBitcoin(ROOT, join(folder, 'BTCUSDT-1h.csv'));
      writeFiles(folder);
    });
    afterAll(() => {
      server?.kill('SIGKILL');
    });

    const typed = (example: string) => example.replace(/^tradernet/, 'npm run --silent tradernet --');

    it.each(examples.filter((example) => !asksVenue(example)))('%s', LONG, async (example) => {
      if (!example.includes('--server')) {
        await mustRun(typed(example), folder);
        return;
      }
      // In another terminal, as the rehearsal itself proposes it; Ctrl-C after a while.
      server = spawn(process.execPath, ['src/cli/main.ts', 'rehearse', '--hours', '200', '--speed', '1440'], {
        cwd: folder,
        env: environment,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await new Promise((resolve) => server?.stderr?.once('data', resolve));
      const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word).slice(1);
      const bot = spawn(process.execPath, ['src/cli/main.ts', ...words], {
        cwd: folder,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [bot.stdout, bot.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      const ended = new Promise<number | null>((resolve) => bot.once('close', resolve));
      // Until it has decided on a few bars.
      for (let i = 0; i < 600 && (output.match(/ {2}close /g) ?? []).length < 3; i++) await sleep(200);
      bot.kill('SIGINT');
      expect({ code: await ended, output }).toMatchObject({
        code: 0,
        output: expect.stringContaining('stopped in order'),
      });
      server.kill('SIGINT');
      await new Promise((resolve) => server?.once('close', resolve));
    });

    it.each(examples.filter(asksVenue))('%s (a venue that no test reaches: read, not run)', async (example) => {
      const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word).slice(1);
      expect(await readCommandLine(words)).not.toBeNull();
    });
  },
);
