/** A machine that slept: the bars that it missed are decided, and none of them is traded on. */
import { expect, it } from 'vitest';
import { MINUTE, openDay } from '../venue/day.ts';
import { restlessAgent } from './bot-world.ts';

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'after half an hour of sleep only the newest bar is traded on (seed %i)',
  async (seed) => {
    const day = openDay({ seed, agent: restlessAgent, overrides: { 'stop-loss': { distance: 0.02 } } });
    const life = day.start(day.files);
    await day.pass(6 * MINUTE + 1_000 * seed);
    const before = day.exchange.orders.length;
    // Nothing of the process runs, and every timer is late.
    day.time.ms += 30 * MINUTE;
    const wokenMs = day.time.ms;
    await day.pass(50_000);
    const newest = Math.floor(day.time.ms / MINUTE) * MINUTE;
    const placed = day.exchange.orders.slice(before).filter(({ type }) => type === 'MARKET');
    for (const order of placed) {
      const intent = life.entries.find((entry) => entry.type === 'intent' && entry.id === order.clientId);
      expect(intent).toMatchObject({ type: 'intent' });
      if (intent?.type === 'intent') expect(newest - intent.decisionMs, intent.role).toBeLessThan(2 * MINUTE);
    }
    const sides = placed.map(({ side }) => side);
    expect(new Set(sides).size, sides.join()).toBeLessThanOrEqual(1);
    // Stops don't follow bars that are gone.
    const stops = day.exchange.orders
      .slice(before)
      .filter(({ type, createdMs }) => type === 'STOP_LOSS' && createdMs > wokenMs);
    expect(stops.length).toBeLessThanOrEqual(2);
    await day.pass(3 * MINUTE);
    await life.stop();
    expect(life.entries.filter(({ type }) => type === 'decision').length).toBeGreaterThan(34);
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  },
);
