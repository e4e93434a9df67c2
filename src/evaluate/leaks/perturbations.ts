/**
 * Ways in which everything after a bar may be different, one entry each. Whatever was decided at the bar or before must
 * come out the same under all of them, to the bit.
 */
import type { Candle } from '../../core/candle.ts';
import { exp } from '../../core/math.ts';
import type { Rng } from '../../core/rng.ts';
import type { Trend } from '../../market/trends.ts';
import { publicationMs } from '../../market/trends.ts';

/** The inputs as a user has them: rows of a candle file in its order, and what Google Trends exported. */
export interface Inputs {
  readonly candles: readonly Candle[];
  readonly trends: readonly Trend[];
}

export interface Perturbation {
  readonly name: string;
  /** What becomes of the future, in words that go on from "when". */
  readonly doc: string;
  /** The candles after the bar `last`, at least one. */
  candles?(future: readonly Candle[], last: Candle, rng: Rng): readonly Candle[];
  /** The scores that are published after the bar's close. */
  trends?(future: readonly Trend[], rng: Rng): readonly Trend[];
}

/** A market that has nothing to do with what came before: a jump, then a random walk with wild volumes. */
function walkOn(future: readonly Candle[], last: Candle, rng: Rng, direction: 1 | -1): Candle[] {
  let before = last.close;
  return future.map((candle, i) => {
    const jump = i === 0 ? direction : 0;
    const open = before * exp(0.1 * jump + 0.002 * rng.normal());
    const close = open * exp(0.1 * jump + 0.03 * rng.normal());
    before = close;
    return {
      ...candle,
      open,
      close,
      high: Math.max(open, close) * exp(0.01 * rng.uniform()),
      low: Math.min(open, close) * exp(-0.01 * rng.uniform()),
      volume: (candle.volume + last.volume) * exp(2 * jump + rng.normal()),
      trades: Math.ceil((candle.trades + 1) * exp(2 * jump + rng.normal())),
    };
  });
}

/** Every third row taken from its place, and every seventh written twice. */
function disorder(future: readonly Candle[]): Candle[] {
  const late = future.filter((_, i) => i % 3 === 1).reverse();
  return [...future.filter((_, i) => i % 3 !== 1), ...late].flatMap((candle, i) =>
    i % 7 === 3 ? [candle, candle] : [candle],
  );
}

export const PERTURBATIONS: readonly Perturbation[] = [
  {
    name: 'rise',
    doc: 'later prices jump up and go elsewhere',
    candles: (future, last, rng) => walkOn(future, last, rng, 1),
  },
  {
    name: 'fall',
    doc: 'later prices jump down and go elsewhere',
    candles: (future, last, rng) => walkOn(future, last, rng, -1),
  },
  {
    name: 'scale',
    doc: 'later prices are a thousand times as high',
    candles: (future) =>
      future.map(({ open, high, low, close, volume, ...rest }) => ({
        ...rest,
        ...{ open: 1000 * open, high: 1000 * high, low: 1000 * low, close: 1000 * close, volume: volume / 1000 },
      })),
  },
  {
    name: 'gaps',
    doc: 'later bars are missing',
    candles: (future) => future.filter((_, i) => i >= 5 && i % 11 !== 0),
  },
  {
    name: 'end',
    doc: 'there is one more bar, and another one',
    candles: (future, last, rng) => walkOn(future.slice(0, 1), last, rng, 1),
  },
  { name: 'order', doc: 'later rows stand in another order, some twice', candles: disorder },
  {
    name: 'trends',
    doc: 'scores published later are others',
    trends: (future, rng) => future.map((trend) => ({ ...trend, value: 100 * rng.uniform() })),
  },
  { name: 'no trends', doc: 'no score is published later', trends: () => [] },
];

/**
 * The inputs with everything after the bar at `cut` changed; null where the perturbation finds nothing to change.
 * @param timeframeMs length of a bar, and so when a score is known
 */
export function perturb(
  { candles, trends }: Inputs,
  cut: number,
  timeframeMs: number,
  perturbation: Perturbation,
  rng: Rng,
): Inputs | null {
  const last = candles[cut];
  const known = trends.filter((trend) => publicationMs(trend) <= last.timeMs + timeframeMs);
  const later = trends.filter((trend) => publicationMs(trend) > last.timeMs + timeframeMs);
  const changed = perturbation.candles?.(candles.slice(cut + 1), last, rng) ?? candles.slice(cut + 1);
  const scores = perturbation.trends?.(later, rng) ?? later;
  if (perturbation.trends !== undefined && later.length === 0) return null;
  if (changed.length === 0) return null;
  return { candles: [...candles.slice(0, cut + 1), ...changed], trends: [...known, ...scores] };
}
