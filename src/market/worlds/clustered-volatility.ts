import { synthesize } from '../synthetic.ts';
import { BARS, normalGrowth, unchangingLaw, type World } from './world.ts';

/** The synthetic market's martingale: volatility clusters, follows the hour and jumps; the drift is -s^2/2 throughout. */
export const clusteredVolatility: World = {
  name: 'clustered-volatility',
  doc: 'calm and storm come in clusters, with jumps, but no bar has a drift: nothing can be earned',
  bars: BARS,
  make(seed, bars = BARS) {
    const { series } = synthesize({ bars, seed, symbol: 'CLUSTERS', martingale: true, trends: false });
    // In a martingale no share grows, whatever the volatility is: one bar of the mean volatility stands for all.
    const deviation = 0.008;
    return {
      series,
      law: unchangingLaw((share) => normalGrowth(-0.5 * deviation * deviation, deviation, share)),
      states: new Int32Array(bars),
    };
  },
};
