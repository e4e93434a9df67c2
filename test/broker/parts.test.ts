/** The small rooms of the broker: when an entry is tried again, how steps fail and rest, what waits for what. */
import { describe, expect, it } from 'vitest';
import type { TrackedOrder } from '../../src/broker/live-book.ts';
import type { OrderDesk } from '../../src/broker/order-desk.ts';
import { retryStep } from '../../src/broker/retry.ts';
import { runInAll, SerialQueue } from '../../src/broker/serial-queue.ts';
import { Steps } from '../../src/broker/steps.ts';
import { ExchangeError } from '../../src/core/errors.ts';

describe('an entry that never arrived', () => {
  const facts = { fresh: true, closing: false, unresolved: null };
  const step = (attempt: number, changes: Partial<Omit<typeof facts, 'unresolved'>> & { unresolved?: string } = {}) =>
    retryStep({ id: 'x', attempt } as TrackedOrder, { ...facts, ...changes });

  it('is sent again while it is fresh, twice', () => {
    expect([1, 2].map((attempt) => step(attempt))).toEqual([{ kind: 'send' }, { kind: 'send' }]);
    expect(step(3)).toEqual({ kind: 'give-up', code: 'too-many-attempts', numbers: { attempts: '3' } });
    expect(step(1, { fresh: false })).toEqual({ kind: 'give-up', code: 'no-longer-fresh', numbers: { id: 'x' } });
    expect(step(1, { closing: true })).toEqual({ kind: 'give-up', code: 'closing', numbers: { id: 'x' } });
    expect(step(1, { unresolved: 'order y is unknown' })).toEqual({ kind: 'wait' });
    expect(step(1, { unresolved: 'order y is unknown', fresh: false })).toMatchObject({ code: 'no-longer-fresh' });
    expect(step(9, { closing: true })).toMatchObject({ code: 'closing' });
  });
});

describe('steps', () => {
  function room() {
    const alarms: [string, Readonly<Record<string, string>>][] = [];
    const desk = {
      elapsedMs: 0,
      options: {
        symbol: 'BTC/USDT',
        alarm: (code: string, numbers: Record<string, string>) => alarms.push([code, numbers]),
      },
    };
    return { alarms, desk, steps: new Steps(desk as unknown as OrderDesk) };
  }
  const fails =
    (retryAfterMs = 0) =>
    async () => {
      throw new ExchangeError('no', { code: 'network', retryable: true, retryAfterMs });
    };

  it('that fail are said, and rest for longer each time, each by itself', async () => {
    const { desk, steps, alarms } = room();
    const ran: number[] = [];
    for (; desk.elapsedMs < 40_000; desk.elapsedMs += 500)
      await steps.run('quote', 10_000, async () => {
        ran.push(desk.elapsedMs);
        await fails()();
      });
    expect(ran).toEqual([0, 1_000, 3_000, 7_000, 15_000, 25_000, 35_000]);
    expect(alarms[1]).toEqual([
      'venue-error',
      { symbol: 'BTC/USDT', step: 'quote', code: 'network', failures: '2', message: 'no' },
    ]);
    expect(await steps.run('other', 10_000, async () => {})).toBe(true);
    desk.elapsedMs = 60_000;
    expect(await steps.run('quote', 10_000, async () => {})).toBe(true);
    // All is forgotten then.
    await steps.run('quote', 10_000, fails());
    desk.elapsedMs += 1_000;
    expect(await steps.run('quote', 10_000, async () => {})).toBe(true);
  });

  it('wait as long as the venue asks for, and no longer than they may', async () => {
    const { desk, steps } = room();
    expect(await steps.run('a', 60_000, fails(30_000))).toBe(false);
    expect(await steps.run('b', 10_000, fails(30_000))).toBe(false);
    desk.elapsedMs = 10_000;
    expect(await steps.run('a', 60_000, async () => {})).toBe(false);
    expect(await steps.run('b', 10_000, async () => {})).toBe(true);
    desk.elapsedMs = 30_000;
    expect(await steps.run('a', 60_000, async () => {})).toBe(true);
  });

  it('pass on what is a bug', async () => {
    const { steps } = room();
    await expect(
      steps.run('a', 1, async () => {
        throw new TypeError('a bug');
      }),
    ).rejects.toThrow('a bug');
  });
});

it('a queue runs one after the other, also past what fails; what runs in all of them stops each', async () => {
  const [a, b] = [new SerialQueue(), new SerialQueue()];
  const order: string[] = [];
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const failing = a.run(async () => {
    await gate;
    order.push('first');
    throw new Error('no');
  });
  const all = runInAll([a, b], async () => {
    order.push('all');
    return 7;
  });
  const after = b.run(async () => order.push('b'));
  const last = a.run(async () => order.push('last'));
  release();
  await expect(failing).rejects.toThrow('no');
  expect(await all).toBe(7);
  await Promise.all([after, last]);
  expect(order.indexOf('first')).toBeLessThan(order.indexOf('all'));
  expect(order.indexOf('all')).toBeLessThan(order.indexOf('last'));
  expect(order).toHaveLength(4);
  expect(await runInAll([], async () => 1)).toBe(1);
});
