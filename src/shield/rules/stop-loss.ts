/** A stop at a distance from the average entry price; nothing is added to a position that closed beyond it. */
import { z } from 'zod';
import { isBeyond, levelAt } from '../levels.ts';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const stopLoss: Rule<{ distance: number }, NoState> = {
  name: 'stop-loss',
  doc: 'closes the position at a loss of this size from its entry price',
  config: z.strictObject({
    distance: threshold(z.number().gt(0).lt(1), 'lower', 'share of the entry price', 'how far the stop is'),
  }),
  state: noState,
  standard: { distance: 0.05 },
  profiles: { cautious: {}, balanced: { distance: 0.08 } },
  initial: () => null,
  judge({ distance }, state, { facts: { position, entryPrice, close } }) {
    const stop = levelAt(position, entryPrice, -distance);
    const verdict = isBeyond(position, close, stop) ? reduceOnly('beyond-stop', { close, stop }) : ALLOW;
    return { verdict, state };
  },
  levels: ({ distance }, { position, entryPrice }) => ({
    stop: levelAt(position, entryPrice, -distance),
    target: Number.NaN,
  }),
};
