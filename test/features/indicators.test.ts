import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candleAt } from '../../src/core/candle.ts';
import type { Json } from '../../src/core/json.ts';
import { INDICATORS } from '../../src/features/index.ts';
import type { Indicator, IndicatorType } from '../../src/features/indicator.ts';
import { defineFeatureSet, featureSet } from '../../src/features/sets.ts';
import { FeatureStream } from '../../src/features/stream.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { type Args, type IndicatorCase, readGoldenSeries, readReference } from './indicator-cases/indicator-case.ts';
import { randomSeries, truncateSeries } from './random-series.ts';

/** The contract of an indicator, run over the registry. */
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const RUNS = { numRuns: 15 };
const LENGTH = 160;

function bits(values: Float64Array): BigUint64Array {
  return new BigUint64Array(values.slice().buffer);
}

function alone(indicator: Indicator) {
  return defineFeatureSet(indicator.id, [indicator]);
}

/** Every combination of words; of bars the default, the fewest, and one more. */
function argumentsOf({ parameters }: IndicatorType): Args[] {
  return Object.entries(parameters).reduce<Args[]>(
    (combinations, [name, parameter]) => {
      const values =
        parameter.kind === 'choice' ? parameter.choices : [parameter.default, parameter.least, parameter.default + 3];
      return combinations.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
    },
    [{}],
  );
}

const VARIANTS = INDICATORS.flatMap((type) =>
  argumentsOf(type).map((args) => ({ type, args, indicator: type.create(args) })),
);

it('names and ids are unique', () => {
  expect(new Set(INDICATORS.map((type) => type.name)).size).toBe(INDICATORS.length);
  expect(new Set(VARIANTS.map(({ indicator }) => indicator.id)).size).toBe(VARIANTS.length);
});

async function readCase(type: IndicatorType): Promise<IndicatorCase> {
  const found = (await import(`./indicator-cases/${type.name}.ts`).catch(() => null))?.indicatorCase;
  return found ?? expect.unreachable(`test/features/indicator-cases/${type.name}.ts is missing: see CONTRIBUTING.md`);
}

describe.each(INDICATORS.map((type) => [type.name, type] as const))('%s', (name, type) => {
  it('has numbers from outside, or a reason why there are none', async () => {
    const { golden, expected } = await readCase(type);
    if ('why' in golden) {
      expect(golden.why.length).toBeGreaterThan(20);
      for (const args of argumentsOf(type)) expect(expected(randomSeries(1, 60), args)).not.toBeNull();
      return;
    }
    for (const file of ['synthetic_a', 'synthetic_b']) {
      const series = readGoldenSeries(file);
      const reference = readReference(file);
      const indicator = type.create(golden.args);
      const table = computeFeatures(series, alone(indicator));
      indicator.columns.forEach((column, c) => {
        let compared = 0;
        for (let i = indicator.warmup; i < series.length; i++) {
          const value = table.data[i * table.width + c];
          const instead = golden.instead?.(series, i) ?? null;
          if (instead !== null) {
            expect(value).toBe(instead);
            continue;
          }
          const cell = reference[i][column];
          expect(cell, `${column} of row ${i} is empty in the reference`).not.toBe('');
          const scale = golden.inPrice ? Math.max(1, series.close[i]) : 1;
          if (!(Math.abs(value - Number(cell)) <= 1e-9 * Math.max(Math.abs(Number(cell)), scale)))
            expect.fail(`${column}, row ${i}: ${value}, the reference has ${cell}`);
          compared++;
        }
        expect(compared).toBeGreaterThan(1400);
      });
    }
  });

  it('says what it is, and is found by its name in the text of a set', () => {
    expect(type.docs.length).toBeGreaterThan(10);
    for (const args of argumentsOf(type)) {
      const text = Object.values(args).length === 0 ? name : `${name}(${Object.values(args).join(', ')})`;
      const set = featureSet(text);
      expect([set.name, set.signature]).toEqual([text, alone(type.create(args)).signature]);
    }
    expect(featureSet(name).signature).toBe(alone(type.create(argumentsOf(type)[0])).signature);
  });
});

describe.each(VARIANTS.map((one) => [one.indicator.id, one] as const))('%s', (_id, { type, args, indicator }) => {
  it('is what a second implementation says, where no numbers from outside cover it', async () => {
    const { expected } = await readCase(type);
    for (const seed of [3, 4, 5]) {
      const series = randomSeries(seed, LENGTH);
      const columns = expected(series, args);
      if (columns === null) return;
      const table = computeFeatures(series, alone(indicator));
      columns.forEach((column, c) => {
        column.forEach((value, i) => {
          const found = table.data[i * table.width + c];
          if (Number.isNaN(value)) expect(found, `row ${i}`).toBeNaN();
          else expect(Math.abs(found - value), `row ${i}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
        });
      });
    }
  });

  const set = alone(indicator);

  it('a table over history is the stream, bit by bit', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const series = randomSeries(seed, LENGTH, { gaps: true });
        const table = computeFeatures(series, set);
        const stream = new FeatureStream(set, series.timeframeMs);
        const row = new Float64Array(stream.width);
        for (let i = 0; i < series.length; i++) {
          const complete = stream.step(candleAt(series, i), row, 0);
          expect(complete ? 1 : 0).toBe(table.complete[i]);
          expect(bits(row)).toEqual(bits(table.data.subarray(i * table.width, (i + 1) * table.width)));
        }
      }),
      RUNS,
    );
  });

  it('changing the future changes nothing before it', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: LENGTH - 1 }), (seed, cut) => {
        const series = randomSeries(seed, LENGTH);
        const other = randomSeries(seed + 1, LENGTH);
        const changed = truncateSeries(series, LENGTH);
        for (const key of ['open', 'high', 'low', 'close', 'volume', 'trades', 'trends'] as const)
          (changed[key] as Float64Array).set((other[key] as Float64Array).subarray(cut), cut);
        const before = computeFeatures(series, set);
        const after = computeFeatures(changed, set);
        const cells = cut * before.width;
        expect(bits(after.data.subarray(0, cells))).toEqual(bits(before.data.subarray(0, cells)));
      }),
      RUNS,
    );
  });

  it('is finite after its warm-up, unknown before it, and says so', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const table = computeFeatures(randomSeries(seed, LENGTH), set);
        for (let i = 0; i < table.rows; i++) {
          const row = table.data.subarray(i * table.width, (i + 1) * table.width);
          expect(row.every(Number.isFinite)).toBe(i >= indicator.warmup);
          expect(table.complete[i]).toBe(i >= indicator.warmup ? 1 : 0);
        }
      }),
      RUNS,
    );
  });

  it('restoring a saved state and going on equals never having stopped', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: LENGTH - 1 }), (seed, cut) => {
        const series = randomSeries(seed, LENGTH, { gaps: true });
        const whole = computeFeatures(series, set);
        let stream = new FeatureStream(set, series.timeframeMs);
        const row = new Float64Array(stream.width);
        for (let i = 0; i < series.length; i++) {
          if (i === cut) {
            const saved = JSON.parse(JSON.stringify(stream.save())) as Json;
            stream = new FeatureStream(set, series.timeframeMs);
            stream.restore(saved);
          }
          stream.step(candleAt(series, i), row, 0);
          expect(bits(row)).toEqual(bits(whole.data.subarray(i * whole.width, (i + 1) * whole.width)));
        }
      }),
      RUNS,
    );
  });

  it('forgets what lies further back than its memory', () => {
    const series = randomSeries(11, 900);
    const late = 900 - indicator.memory - indicator.warmup - 1;
    const tail = { ...series, length: 900 - late };
    for (const key of ['timeMs', 'open', 'high', 'low', 'close', 'volume', 'trades', 'trends'] as const)
      (tail as Record<string, unknown>)[key] = (series[key] as Float64Array).slice(late);
    const whole = computeFeatures(series, set);
    const part = computeFeatures(tail, set);
    for (let c = 0; c < whole.width; c++) {
      const column = (data: Float64Array, rows: number) => data[(rows - 1) * whole.width + c];
      const [expected, value] = [column(whole.data, whole.rows), column(part.data, part.rows)];
      let size = 0;
      for (let i = indicator.warmup; i < whole.rows; i++)
        size = Math.max(size, Math.abs(whole.data[i * whole.width + c]));
      // Old bars weigh less than 0.1 %; two averages in a row and a ratio of them leave a little more.
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(0.01 * size);
    }
  });
});
