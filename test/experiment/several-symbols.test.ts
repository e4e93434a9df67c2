import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CandleSeries } from '../../src/core/candle.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { commonTimes, prepareMarkets } from '../../src/experiment/prepare.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { planParts } from '../../src/experiment/walk-forward.ts';
import { sliceSeries } from '../../src/market/series.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const config = tinyConfig({ shield: { profile: 'none' } });
const whole = tinyMarket({ symbol: 'AAA', seed: 1, bars: 3000 });
const late = sliceSeries(tinyMarket({ symbol: 'BBB/USDT', seed: 2, bars: 2800 }), 900, 2800);
const timeOf = ({ timeMs }: CandleSeries, row: number) => timeMs[Math.min(row, timeMs.length - 1)];

describe('several symbols of different spans', () => {
  it('are cut at the same dates, by shares of what they have in common', () => {
    const { markets } = prepareMarkets([whole, late], config);
    const [a, b] = markets;
    for (const fold of ['validation', 'test'] as const)
      expect(timeOf(a.series, a.split[fold].from)).toBe(timeOf(b.series, b.split[fold].from));
    expect(timeOf(a.series, a.split.test.to - 1)).toBe(timeOf(b.series, b.split.test.to - 1));
    // 1,900 bars in common, 70 % of them for training; the elder symbol's own past is training too.
    expect(a.split.validation.from).toBe(900 + 1330);
    expect(b.split.validation.from).toBe(1330);
    expect(a.split.train.from).toBe(0);
    expect(b.split.test.to).toBe(late.length);
  });

  it('are the same in any order, and one alone is cut by its own bars', () => {
    const times = commonTimes([whole, late]);
    expect(commonTimes([late, whole])).toEqual(times);
    expect([times[0], times.at(-1), times.length]).toEqual([late.timeMs[0], late.timeMs.at(-1), 1900]);
    expect(commonTimes([whole])).toBe(whole.timeMs);
  });

  it('without a date in common are refused with their spans', () => {
    const early = sliceSeries(whole, 0, 500);
    expect(() => prepareMarkets([early, late], config)).toThrow(
      /AAA goes from .* to .*, BBB\/USDT goes from .*train them apart/,
    );
  });

  it('train, resume by name, and are evaluated one by one', async () => {
    const runContext = tinyRunContext(kernels);
    const series = [whole, late];
    const { run } = await trainRun({ series, config }, runContext);
    expect(run.name).toBe('ppo-AAA-BBBUSDT-s1-1');
    const evaluations = evaluateRun(
      { checkpoint: openTiny(run.name, runContext), series, config, force: true },
      runContext,
    );
    expect(evaluations.map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB/USDT']);
    const many = Array.from({ length: 12 }, (_, i) => ({ ...whole, symbol: `COIN${i}/USDT` }));
    expect((await trainRun({ series: many, config }, runContext)).run.name).toBe('ppo-COIN0USDT-and-11-more-s1-1');
  });

  it('walk forward by their common dates', async () => {
    const parts = planParts([whole, late], config, { folds: 2, seeds: 1, testShare: 0.1 });
    for (const { config: own } of parts) {
      const { markets } = prepareMarkets([whole, late], own);
      const [a, b] = markets.map(({ series, split }) => [
        timeOf(series, split.test.from),
        timeOf(series, split.test.to - 1),
      ]);
      expect(a).toEqual(b);
    }
  });
});
