import { Rng } from '../../core/rng.ts';
import { hourOf, makeCandles } from './candles.ts';
import { BARS, normalGrowth, type World } from './world.ts';

const DRIFT = 0.0015;
const DEVIATION = 0.006;

/** Drift of the bar that opens in an hour: up from 6 to 12, down from 14 to 20. */
function driftAt(hour: number): number {
  return hour >= 6 && hour < 12 ? DRIFT : hour >= 14 && hour < 20 ? -DRIFT : 0;
}

export const hourOfDay: World = {
  name: 'hour-of-day',
  doc: 'the drift depends on the hour of the day, and on nothing else',
  bars: BARS,
  make(seed, bars = BARS) {
    const rng = new Rng(seed, 1);
    const returns = Float64Array.from({ length: bars }, (_, i) => driftAt(hourOf(i)) + DEVIATION * rng.normal());
    const transition = new Float64Array(24 * 24);
    for (let hour = 0; hour < 24; hour++) transition[hour * 24 + ((hour + 1) % 24)] = 1;
    return {
      series: makeCandles('HOURS', returns, DEVIATION, new Rng(seed, 2)),
      law: {
        states: 24,
        transition,
        // The state is the hour in which the next bar opens.
        growth: (state, share) => normalGrowth(driftAt(state), DEVIATION, share),
      },
      states: Int32Array.from({ length: bars }, (_, i) => hourOf(i + 1)),
    };
  },
};
