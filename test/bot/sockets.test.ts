import { expect, it } from 'vitest';
import { SLOW } from '../effort.ts';
import { QUICK, runSocketSchedule } from './socket-schedule.ts';

it(
  'keeps every promise over real sockets, through ccxt; `npm run soak:sockets` runs fifty longer ones',
  SLOW,
  async () => {
    const results = await Promise.all([101, 102, 103].map((seed) => runSocketSchedule(seed, QUICK)));
    for (const { seed, violations } of results) expect(violations, `seed ${seed}`).toEqual([]);
    expect(results.reduce((sum, { fills }) => sum + fills, 0)).toBeGreaterThan(3);
  },
);
