/** N-consecutive as the specification has it: a request equal to all of the last N becomes HOLD. */
import { z } from 'zod';
import { HOLD } from '../../core/action.ts';
import { ALLOW, deny, type Rule, threshold } from '../rule.ts';

/** The last requests, the newest last. */
type Queue = number[];

export const repeatLimit: Rule<{ n: number }, Queue> = {
  name: 'repeat-limit',
  doc: 'denies a request that equals all of the last n requests',
  config: z.strictObject({
    n: threshold(z.int().min(1).max(100), 'lower', 'requests', 'how many equal requests come before the denied one'),
  }),
  state: z.array(z.int().min(0).max(2)),
  standard: { n: 2 },
  profiles: { cautious: {}, balanced: { n: 3 }, spec: {} },
  initial: () => [],
  judge({ n }, queue, { request }) {
    const last = queue.slice(-n);
    const repeats = request !== HOLD && last.length === n && last.every((queued) => queued === request);
    return { verdict: repeats ? deny('repeated', { n, request }) : ALLOW, state: [...queue, request].slice(-n) };
  },
};
