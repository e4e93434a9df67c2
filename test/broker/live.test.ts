import { describe, expect, it } from 'vitest';
import type { BrokerEntry, HoldingsEntry } from '../../src/broker/entries.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { LiveBook } from '../../src/broker/live-book.ts';
import { ORDER_STATES } from '../../src/broker/order-life.ts';
import { Reconciler } from '../../src/broker/reconcile.ts';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { failure, fillOf, orderOf, ScriptedVenue } from './scripted-venue.ts';

const account = () => {
  const fresh = new Account({ ...DEFAULT_ACCOUNT, startingEquity: 1_000, quantityStep: 0.001 });
  fresh.reset(100);
  return fresh;
};

function world() {
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs, elapsedMs: () => nowMs, sleep: async () => {} };
  const venue = new ScriptedVenue(() => nowMs);
  const entries: (BrokerEntry | HoldingsEntry)[] = [];
  const alarms: string[] = [];
  let durable = 0;
  const broker = new LiveBroker({
    symbol: 'BTC/USDT',
    account: account(),
    venue,
    clock,
    journal: {
      record: (entry) => entries.push(entry),
      sync: () => {
        durable = entries.length;
      },
    },
    tag: 'test0',
    requestLifeMs: 10_000,
    freshMs: 30_000,
    alarm: (code) => alarms.push(code),
  });
  broker.takeReconciled({ shortage: null, quoteShortage: false });
  const buy = () => broker.place({ quantity: 2, decisionMs: nowMs, close: 100, reason: 'order' });
  const sell = () =>
    broker.place({ quantity: -broker.account.position, decisionMs: nowMs, close: 100, reason: 'order' });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { broker, venue, entries, alarms, buy, sell, pass, clock, durable: () => durable };
}

const marketOrders = (venue: ScriptedVenue) => venue.sent.filter((request) => request.type === 'market');

describe('an entry', () => {
  it('is written down and durable before it leaves', async () => {
    const w = world();
    w.venue.script.create = (request) => {
      expect(w.durable()).toBe(w.entries.length);
      expect(w.entries[w.entries.length - 1]).toMatchObject({ type: 'intent', id: request.clientOrderId });
      return orderOf(request);
    };
    await w.buy();
    expect(w.entries.map(({ type }) => type)).toEqual(['intent', 'order', 'fill', 'order-end']);
    expect(w.broker.account).toMatchObject({ units: 1, position: 2, cash: 800 });
  });

  it('is what was checked: on the grid, above the minimum, without a price', async () => {
    const w = world();
    await w.broker.place({ quantity: 1.23456789, decisionMs: w.clock.nowMs(), close: 100, reason: 'order' });
    expect(w.venue.sent).toEqual([
      { clientOrderId: 'test0-1', symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '1.234' },
    ]);
    await w.broker.place({ quantity: 0.01, decisionMs: w.clock.nowMs(), close: 100, reason: 'order' });
    expect(w.entries[w.entries.length - 1]).toMatchObject({ type: 'denied', code: 'notional-too-small' });
    expect(w.venue.sent.length).toBe(1);
  });

  it.each(['timeout', 'network', 'unavailable', 'bad-answer', 'rate-limited', 'banned', 'duplicate-id', 'unknown'])(
    'with the answer %s is asked after, never sent again while it may live',
    async (code) => {
      const w = world();
      w.venue.script.create = () => failure(code);
      w.venue.script.fetchOrder = () => null;
      await w.buy();
      expect(w.broker.unresolved).toMatch(/unknown/);
      for (let i = 0; i < 4; i++) {
        w.pass(2_000);
        await w.broker.poll();
      }
      expect(w.venue.sent.length).toBe(1);
      // It had arrived after all.
      delete w.venue.script.fetchOrder;
      w.pass(2_000);
      await w.broker.poll();
      w.pass(60_000);
      await w.broker.poll();
      expect(w.broker.account.position).toBe(2);
      expect(w.broker.unresolved).toBeNull();
      expect(w.venue.sent.length).toBe(1);
    },
  );

  it('that provably never arrived is sent once more under a new id, while it is fresh', async () => {
    const w = world();
    w.venue.script.create = () => failure('timeout');
    w.venue.script.fetchOrder = () => null;
    await w.buy();
    w.pass(11_000);
    w.venue.script = {};
    w.venue.script.fetchOrder = (id) => (id === 'test0-1' ? null : orderOf(w.venue.sent[1]));
    await w.broker.poll();
    expect(marketOrders(w.venue).map(({ clientOrderId }) => clientOrderId)).toEqual(['test0-1', 'test0-2']);
    expect(w.broker.account.position).toBe(2);
  });

  it('that is no longer fresh, or belongs to an older bar, is not tried again', async () => {
    for (const staleBy of ['time', 'bar']) {
      const w = world();
      w.venue.script.create = () => failure('timeout');
      w.venue.script.fetchOrder = () => null;
      await w.buy();
      w.pass(staleBy === 'time' ? 31_000 : 11_000);
      const candle = { open: 100, high: 100, low: 100, close: 100, volume: 1, trades: 1, trends: Number.NaN };
      if (staleBy === 'bar') await w.broker.closeBar({ ...candle, timeMs: w.clock.nowMs() });
      else await w.broker.poll();
      expect(w.venue.sent.length).toBe(1);
      expect(w.entries[w.entries.length - 1]).toMatchObject({ type: 'denied', code: 'no-longer-fresh' });
      expect(w.broker.unresolved).toBeNull();
    }
  });

  it.each(['insufficient-funds', 'filter', 'authentication', 'rejected'])(
    'refused with %s ends at once',
    async (code) => {
      const w = world();
      w.venue.script.create = () => failure(code);
      await w.buy();
      w.pass(20_000);
      await w.broker.poll();
      expect(w.venue.sent.length).toBe(1);
      expect(w.broker.unresolved).toBeNull();
      expect(w.entries[w.entries.length - 1]).toMatchObject({ type: 'order-end', end: 'rejected', why: code });
    },
  );

  it('that fills in part keeps what it got', async () => {
    const w = world();
    w.venue.script.create = (request) => orderOf(request, { filled: '0.8', status: 'open' });
    w.venue.script.fetchOrder = () => orderOf(w.venue.sent[0], { filled: '0.8', status: 'open' });
    await w.buy();
    expect(w.broker.account).toMatchObject({ units: 1, position: 0.8 });
    expect(w.broker.unresolved).toMatch(/open/);
    w.venue.script.fetchOrder = () => orderOf(w.venue.sent[0], { filled: '0.8', status: 'cancelled' });
    await w.broker.poll();
    expect(w.broker.unresolved).toBeNull();
    expect(w.broker.account).toMatchObject({ units: 1, position: 0.8 });
    expect(w.venue.sent.length).toBe(1);
  });

  it('stays in doubt until every fill is listed, and books each once', async () => {
    const w = world();
    let listed = 0;
    const part = (order: Parameters<typeof fillOf>[0], i: number) => fillOf(order, { fillId: `f${i}`, quantity: '1' });
    w.venue.script.fills = (order) => [0, 1].slice(0, listed).map((i) => part(order, i));
    await w.buy();
    expect(w.broker.unresolved).toMatch(/closing/);
    listed = 1;
    await w.broker.poll();
    expect(w.broker.account.position).toBe(1);
    expect(w.broker.unresolved).toMatch(/closing/);
    listed = 2;
    await w.broker.poll();
    expect(w.broker.account).toMatchObject({ position: 2, units: 1 });
    expect(w.broker.unresolved).toBeNull();
  });
});

describe('an exit', () => {
  async function long() {
    const w = world();
    await w.buy();
    return w;
  }

  it('sells what is owned to the last digit, fees in the base coin and dust included', async () => {
    const w = world();
    w.venue.script.fills = (order) => [
      fillOf(order, { quantity: order.filled, feeAmount: order.side === 'buy' ? '0.0021' : '0', feeCurrency: 'BTC' }),
    ];
    await w.buy();
    expect(w.broker.book.baseOwned).toBe('1.9979');
    await w.sell();
    expect(w.venue.sent[1]).toMatchObject({ side: 'sell', quantity: '1.997' });
    expect(w.broker.account).toMatchObject({ units: 0, closedTrades: 1 });
    expect(w.broker.book.baseOwned).toBe('0.0009');
    // The dust goes with the next sale.
    await w.buy();
    await w.sell();
    expect(w.broker.book.baseOwned).toBe('0.0008');
  });

  it('cancels the stop first, and sells nothing twice where the stop was quicker', async () => {
    const w = await long();
    await w.broker.protect(() => ({ stop: 90, target: Number.NaN }));
    expect(w.venue.sent[1]).toMatchObject({ type: 'stop-loss', price: '90', quantity: '2' });
    w.venue.script.cancel = () => 'not-open';
    w.venue.script.fetchOrder = (id) =>
      orderOf(w.venue.sent.find((one) => one.clientOrderId === id)!, { status: 'filled' });
    w.venue.script.fills = (order) => [fillOf(order, { price: '90' })];
    await w.sell();
    expect(marketOrders(w.venue).length).toBe(1);
    expect(w.broker.account).toMatchObject({ units: 0, position: 0, cash: 980 });
    expect(w.broker.unresolved).toBeNull();
  });

  it('is tried until it is done: cancelled by the venue, refused, lost', async () => {
    for (const [first, end] of [
      ['cancelled', undefined],
      [undefined, 'authentication'],
      [undefined, 'timeout'],
    ] as const) {
      const w = await long();
      let tries = 0;
      w.venue.script.create = (request) => {
        if (++tries > 1) return orderOf(request);
        return end === undefined ? orderOf(request, { filled: '0.5', status: first! }) : failure(end);
      };
      w.venue.script.fetchOrder = (id) => {
        const request = w.venue.sent.find((one) => one.clientOrderId === id)!;
        return end !== undefined && request === w.venue.sent[1] ? null : orderOf(request);
      };
      await w.sell();
      expect(w.broker.unresolved, `${first} ${end}`).not.toBeNull();
      for (let i = 0; i < 5; i++) {
        w.pass(6_000);
        await w.broker.poll();
      }
      expect(w.broker.account.units, `${first} ${end}`).toBe(0);
      expect(w.broker.book.baseOwned).toBe('0');
      expect(w.broker.unresolved).toBeNull();
    }
  });

  it('cancels an order that neither fills nor ends, and goes on with what it got', async () => {
    const w = await long();
    w.venue.script.create = (request) => {
      const second = w.venue.sent.length > 2;
      return orderOf(request, second ? {} : { filled: '0.5', status: 'open' });
    };
    w.venue.script.fetchOrder = (id) => {
      const request = w.venue.sent.find((one) => one.clientOrderId === id)!;
      if (request !== w.venue.sent[1]) return orderOf(request);
      return orderOf(request, { filled: '0.5', status: w.venue.cancelled.includes(id) ? 'cancelled' : 'open' });
    };
    await w.sell();
    w.pass(60_000);
    await w.broker.poll();
    expect(w.alarms).not.toContain('order-stuck');
    w.pass(61_000);
    for (let i = 0; i < 3; i++) {
      await w.broker.poll();
      w.pass(6_000);
    }
    expect(w.alarms).toContain('order-stuck');
    expect(w.broker.account.units).toBe(0);
    expect(w.broker.unresolved).toBeNull();
  });

  it('that the filters refuse is said once a minute, however often a halt asks for it', async () => {
    const w = await long();
    w.broker.takeReconciled({ shortage: '0.01', quoteShortage: false });
    for (let i = 0; i < 30; i++) {
      await w.sell();
      await w.broker.poll();
      w.pass(5_000);
    }
    expect(w.alarms.filter((code) => code === 'exit-denied').length).toBeLessThanOrEqual(3);
    expect(w.venue.sent.length).toBe(1);
  });

  it('passes while everything is unresolved', async () => {
    const w = await long();
    w.broker.takeReconciled({ shortage: null, quoteShortage: true });
    expect(w.broker.unresolved).not.toBeNull();
    await w.sell();
    expect(w.broker.account.units).toBe(0);
  });
});

describe('every state for spot', () => {
  const ids = { market: 'test0-7', stop: 'test0-8' };
  const intent = (role: 'entry' | 'exit' | 'stop', id: string): BrokerEntry => ({
    ...{ type: 'intent', symbol: 'BTC/USDT', id, role, quantity: '2', price: role === 'stop' ? '90' : null },
    ...{
      reference: 100,
      decisionMs: 1_000_000,
      attempt: 1,
      reason: role === 'stop' ? 'stop' : 'order',
      timeMs: 1_000_000,
    },
  });
  const order = (id: string, state: 'open' | 'unknown' | 'closing'): BrokerEntry => ({
    ...{ type: 'order', symbol: 'BTC/USDT', id, state, venueOrderId: state === 'unknown' ? null : `v-${id}` },
    ...{ filled: '0', end: state === 'closing' ? 'cancelled' : null, why: 'test', timeMs: 1_000_000 },
  });
  const alive = ORDER_STATES.filter((state) => state !== 'done');

  const states = (['flat', 'long'] as const).flatMap((position) =>
    ([null, ...alive] as const).flatMap((pending) =>
      (position === 'flat' ? [null] : ([null, ...alive] as const)).map((stop) => ({ position, pending, stop })),
    ),
  );

  it('there are 30 of them', () => expect(states.length).toBe(30));

  it.each(states)(
    '$position, order $pending, stop $stop: opens only when all is known, always gets out',
    async (state) => {
      const w = world();
      const { broker, venue } = w;
      if (state.position === 'long') await w.buy();
      const role = state.position === 'long' ? 'exit' : 'entry';
      if (state.pending !== null) broker.apply(intent(role, ids.market));
      if (state.pending !== null && state.pending !== 'intended') broker.apply(order(ids.market, state.pending));
      if (state.stop !== null) broker.apply(intent('stop', ids.stop));
      if (state.stop !== null && state.stop !== 'intended') broker.apply(order(ids.stop, state.stop));
      const calm = state.pending === null && (state.stop === null || state.stop === 'open');
      expect(broker.unresolved === null).toBe(calm);

      // A restart from here: the saved state says the same.
      const copy = new LiveBook('BTC/USDT', account());
      copy.restore(JSON.parse(JSON.stringify(broker.save())));
      expect(copy.save()).toEqual(broker.save());

      const before = venue.sent.length;
      const request = (id: string) => ({
        clientOrderId: id,
        symbol: 'BTC/USDT',
        side: 'sell' as const,
        type: 'market' as const,
        quantity: '2',
      });
      venue.script.fetchOrder = (id) => {
        const sent = venue.sent.find((one) => one.clientOrderId === id);
        if (sent !== undefined) return orderOf(sent, sent.type === 'market' ? {} : { filled: '0', status: 'open' });
        const own = id === ids.market ? state.pending : state.stop;
        if (own === 'intended' || own === 'unknown') return null;
        if (own === 'closing' || venue.cancelled.includes(id))
          return orderOf(request(id), { filled: '0', status: 'cancelled' });
        return orderOf(request(id), { filled: '0', status: 'open' });
      };
      await broker.place({ quantity: 1, decisionMs: w.clock.nowMs(), close: 100, reason: 'order' });
      const opened = venue.sent.slice(before).some(({ side }) => side === 'buy');
      expect(opened).toBe(calm);

      if (state.position === 'flat') return;
      // Whatever hung, the venue ends it in time, and the exit gets through.
      await broker.place({
        quantity: -broker.account.position,
        decisionMs: w.clock.nowMs(),
        close: 100,
        reason: 'flatten',
      });
      for (let i = 0; i < 8; i++) {
        w.pass(6_000);
        if (i === 2 && state.pending === 'open') venue.cancelled.push(ids.market);
        await broker.poll();
      }
      expect(broker.account.units).toBe(0);
      expect(broker.book.baseOwned).toBe('0');
      expect(broker.book.orders.size).toBe(0);
      const sold = venue.sent.filter(({ side, type }) => side === 'sell' && type === 'market');
      expect(sold.length).toBe(1);
      expect(broker.unresolved).toBeNull();
    },
  );
});

describe('reconciliation', () => {
  function reconciler(w: ReturnType<typeof world>) {
    const alarms: [string, Readonly<Record<string, string>>][] = [];
    const one = new Reconciler({
      venue: w.venue,
      clock: w.clock,
      brokers: [w.broker],
      record: (entry) => w.entries.push(entry),
      alarm: (code, numbers) => alarms.push([code, numbers]),
    });
    const reconcile = async () => {
      const results = await one.reconcile();
      for (const [broker, result] of results ?? []) broker.takeReconciled(result);
      return results !== null;
    };
    return { reconcile, alarms };
  }

  it('owns its allocation, not the balance: deposits and manual trades are seen and said', async () => {
    const w = world();
    const { reconcile, alarms } = reconciler(w);
    w.venue.script.balances = () => ({ USDT: '1500', BTC: '3' });
    expect(await reconcile()).toBe(true);
    expect(alarms).toEqual([]);
    await w.buy();
    w.venue.script.balances = () => ({ USDT: '1300', BTC: '5' });
    expect(await reconcile()).toBe(true);
    expect(alarms).toEqual([]);
    w.venue.script.balances = () => ({ USDT: '1400', BTC: '5.25' });
    expect(await reconcile()).toBe(true);
    expect(alarms).toEqual([
      ['holdings-changed', { currency: 'BTC', change: '0.25', foreign: '3.25' }],
      ['holdings-changed', { currency: 'USDT', change: '100', foreign: '600' }],
    ]);
    expect(w.broker.unresolved).toBeNull();
    expect(w.broker.account).toMatchObject({ position: 2, cash: 800 });
  });

  it('opens nothing and sells what is there where the venue holds less than the bot owns', async () => {
    const w = world();
    const { reconcile, alarms } = reconciler(w);
    await reconcile();
    await w.buy();
    w.venue.script.balances = () => ({ USDT: '800', BTC: '0.5' });
    await reconcile();
    expect(alarms.map(([code]) => code)).toContain('holdings-short');
    await w.buy();
    expect(marketOrders(w.venue).length).toBe(1);
    await w.sell();
    expect(w.venue.sent[1]).toMatchObject({ side: 'sell', quantity: '0.5' });
    // Back where it belongs: it may trade again.
    w.venue.script.balances = () => ({ USDT: '850', BTC: '1.5' });
    await reconcile();
    expect(w.broker.unresolved).toBeNull();
  });

  it('buys nothing where quote currency is missing from the start', async () => {
    const w = world();
    const { reconcile, alarms } = reconciler(w);
    w.venue.script.balances = () => ({ USDT: '999.99' });
    await reconcile();
    expect(alarms).toEqual([['holdings-short', { currency: 'USDT', missing: '0.01' }]]);
    await w.buy();
    expect(w.venue.sent).toEqual([]);
  });

  it('says foreign orders, cancels strays of its own, and waits while orders are under way', async () => {
    const w = world();
    const { reconcile } = reconciler(w);
    const resting = (id: string) =>
      orderOf(
        { clientOrderId: id, symbol: 'BTC/USDT', side: 'sell', type: 'limit', quantity: '1', price: '120' },
        { status: 'open', filled: '0' },
      );
    w.venue.script.open = () => [resting('somebody'), resting('test0-z')];
    expect(await reconcile()).toBe(false);
    expect(w.alarms).toEqual(['foreign-order', 'stray-order']);
    expect(w.venue.cancelled).toEqual(['test0-z']);
    w.venue.script.open = () => [resting('somebody')];
    expect(await reconcile()).toBe(true);
    w.venue.script.create = () => failure('timeout');
    await w.buy();
    expect(await reconcile()).toBe(false);
  });
});
