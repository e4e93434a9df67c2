import { describe, expect, it } from 'vitest';
import type { BrokerEntry, HoldingsEntry } from '../../src/broker/entries.ts';
import { Holdings } from '../../src/broker/holdings.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { LiveBook } from '../../src/broker/live-book.ts';
import type { LiveOptions } from '../../src/broker/order-desk.ts';
import { ORDER_STATES } from '../../src/broker/order-life.ts';
import { Reconciler } from '../../src/broker/reconcile.ts';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import { failure, fillOf, market, orderOf, ScriptedVenue } from './scripted-venue.ts';

const account = () => {
  const fresh = new Account({ ...DEFAULT_ACCOUNT, startingEquity: 1_000, quantityStep: 0.001 });
  fresh.reset(100);
  return fresh;
};

const KNOWN = { shortage: null, quoteShortage: false, unconfirmed: null };

/** The scripted venue's requests live for 10 s, and its lists lag by up to 30 s. */
function world(freshMs = 30_000) {
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs, elapsedMs: () => nowMs, sleep: async () => {} };
  const venue = new ScriptedVenue(() => nowMs);
  const entries: (BrokerEntry | HoldingsEntry)[] = [];
  const alarms: string[] = [];
  let durable = 0;
  const disk = { fails: false };
  const holdings = new Holdings(venue, clock);
  const options: LiveOptions = {
    symbol: 'BTC/USDT',
    account: account(),
    venue,
    clock,
    journal: {
      record: (entry) => entries.push(entry),
      sync: () => {
        if (disk.fails) return false;
        durable = entries.length;
        return true;
      },
    },
    tag: 'test0',
    runId: 'run0',
    holdings,
    freshMs,
    alarm: (code) => alarms.push(code),
  };
  const broker = new LiveBroker(options);
  broker.takeReconciled(KNOWN);
  const buy = () => broker.place({ quantity: 2, decisionMs: nowMs, close: 100, reason: 'order' });
  const sell = () =>
    broker.place({ quantity: -broker.account.position, decisionMs: nowMs, close: 100, reason: 'order' });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  /** Rounds every six seconds, until whatever isn't there is proven to be absent. */
  const settle = async (ms = 60_000) => {
    for (let waitedMs = 0; waitedMs < ms; waitedMs += 6_000) {
      pass(6_000);
      await broker.poll();
    }
  };
  /** Another broker that knows what was written down. */
  const restart = () => {
    const again = new LiveBroker({ ...options, account: account() });
    for (const entry of entries) if (entry.type !== 'holdings') again.apply(entry);
    again.takeReconciled(KNOWN);
    return again;
  };
  return {
    broker,
    disk,
    restart,
    settle,
    holdings,
    venue,
    entries,
    alarms,
    buy,
    sell,
    pass,
    clock,
    durable: () => durable,
  };
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
      { clientOrderId: 'test0run01', symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '1.234' },
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
    const w = world(100_000);
    w.venue.script.create = () => failure('timeout');
    w.venue.script.fetchOrder = () => null;
    await w.buy();
    w.venue.script = {};
    const [first] = w.venue.sent;
    w.venue.script.fetchOrder = (id) => (id === first.clientOrderId ? null : orderOf(w.venue.sent[1]));
    await w.settle(40_000);
    expect(marketOrders(w.venue)).toHaveLength(1);
    await w.settle(12_000);
    expect(marketOrders(w.venue)).toHaveLength(2);
    expect(marketOrders(w.venue)[1].clientOrderId).not.toBe(first.clientOrderId);
    expect(w.broker.account.position).toBe(2);
  });

  it('that is no longer fresh, or belongs to an older bar, is not tried again', async () => {
    for (const staleBy of ['time', 'bar']) {
      const w = world();
      w.venue.script.create = () => failure('timeout');
      w.venue.script.fetchOrder = () => null;
      await w.buy();
      if (staleBy === 'time') await w.settle();
      const candle = { open: 100, high: 100, low: 100, close: 100, volume: 1, trades: 1, trends: Number.NaN };
      if (staleBy === 'bar') await w.broker.closeBar({ ...candle, timeMs: w.clock.nowMs() });
      await w.settle();
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
    expect(w.broker.unresolved).toMatch(/may have filled/);
    await w.settle();
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
      await w.settle();
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
    await w.broker.poll();
    await w.settle();
    expect(w.alarms).toContain('order-stuck');
    expect(w.broker.account.units).toBe(0);
    expect(w.broker.unresolved).toBeNull();
  });

  it('that the filters refuse is said once a minute, however often a halt asks for it', async () => {
    const w = await long();
    w.venue.script.create = () => failure('insufficient-funds');
    w.venue.script.balances = () => ({ USDT: '800', BTC: '0.01' });
    for (let i = 0; i < 30; i++) {
      await w.sell();
      await w.broker.poll();
      w.pass(5_000);
    }
    expect(w.alarms.filter((code) => code === 'exit-denied').length).toBeLessThanOrEqual(3);
    // Tried, refused, cut to what is there, denied; and so on once a minute.
    expect(w.venue.sent.length).toBeLessThanOrEqual(4);
  });

  it('passes while everything is unresolved', async () => {
    const w = await long();
    w.broker.takeReconciled({ ...KNOWN, quoteShortage: true });
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
      await w.settle(12_000);
      if (state.pending === 'open') venue.cancelled.push(ids.market);
      await w.settle(80_000);
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
      holdings: w.holdings,
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
    // One answer proves nothing: it may be stale. Meanwhile nothing is opened.
    expect(alarms).toEqual([]);
    expect(w.broker.unresolved).toMatch(/balance of BTC/);
    w.pass(20_000);
    expect(await reconcile()).toBe(true);
    expect(alarms).toEqual([]);
    w.pass(11_000);
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
    w.pass(31_000);
    await reconcile();
    expect(alarms.map(([code]) => code)).toContain('holdings-short');
    await w.buy();
    expect(marketOrders(w.venue).length).toBe(1);
    w.venue.script.create = ({ quantity, ...rest }) =>
      quantity === '0.5' ? orderOf({ quantity, ...rest }) : failure('insufficient-funds');
    await w.sell();
    w.venue.script.balances = () => ({ USDT: '850', BTC: w.venue.sent.length > 2 ? '0' : '0.5' });
    await w.settle(12_000);
    // What should be there is tried first; then what is there.
    expect(w.venue.sent[1]).toMatchObject({ side: 'sell', quantity: '2' });
    expect(w.venue.sent[2]).toMatchObject({ side: 'sell', quantity: '0.5' });
    expect(w.broker.account.position).toBe(1.5);
    expect(w.broker.unresolved).not.toBeNull();
    // Back where it belongs: the exit goes on, and it may trade again.
    w.venue.script = {};
    w.venue.script.balances = () => ({ USDT: '1000', BTC: '0' });
    await w.settle();
    expect(w.broker.account.units).toBe(0);
    await reconcile();
    expect(w.broker.unresolved).toBeNull();
  });

  it('buys nothing where quote currency is missing from the start', async () => {
    const w = world();
    const { reconcile, alarms } = reconciler(w);
    w.venue.script.balances = () => ({ USDT: '999.99' });
    expect(await reconcile()).toBe(false);
    w.pass(31_000);
    await reconcile();
    expect(alarms).toEqual([['holdings-short', { currency: 'USDT', missing: '0.01' }]]);
    await w.buy();
    expect(w.venue.sent).toEqual([]);
  });

  it('says foreign orders, takes over those of its own ids, and waits while orders are under way', async () => {
    const w = world();
    const { reconcile } = reconciler(w);
    const resting = (id: string) =>
      orderOf(
        { clientOrderId: id, symbol: 'BTC/USDT', side: 'sell', type: 'limit', quantity: '1', price: '120' },
        { status: 'open', filled: '0' },
      );
    w.venue.script.open = () => [resting('somebody'), resting('test0-z')];
    expect(await reconcile()).toBe(false);
    expect(w.alarms).toEqual(['foreign-order', 'order-taken-over']);
    expect(w.broker.unresolved).toBe('order test0-z is open');
    w.venue.script.open = () => [resting('somebody')];
    w.venue.script.fetchOrder = () => ({ ...resting('test0-z'), status: 'cancelled' });
    await w.broker.poll();
    w.pass(31_000);
    await w.broker.poll();
    expect(await reconcile()).toBe(true);
    w.venue.script.create = () => failure('timeout');
    await w.buy();
    expect(await reconcile()).toBe(false);
  });
});

describe('what a venue tells late', () => {
  it('an order that is listed after its request could no longer arrive is found, and sent once', async () => {
    const w = world(100_000);
    w.venue.script.create = () => failure('network');
    w.venue.script.fetchOrder = () => null;
    await w.buy();
    await w.settle(30_000);
    // By the clock on the wall it may be any time.
    delete w.venue.script.fetchOrder;
    await w.settle(12_000);
    expect(w.broker.account).toMatchObject({ units: 1, position: 2 });
    expect(w.venue.sent).toHaveLength(1);
  });

  it('is not taken for absent while fills or balances say otherwise', async () => {
    for (const trace of ['open', 'fills', 'balances'] as const) {
      const w = world(1_000_000);
      const held = { USDT: '1000', BTC: '1' };
      w.venue.script.balances = () => held;
      w.holdings.foreign.set('BTC', '1').set('USDT', '0');
      w.venue.script.create = () => failure('network');
      w.venue.script.fetchOrder = () => null;
      await w.buy();
      const order = orderOf(w.venue.sent[0], { status: 'open', filled: '0' });
      if (trace === 'open') w.venue.script.open = () => [order];
      if (trace === 'fills')
        w.venue.script.trades = () => [fillOf(orderOf(w.venue.sent[0]), { timeMs: w.clock.nowMs() })];
      if (trace === 'balances') w.venue.script.balances = () => ({ USDT: '800', BTC: '3' });
      await w.settle(54_000);
      expect(w.venue.sent, trace).toHaveLength(1);
      expect(w.broker.unresolved, trace).toMatch(/unknown/);
    }
  });

  it('a deposit in that minute is no trace of an order', async () => {
    const w = world(1_000_000);
    w.holdings.foreign.set('BTC', '1').set('USDT', '0');
    w.venue.script.balances = () => ({ USDT: '1000', BTC: '3' });
    w.venue.script.create = () => failure('network');
    w.venue.script.fetchOrder = (id) => (id === w.venue.sent[0].clientOrderId ? null : orderOf(w.venue.sent[1]));
    await w.buy();
    delete w.venue.script.create;
    await w.settle();
    expect(w.venue.sent).toHaveLength(2);
  });

  it('a fill that shows after a cancel was answered with none is booked, and not sold again', async () => {
    const w = world();
    await w.buy();
    await w.broker.protect(() => ({ stop: 90, target: Number.NaN }));
    const stop = w.venue.sent[1];
    w.venue.script.fetchOrder = (id) =>
      orderOf(
        w.venue.sent.find((one) => one.clientOrderId === id)!,
        id === stop.clientOrderId ? { filled: '0', status: 'cancelled' } : {},
      );
    // The stop had filled whole; balances know it, orders and fills don't yet. One BTC is the user's own.
    w.holdings.foreign.set('BTC', '1').set('USDT', '0');
    w.venue.script.balances = () => ({ USDT: '980', BTC: '1' });
    await w.sell();
    await w.settle(18_000);
    expect(marketOrders(w.venue)).toHaveLength(1);
    expect(w.broker.unresolved).not.toBeNull();
    w.venue.script.trades = () => [fillOf(orderOf(stop), { price: '90', timeMs: w.clock.nowMs() })];
    await w.settle(12_000);
    expect(w.broker.account).toMatchObject({ units: 0, position: 0, cash: 980 });
    await w.settle();
    expect(marketOrders(w.venue)).toHaveLength(1);
    expect(w.broker.unresolved).toBeNull();
    expect(w.alarms).toContain('late-fill');
  });

  it('balances that show the stop set free let the exit go at once; stale ones hold it back', async () => {
    for (const stale of [false, true]) {
      const w = world();
      await w.buy();
      await w.broker.protect(() => ({ stop: 90, target: Number.NaN }));
      w.holdings.foreign.set('BTC', '0').set('USDT', '0');
      w.pass(31_000);
      w.venue.script.locked = () => (stale || w.venue.cancelled.length === 0 ? { BTC: '2' } : {});
      w.venue.script.balances = () => ({ USDT: '800', BTC: stale || w.venue.cancelled.length === 0 ? '0' : '2' });
      await w.sell();
      expect(marketOrders(w.venue)).toHaveLength(stale ? 1 : 2);
    }
  });

  it('a resting stop that the venue has purged is forgotten after proof, and blocks no exit', async () => {
    const w = world();
    await w.buy();
    await w.broker.protect(() => ({ stop: 90, target: Number.NaN }));
    const stop = w.venue.sent[1];
    w.venue.script.fetchOrder = (id) =>
      id === stop.clientOrderId ? null : orderOf(w.venue.sent.find((one) => one.clientOrderId === id)!);
    await w.broker.poll();
    expect(w.broker.unresolved).toMatch(/stop .* unknown/);
    await w.sell();
    expect(marketOrders(w.venue)).toHaveLength(1);
    await w.settle();
    expect(w.entries).toContainEqual(expect.objectContaining({ type: 'order-end', end: 'vanished' }));
    expect(w.broker.account.units).toBe(0);
    expect(marketOrders(w.venue)).toHaveLength(2);
  });
});

describe('a position above the largest market order', () => {
  const smaller = { ...market, maxMarketQuantity: '0.8' };

  it('is closed in parts, and has its stop in parts', async () => {
    const w = world();
    await w.buy();
    w.venue.market = smaller;
    w.venue.script.create = (request) =>
      Number(request.quantity) > 0.8
        ? failure('filter')
        : orderOf(request, request.type === 'market' ? {} : { filled: '0', status: 'open' });
    const broker = w.restart();
    await broker.protect(() => ({ stop: 90, target: Number.NaN }));
    const stops = w.venue.sent.filter(({ type }) => type === 'stop-loss').map(({ quantity }) => quantity);
    expect(stops).toEqual(['0.666', '0.667', '0.667']);
    await broker.place({ quantity: -2, decisionMs: w.clock.nowMs(), close: 100, reason: 'flatten' });
    for (let i = 0; i < 12; i++) {
      w.pass(6_000);
      await broker.poll();
    }
    const sold = w.venue.sent.filter(({ type, side }) => type === 'market' && side === 'sell');
    expect(sold.map(({ quantity }) => quantity)).toEqual(['0.8', '0.8', '0.4']);
    expect(broker.account.units).toBe(0);
    expect(broker.book.stops).toEqual([]);
    expect(broker.book.baseOwned).toBe('0');
  });
});

it("a price that can't be asked for silences no exit", async () => {
  const w = world();
  await w.buy();
  await w.broker.protect(() => ({ stop: Number.NaN, target: 200 }));
  w.venue.script.quote = () =>
    new ExchangeError('429', { code: 'rate-limited', retryable: true, retryAfterMs: 600_000 });
  await w.broker.poll();
  expect(w.alarms).toContain('venue-error');
  await w.sell();
  expect(w.broker.account.units).toBe(0);
});

it('an entry is not sent at a price that was never decided on, nor without any', async () => {
  const w = world();
  w.venue.script.bid = '104';
  await w.buy();
  expect(w.entries.at(-1)).toMatchObject({ type: 'denied', code: 'price-moved' });
  w.venue.script.quote = () => failure('timeout');
  await w.buy();
  expect(w.venue.sent).toEqual([]);
});

it.each([
  ['quote-too-old', { quoteAgeMs: 31_000 }],
  ['spread-too-wide', { bid: '99', ask: '101' }],
  ['spread-too-wide', { bid: '101', ask: '100' }],
] as const)('an entry is denied as %s, and an exit goes all the same', async (code, script) => {
  const w = world();
  w.venue.script = { ...script };
  await w.buy();
  expect(w.entries.at(-1)).toMatchObject({ type: 'denied', code });
  expect(w.venue.sent).toEqual([]);
  w.venue.script = {};
  await w.buy();
  w.venue.script = { ...script };
  await w.sell();
  expect(w.broker.account.units).toBe(0);
});

it('an entry that is tried again is at a price of its own', async () => {
  const w = world(100_000);
  w.venue.script.create = () => failure('clock');
  await w.buy();
  expect(w.broker.book.retry).not.toBeNull();
  w.venue.script = { bid: '120', fetchOrder: () => null };
  w.pass(5_000);
  await w.broker.poll();
  expect(w.venue.sent).toHaveLength(1);
  expect(w.broker.book.retry).toBeNull();
  expect(w.entries.at(-1)).toMatchObject({ type: 'denied', code: 'price-moved' });
});

it('an exit outlives a restart, whatever became of its orders', async () => {
  const w = world();
  await w.buy();
  w.venue.script.create = () => failure('rejected');
  await w.sell();
  const broker = w.restart();
  expect(broker.unresolved).toBe('an exit is not done');
  w.venue.script = {};
  await broker.recover();
  expect(broker.account.units).toBe(0);
});

it('nothing leaves that could not be written down; what is wanted goes when the disk is back', async () => {
  const w = world();
  await w.buy();
  w.disk.fails = true;
  await w.sell();
  await w.settle(30_000);
  expect(w.venue.sent).toHaveLength(1);
  expect(w.broker.unresolved).toBe('an exit is not done');
  w.disk.fails = false;
  await w.settle(18_000);
  expect(w.broker.account.units).toBe(0);
});

it('an entry of which nobody knows holds up no exit, and what it brings later is sold too', async () => {
  const w = world(1_000_000);
  await w.buy();
  w.venue.script.create = () => failure('network');
  w.venue.script.fetchOrder = () => null;
  await w.buy();
  const late = w.venue.sent[1];
  w.venue.script = { fetchOrder: (id) => (id === late.clientOrderId ? null : orderOf(w.venue.sent.at(-1)!)) };
  await w.broker.protect(null);
  await w.sell();
  expect(w.broker.account.units).toBe(0);
  expect(w.venue.sent).toHaveLength(3);
  w.venue.script = {};
  await w.settle(18_000);
  expect(w.venue.sent).toHaveLength(4);
  expect(w.broker.account.units).toBe(0);
  expect(w.broker.book.baseOwned).toBe('0');
});

it('a stop that filled while it was being moved leaves nothing to stop', async () => {
  for (const filled of ['2', '1.5']) {
    const w = world();
    await w.buy();
    await w.broker.protect(() => ({ stop: 90, target: Number.NaN }));
    const stop = w.venue.sent[1];
    w.venue.script.cancel = () => 'not-open';
    w.venue.script.fetchOrder = (id) => {
      const request = w.venue.sent.find((one) => one.clientOrderId === id)!;
      if (id !== stop.clientOrderId) return orderOf(request, { filled: '0', status: 'open' });
      return orderOf(stop, { filled, status: filled === '2' ? 'filled' : 'cancelled' });
    };
    await w.broker.protect(() => ({ stop: 95, target: Number.NaN }));
    await w.settle();
    expect(w.venue.sent.slice(2).map(({ quantity }) => quantity)).toEqual(filled === '2' ? [] : ['0.5']);
  }
});

describe('levels', () => {
  it('a target is watched, and taken when the bid is there', async () => {
    const w = world();
    await w.buy();
    await w.broker.protect(() => ({ stop: Number.NaN, target: 110 }));
    w.venue.script.bid = '109.99';
    await w.broker.poll();
    expect(w.broker.account.units).toBe(1);
    w.venue.script.bid = '110';
    await w.broker.poll();
    expect(w.broker.account.units).toBe(0);
    expect(w.entries).toContainEqual(expect.objectContaining({ type: 'exit', reason: 'flatten', reference: 110 }));
  });

  it('a stop that can not rest on the venue is watched too', async () => {
    const w = world();
    (w.venue.capabilities as { onExchangeStop: boolean }).onExchangeStop = false;
    await w.buy();
    await w.broker.protect(() => ({ stop: 95, target: Number.NaN }));
    w.venue.script.bid = '95';
    await w.broker.poll();
    expect(w.broker.account.units).toBe(0);
  });

  it('a stop grows with the position', async () => {
    const w = world();
    const stops = () => w.venue.sent.filter(({ type }) => type === 'stop-loss').map(({ quantity }) => quantity);
    await w.buy();
    const levels = () => ({ stop: 90, target: Number.NaN });
    await w.broker.protect(levels);
    await w.buy();
    await w.broker.protect(levels);
    await w.settle();
    expect(stops()).toEqual(['2', '4']);
    expect(w.broker.book.stops).toHaveLength(1);
  });
});

it('a venue that does not answer for three minutes leaves it unresolved what rests there', async () => {
  const w = world();
  w.venue.script.open = () => {
    throw failure('network');
  };
  w.pass(179_000);
  expect(w.broker.unresolved).toBeNull();
  w.pass(2_000);
  expect(w.broker.unresolved).toBe('the venue does not answer');
});

it('an entry for all of the cash leaves a hundredth, because the price can move before it fills', async () => {
  const w = world();
  await w.broker.place({ quantity: 10, decisionMs: w.clock.nowMs(), close: 100, reason: 'order' });
  const { feeRate } = w.broker.account.config;
  expect(Number(w.venue.sent[0].quantity)).toBeCloseTo(1_000 / (100 * 1.01 * (1 + feeRate)), 2);
});

it('slippage is a cost on either side', async () => {
  const w = world();
  w.venue.script.fills = (order) => [fillOf(order, { price: order.side === 'buy' ? '101' : '99' })];
  await w.buy();
  expect(w.broker.lastSlippage).toBeCloseTo(0.01, 12);
  await w.sell();
  expect(w.broker.lastSlippage).toBeCloseTo(0.01, 12);
});

it('after a venue was away, its fills are booked before anything is sold again', async () => {
  const w = world();
  await w.buy();
  await w.broker.protect(() => ({ stop: 90, target: Number.NaN }));
  const stop = w.venue.sent[1];
  w.venue.script.fetchOrder = (id) =>
    orderOf(
      w.venue.sent.find((one) => one.clientOrderId === id)!,
      id === stop.clientOrderId ? { filled: '0', status: 'cancelled' } : {},
    );
  w.holdings.foreign.set('BTC', '1').set('USDT', '0');
  w.venue.script.balances = () => ({ USDT: '980', BTC: '1' });
  w.venue.script.trades = () => {
    throw failure('unavailable');
  };
  await w.sell();
  await w.settle(60_000);
  expect(marketOrders(w.venue)).toHaveLength(1);
  w.venue.script.trades = () => [fillOf(orderOf(stop), { price: '90', timeMs: w.clock.nowMs() })];
  await w.settle();
  expect(w.broker.account).toMatchObject({ units: 0, position: 0, cash: 980 });
  expect(marketOrders(w.venue)).toHaveLength(1);
});
