import { log } from '../../core/math.ts';
import { Rng } from '../../core/rng.ts';
import { makeCandles } from './candles.ts';
import { BARS, normalGrowth, unchangingLaw, type World } from './world.ts';

const DRIFT = 0.0005;
const DEVIATION = 0.006;
/** A crash takes a tenth to a fifth, about once in 1,000 bars, and nothing foretells it. */
const CRASH = { probability: 0.001, sizes: [0.1, 0.15, 0.2] };

export const crashes: World = {
  name: 'crashes',
  doc: 'a steady drift upwards and, about once in 1,000 bars, a crash that nothing foretells: holding is right',
  bars: BARS,
  make(seed, bars = BARS) {
    const [noise, jumps] = [new Rng(seed, 1), new Rng(seed, 3)];
    const returns = Float64Array.from({ length: bars }, () => {
      const size = jumps.uniform() < CRASH.probability ? CRASH.sizes[jumps.integer(CRASH.sizes.length)] : 0;
      return DRIFT + DEVIATION * noise.normal() + log(1 - size);
    });
    const growth = (share: number) => {
      const crashed = CRASH.sizes.map((size) => normalGrowth(DRIFT + log(1 - size), DEVIATION, share));
      const mean = crashed.reduce((sum, one) => sum + one, 0) / crashed.length;
      return (1 - CRASH.probability) * normalGrowth(DRIFT, DEVIATION, share) + CRASH.probability * mean;
    };
    return {
      series: makeCandles('CRASHES', returns, DEVIATION, new Rng(seed, 2)),
      law: unchangingLaw(growth),
      states: new Int32Array(bars),
    };
  },
};
