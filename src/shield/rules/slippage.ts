/** A rest after a fill that was much worse than expected. A fill is seen as a change of the position. */
import { z } from 'zod';
import { ALLOW, type Rule, reduceOnly, threshold } from '../rule.ts';

interface State {
  /** Position and slippage at the last decision. */
  position: number;
  slippage: number | null;
  /** Unix ms of the decision that first saw this slippage. */
  seenMs: number;
  [key: string]: number | null;
}

export const slippage: Rule<{ maxSlippage: number; coolDownBars: number }, State> = {
  name: 'slippage',
  doc: 'reductions only for a while after a fill that was worse than expected by more than this',
  config: z.strictObject({
    maxSlippage: threshold(z.number().min(0), 'lower', 'share of the expected price', 'worst fill'),
    coolDownBars: threshold(z.int().min(1), 'higher', 'bars', 'length of the cool-down'),
  }),
  state: z.strictObject({ position: z.number(), slippage: z.number().nullable(), seenMs: z.number() }),
  standard: { maxSlippage: 0.003, coolDownBars: 6 },
  profiles: { cautious: {}, balanced: { maxSlippage: 0.006, coolDownBars: 3 } },
  initial: () => ({ position: 0, slippage: null, seenMs: 0 }),
  judge({ maxSlippage, coolDownBars }, state, { facts: { position, lastSlippage, timeMs, timeframeMs } }) {
    const current = Number.isNaN(lastSlippage) ? null : lastSlippage;
    const filled = current !== state.slippage || position !== state.position;
    const seenMs = filled ? timeMs : state.seenMs;
    const restedBars = (timeMs - seenMs) / timeframeMs;
    const bad = current !== null && current > maxSlippage && restedBars < coolDownBars;
    return {
      verdict: bad ? reduceOnly('slippage', { slippage: current, maxSlippage, restedBars, coolDownBars }) : ALLOW,
      state: { position, slippage: current, seenMs },
    };
  },
};
