/**
 * Eight liars, each through the command line on a market in which nothing can be earned, each caught: four feature
 * columns, a fill within the bar that was decided on, a score of hindsight, the best of many seeds, the best of many
 * windows. Each lie would have been believed without what catches it, or is told beside an honest twin.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/command.ts';
import { configSchema } from '../../src/cli/config.ts';
import { baseline } from '../../src/cli/evaluate.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { systemClock } from '../../src/disk/system-clock.ts';
import { CandleStore, MARKET_DATABASE } from '../../src/market/store.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { findWorld } from '../../src/market/worlds/index.ts';
import { rounds, SLOW } from '../effort.ts';
import { callCommand } from './call-command.ts';
import { mustRun, runCli, TINY_TRAINING } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradernet-liars-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const csvOf = ({ timeMs, open, high, low, close, volume }: CandleSeries) =>
  [
    'timestamp,open,high,low,close,volume',
    ...Array.from(timeMs, (time, i) => [time, open[i], high[i], low[i], close[i], volume[i]].join(',')),
  ].join('\n');

describe('columns that know what comes', () => {
  const COLUMNS: Readonly<Record<string, string>> = {
    'a peeking feature': '({ close }) => ({ lie: close.map((x, i) => (close[i + 1] ?? x) / x) })',
    'a centred average':
      '({ close }) => ({ lie: close.map((x, i) => ((close[i - 1] ?? x) + x + (close[i + 1] ?? x)) / (3 * x)) })',
    'trends an hour early':
      '({ timeMs, timeframeMs }, trends) => ({ lie: timeMs.map((t) => trends.findLast((one) => one.timeMs + one.periodMs + 86_400_000 - 3_600_000 <= t + timeframeMs)?.value ?? NaN) })',
    'a scaler that saw the test': '({ close, open }) => ({ lie: close.map((x, i) => x / open[i]) })',
  };
  const SCALERS: Readonly<Record<string, string>> = {
    'a scaler that saw the test':
      '({ lie }) => { const top = lie.reduce((most, x) => Math.max(most, x)); return { lie: { shift: 0, factor: 1 / top } }; }',
  };

  beforeAll(async () => {
    await mustRun(['data', 'synth', '--symbol', 'SYNTH', '--bars', '2400', '--seed', '4'], folder);
  });

  it.each(Object.keys(COLUMNS))('%s', SLOW, async (name) => {
    const file = `${name.replaceAll(' ', '-')}.ts`;
    const scaler = name in SCALERS ? `\nexport const scaler = ${SCALERS[name]};` : '';
    writeFileSync(join(folder, file), `export const features = ${COLUMNS[name]};${scaler}`);
    const { code, stdout } = await runCli(['leak-check', '--symbol', 'SYNTH', '--features', file, '--json'], folder);
    const { verdict, symbols } = JSON.parse(stdout);
    expect([verdict, symbols[0].leaks[0]?.column]).toEqual(['leak', 'lie']);
    expect(code).toBe(1);
  });
});

describe('what cannot be earned', () => {
  const { series } = findWorld('fair').make(3, 8000);

  it('a fill within the bar that was decided on', SLOW, async () => {
    // The file gives each bar the open of the one before: whoever decides at a close fills at a price that has passed.
    const open = series.open.map((price, i) => series.open[i - 1] ?? price);
    const high = series.high.map((price, i) => Math.max(price, open[i]));
    const low = series.low.map((price, i) => Math.min(price, open[i]));
    writeFileSync(join(folder, 'honest.csv'), csvOf(series));
    writeFileSync(join(folder, 'same-bar.csv'), csvOf({ ...series, open, high, low }));
    const judge = async (name: string, symbol: string) => {
      await mustRun(['data', 'import', name, '--symbol', symbol, '--venue', 'made'], folder);
      const output = await mustRun(['baseline', 'logistic', '--symbol', symbol, '--venue', 'made', '--json'], folder);
      return JSON.parse(output).judgement;
    };
    expect((await judge('honest.csv', 'HONEST')).verdict).toMatch(/no evidence|worse/);
    expect(await judge('same-bar.csv', 'LIAR')).toMatchObject({
      verdict: 'suspicious: look for a leak',
      reason: expect.stringMatching(/too good for a market/),
    });
  });

  it('a reward of hindsight as a score', SLOW, async () => {
    await mustRun(['data', 'import', 'honest.csv', '--symbol', 'FAIR', '--venue', 'made'], folder);
    const told = JSON.parse(
      await mustRun(['reproduce', 'published', '--symbol', 'FAIR', '--venue', 'made', '--json'], folder),
    );
    // The score that is published as profit is one for whoever always buys.
    expect(JSON.stringify(told)).toContain('always-buy');
    const reward = ['--set', 'training.reward=hindsight-market'];
    const market = ['--symbol', 'FAIR', '--venue', 'made'];
    const { run } = JSON.parse(
      await mustRun(['train', ...market, '--steps', '256', '--json', ...reward, ...TINY_TRAINING], folder),
    );
    const evaluated = JSON.parse(
      await mustRun(['evaluate', '--checkpoint', run, '--force', '--kernels', 'wasm', '--json'], folder),
    );
    expect(evaluated.judgement.verdict).toMatch(/no evidence|worse/);
    expect(evaluated.subject.metrics.cumulativeReturn).toBeLessThan(0.5);
  });
});

describe('the best of many', () => {
  const account = { feeRate: 0, slippageRate: 0 };

  /** `baseline NAME` on this market, in a storage of its own, as the command line calls it. */
  function teller(series: CandleSeries, name: string) {
    const storage = mkdtempSync(join(folder, 'storage-'));
    using store = CandleStore.open(join(storage, MARKET_DATABASE));
    store.importSeries(series);
    return async (sections: Record<string, unknown>) => {
      const config = configSchema.parse({ account, market: { venue: series.venue }, ...sections });
      const context = {
        ...{ storage, cwd: folder, clock: systemClock, env: {}, signal: new AbortController().signal, json: true },
        ...{ progress() {}, say() {}, print() {}, overrides: {}, configFile: undefined, config: () => config },
      } as unknown as Context;
      const { json } = await callCommand(baseline, { symbol: [series.symbol] }, context, [name]);
      return json as unknown as {
        judgement: { verdict: string; trials: number; seeds: { seen: number }; superior: { t: number } };
      };
    };
  }

  const best = <T extends { t: number }>(list: readonly T[]): T =>
    list.reduce((most, one) => (one.t > most.t ? one : most));

  it('200 seeds', SLOW, async () => {
    const { series } = synthesize({ bars: 6000, seed: 15, symbol: 'FAIR', martingale: true, trends: false });
    const tell = teller(series, 'coin-flip');
    const count = rounds(30, 200);
    const tried: { seed: number; t: number }[] = [];
    for (let seed = 1; seed <= count; seed++) tried.push({ seed, t: (await tell({ seed })).judgement.superior.t });
    const { seed } = best(tried);
    const { judgement } = await tell({ seed });
    expect(judgement.seeds.seen).toBe(count);
    expect(judgement.verdict).not.toBe('edge');
    // Whoever keeps the others to himself may be believed; that is what the registry is for.
    const alone = await teller(series, 'coin-flip')({ seed });
    expect(alone.judgement.verdict).toBe('edge');
  });

  it('50 windows', SLOW, async () => {
    const { series } = synthesize({ bars: 9000, seed: 5, symbol: 'FAIR', martingale: true, trends: false });
    const tell = teller(series, 'coin-flip');
    const day = (row: number) => new Date(series.timeMs[row]).toISOString();
    const windows = Array.from({ length: 50 }, (_, i) => ({
      ...{ testFrom: day(2500 + 80 * i), testTo: day(2500 + 80 * i + 2500), validationFrom: day(2000) },
    }));
    const tried: { split: (typeof windows)[number]; t: number }[] = [];
    for (const split of windows) tried.push({ split, t: (await tell({ split })).judgement.superior.t });
    const { split } = best(tried);
    const { judgement } = await tell({ split });
    expect(judgement.trials).toBe(50);
    expect(judgement.verdict).not.toBe('edge');
    const alone = await teller(series, 'coin-flip')({ split });
    expect(alone.judgement.verdict).toBe('edge');
  });
});
