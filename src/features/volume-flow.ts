import type { Candle } from '../core/candle.ts';
import { choice, defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

// What each cell of the state holds.
const BARS = 0;
const CLOSE = 1;
const ADL = 2;
const OBV = 3;

/** What the accumulation/distribution line gains in a bar: V ((C - L) - (H - C)) / (H - L); 0 in a bar without range. */
function accumulated(candle: Candle): number {
  const range = candle.high - candle.low;
  return range > 0 ? (candle.volume * (candle.close - candle.low - (candle.high - candle.close))) / range : 0;
}

/** What on-balance volume gains in a bar: + V where the close did not fall, - V where it did. */
function balanced(candle: Candle, previousClose: number): number {
  return candle.close < previousClose ? -candle.volume : candle.volume;
}

/**
 * Differences of the accumulation/distribution line and of on-balance volume. The lines themselves are never summed
 * up: their difference is the bar's own gain, free of a long sum's rounding.
 */
export const volumeFlow = defineIndicator({
  name: 'volume-flow',
  docs: 'differences of accumulation/distribution and on-balance volume, as a share of the mean volume or in units of it',
  parameters: { unit: choice('mean-volume', 'volume'), difference: choice('first', 'second') },
  create({ unit, difference }) {
    const first = difference === 'first' ? 1 : 2;
    return {
      id: `volume-flow(${difference}-difference,per-${unit})`,
      columns: ['adl_diffs', 'obv_diffs'],
      needs: 'candles',
      warmup: unit === 'volume' ? first : 19,
      memory: unit === 'volume' ? first : 19,
      start(state) {
        const cells = state.cells(4);
        const volumes = unit === 'volume' ? null : new RollingWindow(state, 20);
        return (candle, out, at) => {
          const bar = cells[BARS]++;
          const adl = accumulated(candle);
          const obv = balanced(candle, cells[CLOSE]);
          const adlDifference = difference === 'first' ? adl : adl - cells[ADL];
          const obvDifference = difference === 'first' ? obv : obv - cells[OBV];
          cells[CLOSE] = candle.close;
          cells[ADL] = adl;
          cells[OBV] = obv;
          if (volumes !== null) volumes.push(candle.volume);
          if (bar < first || (volumes !== null && !volumes.full)) {
            out[at] = Number.NaN;
            out[at + 1] = Number.NaN;
            return;
          }
          const mean = volumes === null ? 1 : volumes.mean();
          out[at] = mean > 0 ? adlDifference / mean : 0;
          out[at + 1] = mean > 0 ? obvDifference / mean : 0;
        };
      },
    };
  },
});
