/**
 * N-consecutive as the published code meant it: act only where the last N requests, this one included, are the same.
 * With `publishedWarmup` 1 the first N requests are denied, as that code does by a fault.
 */
import { z } from 'zod';
import { HOLD } from '../../core/action.ts';
import { ALLOW, deny, type Rule, threshold } from '../rule.ts';

interface State {
  /** The last n - 1 requests, the newest last. */
  queue: number[];
  /** Requests seen, counted up to n. */
  seen: number;
  [key: string]: number[] | number;
}

export const consensus: Rule<{ n: number; publishedWarmup: number }, State> = {
  name: 'consensus',
  doc: 'denies a request unless the n - 1 before it were the same',
  config: z.strictObject({
    n: threshold(z.int().min(1).max(100), 'higher', 'requests', 'how many equal requests in a row make one act'),
    publishedWarmup: threshold(z.int().min(0).max(1), 'higher', '0 or 1', '1: deny the first n requests, whatever'),
  }),
  state: z.strictObject({ queue: z.array(z.int().min(0).max(2)), seen: z.int().min(0) }),
  standard: { n: 2, publishedWarmup: 0 },
  profiles: {},
  initial: () => ({ queue: [], seen: 0 }),
  judge({ n, publishedWarmup }, { queue, seen }, { request }) {
    const before = n === 1 ? [] : queue.slice(1 - n);
    const agree = before.length === n - 1 && before.every((queued) => queued === request);
    const warm = publishedWarmup === 0 || seen >= n;
    return {
      verdict: request === HOLD || (agree && warm) ? ALLOW : deny('no-consensus', { n, request, seen }),
      state: { queue: n === 1 ? [] : [...queue, request].slice(1 - n), seen: Math.min(n, seen + 1) },
    };
  },
};
