/** Bad input of every kind: one line that says what and where, and a database that stays as it was. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context, Output } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { readConfig } from '../../src/cli/config.ts';
import { InputError } from '../../src/core/errors.ts';
import { CandleStore, MARKET_DATABASE } from '../../src/market/store.ts';
import { callCommand } from '../cli/call-command.ts';
import { type Cells, cellsOf, HOUR_MS, makeSeries, PLAIN_HEADER, PLAIN_KEYS, START_MS, toCsv } from './candle-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradernet-bad-'));
afterAll(() => rmSync(folder, { recursive: true }));

const context: Context = {
  ...{ storage: join(folder, 'storage'), cwd: folder, json: true, env: {}, signal: new AbortController().signal },
  clock: { nowMs: () => Date.UTC(2026, 0, 1), elapsedMs: () => 0, sleep: async () => {} },
  ...{ progress: () => {}, say: () => {}, print: () => {}, ask: async () => null },
  overrides: {},
  configFile: undefined,
  plugins: [],
  config: () => readConfig(folder).config,
  bot: () => readConfig(folder).bot,
};
const database = join(context.storage, MARKET_DATABASE);

async function run(name: string, options: Record<string, unknown>, args: string[] = []): Promise<Output> {
  return callCommand(await COMMANDS.find((one) => one.name === name)!.load(), options, context, args);
}

const series = makeSeries(60);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const good = text(toCsv(PLAIN_HEADER, cellsOf(series), PLAIN_KEYS));
function spoilt(change: (rows: Cells[]) => void): string {
  const rows = cellsOf(series);
  change(rows);
  return text(toCsv(PLAIN_HEADER, rows, PLAIN_KEYS));
}

beforeAll(async () => {
  writeFileSync(join(folder, 'good.csv'), good);
  await run('data import', { symbol: 'GOOD' }, ['good.csv']);
  writeFileSync(join(folder, 'trends.csv'), 'Week,x\n2021-01-03,1\n2021-01-10,2\n2021-01-17,3\n');
  await run('data import', { symbol: 'GOOD', trends: true }, ['trends.csv']);
});

async function expectRefused(action: Promise<unknown>, message: RegExp): Promise<void> {
  const stored = () => {
    using store = CandleStore.open(database);
    return { list: store.list(), trends: store.loadTrends('GOOD'), close: store.load('csv', 'GOOD', HOUR_MS).close };
  };
  const beforehand = stored();
  const bytes = readFileSync(database);
  const error = await action.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
  expect((error as Error).message.length).toBeLessThan(500);
  expect(readFileSync(database).equals(bytes)).toBe(true);
  expect(stored()).toEqual(beforehand);
}

const FILES: [string, string | Uint8Array, RegExp][] = [
  ['empty', '', /is empty/],
  ['blank lines', '\n\n\n', /holds no rows/],
  ['binary', new Uint8Array([0, 1, 2, 3, 0, 255, 254]), /not a text/],
  ['packed and torn', gzipSync(good).subarray(0, 900), /damaged archive/],
  ['packed with bzip2', 'BZh91AY&SY', /bzip2; unpack it/],
  ['half of UTF-16', new Uint8Array([0xff, 0xfe, 65, 0, 66]), /not a text/],
  ['prose', 'Dear reader,\nthis is no table, I fear\n', /found no header/],
  ['an HTML page', '<html><body>Too many requests, try later</body></html>', /found no header/],
  ['a header alone', `${PLAIN_HEADER}\n`, /no row could be read/],
  ['no volume', good.replaceAll(/^((?:[^,\n]*,){4}[^,\n]*),[^,\n]*,/gm, '$1,'), /no column for volume/],
  ['no time', good.replaceAll(/^\w+,/gm, ''), /no column for time/],
  ['no header and one row', '1609459200000,1,1,1,1,1,1,1,1\n', /no column for volume/],
  ['a torn quote', good.replace('\n1609466400000', '\n"1609466400000'), /quote/i],
  ['NaN', spoilt((rows) => Object.assign(rows[3], { close: 'NaN' })), /line 5: 'NaN'/],
  ['high below low', spoilt((rows) => Object.assign(rows[3], { high: '1' })), /line 5: high 1 is below/],
  ['a negative price', spoilt((rows) => Object.assign(rows[3], { low: '-5' })), /line 5: low is -5/],
  ['an absurd volume', spoilt((rows) => Object.assign(rows[3], { volume: '1e300' })), /line 5: volume is 1e\+300/],
  ['disorder', spoilt((rows) => rows.splice(3, 2, rows[4], rows[3])), /line 6: its time is out of order/],
  [
    'a disagreeing duplicate',
    spoilt((rows) => Object.assign(rows[4], { time: rows[3].time })),
    /disagrees with line 5/,
  ],
  ['off the grid', spoilt((rows) => Object.assign(rows[3], { time: '1609470001000' })), /line 5: .*off the grid/],
  ['mixed formats', spoilt((rows) => Object.assign(rows[3], { time: '1609470000' })), /written as seconds/],
  [
    'day and month of doubtful order',
    spoilt((rows) => Object.assign(rows[3], { time: '01/02/2021 03:00' })),
    /not a time/,
  ],
  [
    'all bars off the grid',
    text(
      toCsv(
        PLAIN_HEADER,
        cellsOf(series, (ms) => String(ms + 60_000)),
        PLAIN_KEYS,
      ),
    ),
    /no open of a bar/,
  ],
  [
    'no usual distance',
    text(
      toCsv(
        PLAIN_HEADER,
        cellsOf(series, (ms) => String(ms + (((ms - START_MS) / HOUR_MS) ** 2 * HOUR_MS) / 2)),
        PLAIN_KEYS,
      ),
    ),
    /no usual distance/,
  ],
  ['mostly rubbish', `${good}${'x,y,z\n'.repeat(100)}`, /more than half/],
  [
    'two symbols',
    good
      .replace('timestamp', 'symbol,timestamp')
      .replaceAll(/^(\d+)/gm, (_, d) => `S${Number(d) % 2 ? 1 : Math.floor(Number(d) / 3.6e6) % 2},${d}`),
    /2 symbols/,
  ],
  ['a stored bar changed', spoilt((rows) => Object.assign(rows[3], { close: rows[3].open })), /--replace/],
];

describe('data import refuses', () => {
  it.each(FILES)('%s', async (_, content, message) => {
    writeFileSync(join(folder, 'bad.csv'), content);
    await expectRefused(run('data import', { symbol: 'GOOD' }, ['bad.csv']), message);
  });

  it('a missing file, a folder, no symbol', async () => {
    await expectRefused(run('data import', { symbol: 'GOOD' }, ['nowhere.csv']), /there is no file/);
    await expectRefused(run('data import', { symbol: 'GOOD' }, ['.']), /can't be read/);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expectRefused(run('data import', { symbol: 'GOOD' }, ['pipe']), /a pipe that nobody writes to/);
    const writer = spawn('sh', ['-c', 'exec cat good.csv > pipe'], { cwd: folder });
    try {
      // Whoever opens it first waits for the other, the writer here.
      let output: Output | null = null;
      for (let i = 0; output === null && i < 200; i++) {
        await sleep(20);
        output = await run('data import', { symbol: 'PIPED', dryRun: true }, ['pipe']).catch(() => null);
      }
      expect(output?.text).toMatch(/nothing written/);
    } finally {
      writer.kill();
    }
    await expectRefused(run('data import', {}, ['good.csv']), /add --symbol/);
    await expectRefused(run('data import', { symbol: 'GOOD', timeframe: 7_000_000 }, ['good.csv']), /no open of a bar/);
  });

  it.each([
    ['candles as trends', good, /several terms|not a score|begins with a date/],
    ['a score of 900', 'Week,x\n2021-01-03,1\n2021-01-10,900\n', /line 3: '900'/],
    ['no overlap', 'Week,x\n2022-01-02,1\n2022-01-09,9\n', /overlaps by at least two/],
  ])('as trends: %s', async (_, content, message) => {
    writeFileSync(join(folder, 'bad.csv'), content);
    await expectRefused(run('data import', { symbol: 'GOOD', trends: true }, ['bad.csv']), message);
  });
});

describe('other data commands refuse', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['data synth', { symbol: 'S', signal: 0.3, martingale: true }, /either a martingale/],
    ['data check', { symbol: 'NONE' }, /no series of NONE/],
    ['data export', { symbol: 'GOOD' }, /--out is missing/],
    ['data export', { symbol: 'GOOD', out: 'no/such/folder.csv' }, /can't be written/],
    ['data export', { symbol: 'GOOD', out: 'x.csv', resample: 5_000_000 }, /multiple/],
    ['features', { out: 'x.csv' }, /--symbol NAME .* or --input FILE/],
    ['features', { input: 'good.csv' }, /--out is missing/],
    ['features', { input: 'nowhere.csv', out: 'x.csv' }, /there is no file/],
    ['features', { symbol: 'NONE', out: 'x.csv' }, /no candles of NONE/],
  ])('%s %j', async (name, options, message) => {
    await expectRefused(run(name, options), message);
  });

  it('data synth over an existing market needs --replace', async () => {
    await run('data synth', { symbol: 'TWICE', bars: 50 });
    await expectRefused(run('data synth', { symbol: 'TWICE', bars: 60 }), /--replace/);
    await run('data synth', { symbol: 'TWICE', bars: 60, replace: true });
    using store = CandleStore.open(database);
    expect(store.load('synthetic', 'TWICE', HOUR_MS).length).toBe(60);
  });
});

describe('what is right works', () => {
  it('a dry run lists everything and writes nothing', async () => {
    writeFileSync(
      join(folder, 'bad.csv'),
      spoilt((rows) => Object.assign(rows[3], { close: 'NaN' })),
    );
    const { text: shown, json } = await run('data import', { symbol: 'DRY', dryRun: true }, ['bad.csv']);
    expect(shown).toMatch(/line 5: 'NaN' .* \(left out\)/);
    expect(json).toMatchObject({ bars: 59, inserted: 0 });
    using store = CandleStore.open(database);
    expect(store.list().some((row) => row.symbol === 'DRY')).toBe(false);
  });

  it('export, resampling and features write whole files', async () => {
    await run('data export', { symbol: 'GOOD', out: 'out.csv', resample: 4 * HOUR_MS });
    expect(readFileSync(join(folder, 'out.csv'), 'utf8').split('\n')).toHaveLength(17);
    const { json } = await run('features', { input: 'good.csv', out: 'features.csv' });
    expect(json).toMatchObject({ set: 'tradernet20', rows: 60, complete: 27, warmup: 33 });
    const lines = readFileSync(join(folder, 'features.csv'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(61);
    expect(lines[0]).toMatch(/^timestamp,open_log_returns,.*,obv_diffs$/);
    expect(lines[1]).toMatch(/^1609459200000,,,/);
    expect(lines[60].split(',').every((cell) => cell !== '' && Number.isFinite(Number(cell)))).toBe(true);
  });

  it('list and check', async () => {
    expect((await run('data list', {})).text).toMatch(/GOOD +1h +60 .*no gaps, trade counts, 3 trend scores/);
    const report = await run('data check', { symbol: 'GOOD' });
    expect(report.exitCode).toBe(0);
    expect(report.json).toMatchObject([{ bars: 60, missing: 0, errors: [] }]);
  });
});
