import { Rng } from '../../core/rng.ts';
import { makeCandles } from './candles.ts';
import { BARS, normalGrowth, unchangingLaw, type World } from './world.ts';

const DEVIATION = 0.006;

/** R ~ N(-s^2/2, s^2), independent: the price is a martingale, so whoever trades loses his costs. */
export const fair: World = {
  name: 'fair',
  doc: 'no drift, no signal, constant volatility: nothing can be earned, costs are lost',
  bars: BARS,
  make(seed, bars = BARS) {
    const rng = new Rng(seed, 1);
    const returns = Float64Array.from({ length: bars }, () => -0.5 * DEVIATION * DEVIATION + DEVIATION * rng.normal());
    return {
      series: makeCandles('FAIR', returns, DEVIATION, new Rng(seed, 2)),
      law: unchangingLaw((share) => normalGrowth(-0.5 * DEVIATION * DEVIATION, DEVIATION, share)),
      states: new Int32Array(bars),
    };
  },
};
