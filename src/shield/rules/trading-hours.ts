/** New risk only in some hours of some days (UTC). Absent from every profile: these markets never close. */
import { z } from 'zod';
import { ALLOW, type NoState, noState, type Rule, reduceOnly, threshold } from '../rule.ts';

const HOUR_MS = 3_600_000;

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const tradingHours: Rule<{ hours: readonly number[]; days: readonly number[] }, NoState> = {
  name: 'trading-hours',
  doc: 'reductions only outside of these hours and days (UTC)',
  config: z.strictObject({
    hours: threshold(z.array(z.int().min(0).max(23)), 'fewer', 'hours, 0..23', 'hours in which orders may open risk'),
    days: threshold(z.array(z.int().min(0).max(6)), 'fewer', 'weekdays, 0 = Sunday', 'days on which they may'),
  }),
  state: noState,
  standard: { hours: range(24), days: range(7) },
  profiles: {},
  initial: () => null,
  judge({ hours, days }, state, { facts: { timeMs } }) {
    const hourCount = Math.floor(timeMs / HOUR_MS);
    const hour = hourCount % 24;
    // 1970-01-01 was a Thursday, day 4.
    const day = (Math.floor(hourCount / 24) + 4) % 7;
    const open = hours.includes(hour) && days.includes(day);
    return { verdict: open ? ALLOW : reduceOnly('trading-hours', { hour, day }), state };
  },
};
