/** How many orders may leave within an hour and within a day. Exits are counted and never stopped. */
import { z } from 'zod';
import { ALLOW, type Rule, reduceOnly, threshold } from '../rule.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Unix ms of the newest orders, ascending; no more than the larger limit, since older ones can't decide anything. */
type Times = number[];

export const orderRate: Rule<{ perHour: number; perDay: number }, Times> = {
  name: 'order-rate',
  doc: 'reductions only once so many orders have left within an hour or a day',
  config: z.strictObject({
    perHour: threshold(z.int().min(1).max(10_000), 'lower', 'orders', 'orders within any 60 minutes'),
    perDay: threshold(z.int().min(1).max(10_000), 'lower', 'orders', 'orders within any 24 hours'),
  }),
  state: z.array(z.number()),
  standard: { perHour: 4, perDay: 12 },
  profiles: { cautious: {}, balanced: { perHour: 8, perDay: 48 } },
  initial: () => [],
  judge({ perHour, perDay }, times, { facts: { timeMs } }) {
    const hour = times.filter((time) => time > timeMs - HOUR_MS).length;
    const day = times.filter((time) => time > timeMs - DAY_MS).length;
    const within = hour < perHour && day < perDay;
    return { verdict: within ? ALLOW : reduceOnly('order-rate', { hour, perHour, day, perDay }), state: times };
  },
  settle({ perHour, perDay }, times, { timeMs }, ordered) {
    return ordered ? [...times, timeMs].slice(-Math.max(perHour, perDay)) : times;
  },
};
