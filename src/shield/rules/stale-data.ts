/** No new risk on old candles. */
import { z } from 'zod';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

export const staleData: Rule<{ maxAgeBars: number }, NoState> = {
  name: 'stale-data',
  doc: 'reductions only while the newest candle is older than this',
  config: z.strictObject({
    maxAgeBars: threshold(z.number().min(0), 'lower', 'bars beyond its close', 'oldest newest candle'),
  }),
  state: noState,
  standard: { maxAgeBars: 0.25 },
  profiles: { cautious: {}, balanced: { maxAgeBars: 1 } },
  initial: () => null,
  judge({ maxAgeBars }, state, { facts: { dataAgeMs, timeframeMs } }) {
    const fresh = dataAgeMs <= maxAgeBars * timeframeMs;
    return { verdict: fresh ? ALLOW : reduceOnly('stale-data', { dataAgeMs, maxAgeBars }), state };
  },
};
