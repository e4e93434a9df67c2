/** A target at a distance from the average entry price; nothing is added to a position that closed beyond it. */
import { z } from 'zod';
import { isBeyond, levelAt } from '../levels.ts';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const takeProfit: Rule<{ distance: number }, NoState> = {
  name: 'take-profit',
  doc: 'closes the position at a gain of this size over its entry price',
  config: z.strictObject({
    distance: threshold(z.number().gt(0).lt(1), 'lower', 'share of the entry price', 'how far the target is'),
  }),
  state: noState,
  standard: { distance: 0.2 },
  profiles: { cautious: {} },
  initial: () => null,
  judge({ distance }, state, { facts: { position, entryPrice, close } }) {
    const target = levelAt(position, entryPrice, distance);
    const verdict = isBeyond(-position, close, target) ? reduceOnly('beyond-target', { close, target }) : ALLOW;
    return { verdict, state };
  },
  levels: ({ distance }, { position, entryPrice }) => ({
    stop: Number.NaN,
    target: levelAt(position, entryPrice, distance),
  }),
};
