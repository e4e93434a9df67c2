import { describe, expect, it } from 'vitest';
import type { DecisionMaker } from '../../src/bot/decision-maker.ts';
import { type DecisionEntry, encodeCandle } from '../../src/bot/entries.ts';
import { Trader, type TraderContext } from '../../src/bot/trader.ts';
import type { BrokerEntry } from '../../src/broker/entries.ts';
import { Holdings } from '../../src/broker/holdings.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { Shield } from '../../src/core/shield.ts';
import { failure, ScriptedVenue } from '../broker/scripted-venue.ts';

const HOUR_MS = 3_600_000;
const LEVELS = { stop: Number.NaN, target: Number.NaN };

function world() {
  const state = { nowMs: 100 * HOUR_MS, halted: null as string | null };
  const venue = new ScriptedVenue(() => state.nowMs);
  const entries: BrokerEntry[] = [];
  const account = new Account({ ...DEFAULT_ACCOUNT, startingEquity: 1_000, quantityStep: 0.001 });
  account.reset(100);
  const clock = { nowMs: () => state.nowMs, elapsedMs: () => state.nowMs, sleep: async () => {} };
  const broker = new LiveBroker({
    symbol: 'BTC/USDT',
    account,
    venue,
    clock,
    holdings: new Holdings(venue, clock),
    journal: { record: (entry) => entries.push(entry), sync: () => true },
    tag: 'test0',
    runId: 'run0',
    freshMs: HOUR_MS / 4,
    alarm: () => {},
  });
  broker.takeReconciled({ shortage: null, quoteShortage: false, unconfirmed: null });
  const context = {
    nowMs: () => state.nowMs,
    venueMs: () => state.nowMs,
    monotonicMs: () => state.nowMs,
    sync: () => true,
    get halted() {
      return state.halted;
    },
  } as TraderContext;
  const shield = { levels: () => LEVELS } as unknown as Shield;
  const maker = {} as DecisionMaker;
  return {
    state,
    venue,
    entries,
    broker,
    trader: new Trader({ broker, maker, shield, timeframeMs: HOUR_MS, context }),
  };
}

/** A decision to buy at the close of the bar that just ended. */
const decided = (nowMs: number): DecisionEntry => {
  const bar = { timeMs: nowMs - HOUR_MS, open: 100, high: 100, low: 100, close: 100, volume: 1, trades: 1, trends: 1 };
  return { record: { order: 2, flatten: false, candle: encodeCandle(bar) } } as unknown as DecisionEntry;
};

describe('after a halt nothing is bought', () => {
  it('that a crash kept from being ordered before the halt', async () => {
    const w = world();
    await w.trader.resume(decided(w.state.nowMs), false);
    expect(w.venue.sent).toHaveLength(1);

    const halted = world();
    halted.state.halted = 'a person said so';
    await halted.trader.resume(decided(halted.state.nowMs), false);
    expect(halted.venue.sent).toEqual([]);
  });

  it('that never reached the venue and would be tried again', async () => {
    const w = world();
    w.venue.script.create = () => failure('timeout');
    w.venue.script.fetchOrder = () => null;
    await w.trader.resume(decided(w.state.nowMs), false);
    w.venue.script = {};
    w.venue.script.fetchOrder = () => null;
    w.state.halted = 'a person said so';
    // As the bot's tick does while it is halted; the first order is then proven lost.
    for (let i = 0; i < 12; i++) {
      w.state.nowMs += 5_000;
      await w.trader.flatten();
      await w.broker.poll();
    }
    expect(w.venue.sent).toHaveLength(1);
    expect(w.broker.account.units).toBe(0);
    expect(w.entries.at(-1)).toMatchObject({ type: 'denied', code: 'closing' });
  });
});
