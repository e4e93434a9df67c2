/** A policy without an agent, to put results beside. Usage: tradernet baseline breakout --plugin examples/plugins/breakout-baseline.ts */
import { type Baseline, BUY, definePlugin, HOLD, PLAIN, SELL } from 'tradernet/plugin';

const BARS = 55;

/** Donchian's breakout: BUY at a close above all of the last bars', SELL at one below them. */
const breakout: Baseline = {
  name: 'breakout',
  label: `Breakout ${BARS}`,
  doc: `BUY at a close above the last ${BARS}, SELL at one below them`,
  needs: [],
  create: ({ series: { close } }) => ({
    policy: {
      name: 'breakout',
      decide(row, { mask }) {
        const last = close.subarray(Math.max(0, row - BARS), row);
        const wish = close[row] > Math.max(...last) ? BUY : close[row] < Math.min(...last) ? SELL : HOLD;
        return PLAIN[mask[wish] === 1 ? wish : HOLD];
      },
    },
  }),
};

export default definePlugin({ baselines: [breakout] });
