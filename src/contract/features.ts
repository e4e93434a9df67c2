import { candleAt } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { findLeak } from '../evaluate/leak-check.ts';
import { INDICATORS } from '../features/index.ts';
import { defineFeatureSet, type FeatureSet, featureSet } from '../features/sets.ts';
import { FeatureStream } from '../features/stream.ts';
import { computeFeatures } from '../features/table.ts';
import { BARS, CUTS, complaints, makeSeries } from './world.ts';

/** Alone, with its default arguments. */
export function checkIndicator(name: string): string[] {
  return complaints((complain) => {
    const type = INDICATORS.find((one) => one.name === name);
    if (type === undefined) return complain('is not in the list');
    const args = Object.entries(type.parameters).map(([key, one]) => [
      key,
      one.kind === 'choice' ? one.choices[0] : one.default,
    ]);
    const indicator = type.create(Object.fromEntries(args));
    if (indicator.columns.length === 0) complain('has no columns');
    examine(defineFeatureSet(indicator.id, [indicator]), complain);
  });
}

/** As a whole, by its name. */
export function checkFeatureSet(name: string): string[] {
  return complaints((complain) => examine(featureSet(name), complain));
}

function examine(set: FeatureSet, complain: (what: string) => void): void {
  const series = makeSeries();
  const { data, width, complete } = computeFeatures(series, set);
  if (set.warmup >= BARS / 2) throw new InputError(`warms up for ${set.warmup} bars, and can't be tried on ${BARS}`);
  for (let row = 0; row < BARS; row++) {
    const values = data.subarray(row * width, (row + 1) * width);
    if (row >= set.warmup && !values.every(Number.isFinite))
      throw new InputError(`gives ${values.join(', ')} at bar ${row}, and says that its warm-up is ${set.warmup} bars`);
    if (row === set.warmup - 1 && complete[row] === 1)
      complain(`has a value at bar ${row} already, and says that its warm-up is ${set.warmup} bars`);
  }
  const leak = findLeak(series, CUTS, (version, cut) =>
    computeFeatures(version, set).data.subarray(0, (cut + 1) * width),
  );
  if (leak !== null)
    complain(
      `${set.columns[leak.index % width]} at bar ${Math.floor(leak.index / width)} depends on what comes after bar ${leak.cut}`,
    );
  const half = Math.floor(BARS / 2);
  const first = new FeatureStream(set, series.timeframeMs);
  const row = new Float64Array(first.width);
  for (let bar = 0; bar < half; bar++) first.step(candleAt(series, bar), row, 0);
  const second = new FeatureStream(set, series.timeframeMs);
  second.restore(first.save());
  for (let bar = half; bar < BARS; bar++) {
    second.step(candleAt(series, bar), row, 0);
    if (!row.every((value, column) => Object.is(value, data[bar * width + column])))
      throw new InputError(
        `gives other values at bar ${bar} once it was saved and restored: it remembers something outside`,
      );
  }
}
