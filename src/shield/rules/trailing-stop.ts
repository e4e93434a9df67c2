/** A stop that follows the best price since the entry. */
import { z } from 'zod';
import { isBeyond, levelAt } from '../levels.ts';
import { ALLOW, type Rule, reduceOnly, threshold } from '../rule.ts';

interface State {
  /** Sign of the units that `best` belongs to. */
  side: number;
  /** Best price since the entry as the decisions saw it; null when flat. */
  best: number | null;
  [key: string]: number | null;
}

export const trailingStop: Rule<{ distance: number }, State> = {
  name: 'trailing-stop',
  doc: 'closes the position where it has given back this much of its best price',
  config: z.strictObject({
    distance: threshold(z.number().gt(0).lt(1), 'lower', 'share of the best price', 'how far the stop trails'),
  }),
  state: z.strictObject({ side: z.int().min(-1).max(1), best: z.number().nullable() }),
  standard: { distance: 0.08 },
  profiles: { cautious: {}, balanced: { distance: 0.12 } },
  initial: () => ({ side: 0, best: null }),
  judge({ distance }, state, { facts: { position, units, entryPrice, high, low, close } }) {
    const side = Math.sign(units);
    if (side === 0) return { verdict: ALLOW, state: { side, best: null } };
    // The bar in which the entry filled may have had its extreme before the entry; that errs on the tight side.
    const known = state.side === side && state.best !== null ? state.best : entryPrice;
    const best = side > 0 ? Math.max(known, high) : Math.min(known, low);
    const stop = levelAt(position, best, -distance);
    const verdict = isBeyond(position, close, stop) ? reduceOnly('beyond-trailing-stop', { close, stop, best }) : ALLOW;
    return { verdict, state: { side, best } };
  },
  levels: ({ distance }, { position, bestPrice }) => ({
    stop: levelAt(position, bestPrice, -distance),
    target: Number.NaN,
  }),
};
