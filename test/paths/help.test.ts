/** Every example of every `--help`, as it stands, in a fresh clone. `npm run test:paths` */
import { type ChildProcess, spawn } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { readCommandLine } from '../../src/cli/parse-flags.ts';
import { environment, LONG, mustRun, openAfternoon, ROOT, RUNS_PATHS, writeBitcoin } from './afternoon.ts';

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

const typed = (example: string) => example.replace(/^tradernet/, 'npm run --silent tradernet --');
const wordsOf = (example: string) =>
  [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word).slice(1);

// A bot of the first rehearsal is what halt, reset and the journal's commands speak of.
const first = ['demo', 'data', 'features', 'train', 'evaluate', 'baseline', 'walk-forward', 'shield', 'paper'];
// What others speak of is deleted last.
const rank = (name: string) =>
  name === 'runs delete'
    ? first.length + 1
    : (first.indexOf(name.split(' ')[0]) + first.length + 1) % (first.length + 1);
const entries = [...COMMANDS].sort((a, b) => rank(a.name) - rank(b.name));
const examples = (await Promise.all(entries.map((entry) => entry.load()))).flatMap((command) => command.examples);
/** What serves until Ctrl-C; `test/dashboard` drives it. */
const serves = (example: string) => /^tradernet dashboard\b/.test(example);
const run = examples.filter((example) => !asksVenue(example) && !serves(example));

describe.skipIf(!RUNS_PATHS)('the examples of --help in a fresh clone (npm run test:paths)', () => {
  const afternoon = openAfternoon('help', run);
  const { folder } = afternoon;
  let server: ChildProcess | null = null;
  beforeAll(async () => {
    if (!afternoon.isNew) return;
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFiles(folder);
    await writeBitcoin(folder);
  }, LONG.timeout);
  afterAll(() => {
    server?.kill('SIGKILL');
    afternoon.close();
  });

  it.for(run)('%s', LONG, async (example, context) => {
    await afternoon.pass(context, example, async () => {
      // Both want its port.
      if (example.startsWith('tradernet rehearse')) await stopVenue();
      else if (/--journal trial/.test(example)) await startVenue();
      if (example.startsWith('tradernet dashboard')) await interrupt(example, /http:\/\/127/, 1, /./);
      else if (example.includes('--server')) await interrupt(example, / {2}close /g, 3, /stopped in order/);
      else await mustRun(typed(example), folder);
    });
  });

  it.each(examples.filter(asksVenue))('%s (a venue that no test reaches: read, not run)', async (example) => {
    expect(await readCommandLine(wordsOf(example))).not.toBeNull();
  });

  /** In another terminal, as the rehearsal itself proposes it: the venue of the bot that the examples speak of. */
  async function startVenue(): Promise<void> {
    if (server !== null && server.exitCode === null) return;
    server = spawn(process.execPath, ['src/cli/main.ts', 'rehearse', '--hours', '600', '--speed', '1440'], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise((resolve) => server?.stderr?.once('data', resolve));
  }

  async function stopVenue(): Promise<void> {
    if (server === null || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server?.once('close', resolve));
    server.kill('SIGINT');
    await ended;
  }

  /** What runs until Ctrl-C, which comes once it has said `pattern` so many times. */
  async function interrupt(example: string, pattern: RegExp, times: number, last: RegExp): Promise<void> {
    const child = spawn(process.execPath, ['src/cli/main.ts', ...wordsOf(example)], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    for (let i = 0; i < 900 && (output.match(pattern) ?? []).length < times; i++) await sleep(200);
    child.kill('SIGINT');
    expect({ code: await ended, output }).toMatchObject({ code: 0, output: expect.stringMatching(last) });
  }
});
