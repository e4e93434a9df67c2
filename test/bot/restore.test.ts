/** An older journal is put back, or a copy of it runs elsewhere: ids never repeat, and nothing at the venue is orphaned. */
import { describe, expect, it } from 'vitest';
import { LiveBroker } from '../../src/broker/live.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { amount, short } from '../venue/amount.ts';
import { type Day, MINUTE, openDay } from '../venue/day.ts';
import { restlessAgent } from './bot-world.ts';

/** The journal as it is now, on another disk. */
function backUp(day: Day): MemoryFileSystem {
  const copy = new MemoryFileSystem();
  copy.mkdir(day.folder);
  copy.write(`${day.folder}/journal.log`, day.files.read(`${day.folder}/journal.log`));
  copy.sync(`${day.folder}/journal.log`);
  for (const folder of [day.folder, 'bots', '.']) copy.sync(folder);
  return copy;
}

const idsOf = (day: Day) => day.exchange.orders.map(({ clientId }) => clientId);

function expectOwnUntouched(day: Day): void {
  for (const [coin, value] of Object.entries(day.own))
    expect(day.exchange.ledger.least.get(coin) ?? 0n, coin).toBeGreaterThanOrEqual(value);
}

describe('an older journal', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'takes over what was done since, open and ended, and goes on from there (seed %i)',
    async (seed) => {
      const day = openDay({ seed, agent: restlessAgent, overrides: { 'stop-loss': { distance: 0.004 } } });
      const first = day.start(day.files);
      await day.pass((2 + seed) * MINUTE + 7_000 * seed);
      const backup = backUp(day);
      await day.pass((3 + 2 * seed) * MINUTE);
      await first.stop();
      const before = day.exchange.orders.length;
      const trades = day.exchange.trades.length;
      const second = day.start(backup);
      const { broker } = second.bot.traders[0];
      expect(await day.until(() => broker.unresolved === null, 5 * MINUTE)).toBe(true);
      expect(broker.owned).toBe(short(day.held('BTC')));
      if (broker instanceof LiveBroker) {
        const moved = amount(broker.book.quoteMoved) + amount('10137');
        expect(day.exchange.ledger.total('USDT')).toBe(moved);
      }
      expect(day.exchange.orders.filter(({ end, type }) => end === null && type !== 'STOP_LOSS')).toEqual([]);
      await day.pass(10 * MINUTE);
      await second.stop();
      expect(second.alarms).not.toContain('holdings-changed');
      expect(trades).toBeGreaterThan(0);
      expect(day.exchange.orders.length).toBeGreaterThan(before);
      expect(new Set(idsOf(day)).size).toBe(idsOf(day).length);
      expectOwnUntouched(day);
      const entries = day.entries(backup);
      expect(entries.some((entry) => entry.type === 'intent' && entry.reason === 'restored')).toBe(true);
      expect(await day.differences(entries)).toEqual([]);
    },
  );

  it('repeats no id where the clock was set back too', async () => {
    const day = openDay({ agent: restlessAgent });
    const first = day.start(day.files);
    await day.pass(3 * MINUTE);
    const backup = backUp(day);
    const atMs = day.time.ms;
    await day.pass(6 * MINUTE);
    await first.stop();
    const back = { kind: 'clock-step', fromMs: day.time.ms, toMs: Number.POSITIVE_INFINITY, size: atMs - day.time.ms };
    (day.exchange.troubles.all as unknown as object[]).push(back);
    const second = day.start(backup);
    await day.pass(8 * MINUTE);
    await second.stop();
    expect(new Set(idsOf(day)).size).toBe(idsOf(day).length);
    expectOwnUntouched(day);
  });

  it('leaves what a person did by hand to the person', async () => {
    const day = openDay();
    const first = day.start(day.files);
    await day.pass(2 * MINUTE);
    await first.stop();
    const quantity = amount('0.01');
    const byHand = { clientId: 'byhand', symbolId: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity } as const;
    day.exchange.place(byHand, day.time.ms);
    const second = day.start(day.files);
    await day.pass(3 * MINUTE);
    await second.stop();
    expect(second.alarms).toContain('holdings-changed');
    expect(second.alarms).not.toContain('order-taken-over');
  });

  it('is refused in one line where the venue tells of more sales than it knows coins', async () => {
    const day = openDay();
    const first = day.start(day.files);
    await day.pass(MINUTE);
    await first.stop();
    const quantity = amount('0.45');
    const sale = { clientId: 'abcdef010old1', symbolId: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity } as const;
    day.exchange.place(sale, day.time.ms);
    const second = day.start(day.files);
    await day.pass(MINUTE);
    expect(String(await second.failure)).toMatch(/InputError: BTC\/USDT: order abcdef010old1 .* restore a newer one/);
  });
});

it('two bots on copies of one journal end, in one line, before they trade against each other', async () => {
  const day = openDay({ agent: restlessAgent });
  const first = day.start(day.files);
  await day.pass(2 * MINUTE);
  const second = day.start(backUp(day));
  const failures: unknown[] = [];
  for (const life of [first, second]) life.failure.then((error) => failures.push(error));
  expect(await day.until(() => failures.length > 0, 10 * MINUTE)).toBe(true);
  expect(String(failures[0])).toMatch(/InputError: .*another bot trades from a copy of this journal; stop one of them/);
  expectOwnUntouched(day);
});
