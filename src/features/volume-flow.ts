import type { Candle } from '../core/candle.ts';
import type { Indicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

/** How a flow of volume is stated: in units of volume, or divided by SMA20 of the volume (0 where that is 0). */
export type FlowUnit = 'volume' | 'mean-volume';
/** The first difference of the running line, or the second. */
export type FlowDifference = 'first' | 'second';

/** What the accumulation/distribution line gains in a bar: V ((C - L) - (H - C)) / (H - L); 0 in a bar without range. */
function accumulated(candle: Candle): number {
  const range = candle.high - candle.low;
  return range > 0 ? (candle.volume * (candle.close - candle.low - (candle.high - candle.close))) / range : 0;
}

/** What on-balance volume gains in a bar: + V where the close did not fall, - V where it did. */
function balanced(candle: Candle, previousClose: number): number {
  return candle.close < previousClose ? -candle.volume : candle.volume;
}

/** The line itself is never summed up: its difference is the bar's own gain, free of a long sum's rounding. */
function flow(
  name: 'adl' | 'obv',
  unit: FlowUnit,
  difference: FlowDifference,
  gain: (candle: Candle, previousClose: number) => number,
): Indicator {
  const first = difference === 'first' ? 1 : 2;
  return {
    id: `${name}(${difference}-difference,per-${unit})`,
    columns: [`${name}_diffs`],
    needs: 'candles',
    warmup: unit === 'volume' ? first : 19,
    memory: unit === 'volume' ? first : 19,
    start(state) {
      const [BARS, CLOSE, GAIN] = [0, 1, 2];
      const cells = state.cells(3);
      const volumes = unit === 'volume' ? null : new RollingWindow(state, 20);
      return (candle, out, at) => {
        const bar = cells[BARS]++;
        const gained = gain(candle, cells[CLOSE]);
        const value = difference === 'first' ? gained : gained - cells[GAIN];
        cells[CLOSE] = candle.close;
        cells[GAIN] = gained;
        volumes?.push(candle.volume);
        if (bar < first || volumes?.full === false) {
          out[at] = Number.NaN;
          return;
        }
        const mean = volumes === null ? 1 : volumes.mean();
        out[at] = mean > 0 ? value / mean : 0;
      };
    },
  };
}

/** Differences of the accumulation/distribution line. */
export function adl(unit: FlowUnit, difference: FlowDifference = 'first'): Indicator {
  return flow('adl', unit, difference, accumulated);
}

/** Differences of on-balance volume. */
export function obv(unit: FlowUnit, difference: FlowDifference = 'first'): Indicator {
  return flow('obv', unit, difference, balanced);
}
