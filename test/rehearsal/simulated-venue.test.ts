import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExchangeError, InputError } from '../../src/core/errors.ts';
import { addDecimals, compareDecimals, multiplyDecimals, subtractDecimals } from '../../src/exchange/decimal.ts';
import { type CandleUpdate, mayHaveBeenPlaced, type OrderRequest } from '../../src/exchange/venue.ts';
import { drawFaults, type Fault, type FaultKind, faultKinds } from '../../src/rehearsal/faults.ts';
import { hourMs, startMs, world } from './world.ts';

const buy: OrderRequest = { clientOrderId: 'a-1', symbol: 'BTC/USDT', side: 'buy', type: 'market', quantity: '0.01' };
const at = (kind: FaultKind, extra: Partial<Fault> = {}): Fault => ({
  kind,
  fromMs: 0,
  untilMs: Number.POSITIVE_INFINITY,
  amountMs: 1_000,
  ...extra,
});
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error) => (error instanceof ExchangeError ? error.code : String(error)),
  );

describe('orders without faults', () => {
  it('fills a market buy at the ask, with the fee in the base coin', async () => {
    const { venue, clock, engine } = world();
    const order = await clock.runUntil(venue.createOrder(buy));
    expect(order).toMatchObject({ status: 'filled', filled: '0.01', price: null });
    const [fill] = await clock.runUntil(venue.fetchFills('BTC/USDT', { order }));
    expect(fill).toMatchObject({ feeCurrency: 'BTC', feeAmount: '0.00001', quantity: '0.01', side: 'buy' });
    const balances = await clock.runUntil(venue.fetchBalances());
    expect(balances.get('BTC')).toEqual({ free: '0.50999', locked: '0' });
    expect(balances.get('USDT')!.free).toBe(subtractDecimals('10000', multiplyDecimals('0.01', fill.price)));
    expect(fill.price).toBe(engine.fills[0].price);
  });

  it('takes the fee in the quote coin where told so', async () => {
    const { venue, clock } = world({ matching: { feeIn: 'quote' } });
    const order = await clock.runUntil(venue.createOrder(buy));
    const [fill] = await clock.runUntil(venue.fetchFills('BTC/USDT', { order }));
    expect(fill.feeCurrency).toBe('USDT');
    expect((await clock.runUntil(venue.fetchBalances())).get('BTC')!.free).toBe('0.51');
  });

  it('holds the cost of a resting limit order and gives it back on cancel', async () => {
    const { venue, clock } = world();
    const limit: OrderRequest = { ...buy, type: 'limit', price: '10000' };
    expect((await clock.runUntil(venue.createOrder(limit))).status).toBe('open');
    expect((await clock.runUntil(venue.fetchBalances())).get('USDT')).toEqual({ free: '9900', locked: '100' });
    expect(await clock.runUntil(venue.fetchOpenOrders('BTC/USDT'))).toHaveLength(1);
    expect(await clock.runUntil(venue.cancelOrder('a-1', 'BTC/USDT'))).toBe('cancelled');
    expect(await clock.runUntil(venue.cancelOrder('a-1', 'BTC/USDT'))).toBe('not-open');
    expect((await clock.runUntil(venue.fetchBalances())).get('USDT')).toEqual({ free: '10000', locked: '0' });
    expect((await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT')))?.status).toBe('cancelled');
  });

  it('triggers a stop-loss at the first touch and sells no better than the price there', async () => {
    const { venue, clock, candles } = world({ seed: 3, bars: 200 });
    const trigger = (candles[1].open * 0.97).toFixed(2);
    await clock.runUntil(venue.createOrder({ ...buy, side: 'sell', type: 'stop-loss', price: trigger }));
    const touched = candles.find((candle) => candle.timeMs > startMs && candle.low <= Number(trigger))!;
    await clock.advanceTo(touched.timeMs - 1);
    expect((await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT')))?.status).toBe('open');
    await clock.advanceTo(touched.timeMs + hourMs);
    const order = (await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT')))!;
    expect(order.status).toBe('filled');
    const [fill] = await clock.runUntil(venue.fetchFills('BTC/USDT', { order }));
    expect(compareDecimals(fill.price, trigger)).toBeLessThanOrEqual(0);
    expect(fill.timeMs).toBeGreaterThanOrEqual(touched.timeMs);
  });

  it('refuses what the venue would refuse', async () => {
    const { venue, clock } = world();
    const code = (request: Partial<OrderRequest>) => clock.runUntil(codeOf(venue.createOrder({ ...buy, ...request })));
    expect(await code({ quantity: '0.000015' })).toBe('filter');
    expect(await code({ quantity: '0.0001' })).toBe('filter');
    expect(await code({ quantity: '0.9' })).toBe('insufficient-funds');
    expect(await code({ type: 'market', price: '1' })).toBe('filter');
    expect(await code({ type: 'limit', price: '10000.001' })).toBe('filter');
    expect(await code({ type: 'limit', price: '10000' })).toBe('no error');
    expect(await code({ type: 'limit', price: '10000' })).toBe('duplicate-id');
    await expect(clock.runUntil(venue.fetchMarket('DOGE/USDT'))).rejects.toThrow(InputError);
  });

  it('lets the rest of a buy expire when its price has run away from the money', () => {
    const { engine, paths, timeframeMs } = world({ matching: { balances: { USDT: '1000', BTC: '0' } } });
    const path = paths.get('BTC/USDT')!;
    const times = Array.from({ length: 40 }, (_, i) => startMs + i * timeframeMs);
    const cheapMs = times.reduce((a, b) => (path.priceAt(a) <= path.priceAt(b) ? a : b));
    const dearMs = times
      .filter((timeMs) => timeMs > cheapMs)
      .reduce((a, b) => (path.priceAt(a) >= path.priceAt(b) ? a : b));
    const quantity = (Math.floor((999 / path.priceAt(cheapMs)) * 1e5) / 1e5).toFixed(5);
    engine.place({ ...buy, quantity }, cheapMs, { firstShare: 0.4, restMs: dearMs - cheapMs, cancelRest: false });
    engine.advance(dearMs + 1);
    expect(engine.orders()[0]).toMatchObject({ status: 'expired' });
    expect(Number(engine.orders()[0].filled)).toBeGreaterThan(0);
    for (const { free, locked } of engine.balances().values()) {
      expect(compareDecimals(free, '0')).toBeGreaterThanOrEqual(0);
      expect(locked).toBe('0');
    }
  });

  it('executes a re-sent id once more when the first is filled, as Binance does', async () => {
    const { venue, clock, engine } = world();
    await clock.runUntil(venue.createOrder(buy));
    await clock.runUntil(venue.createOrder(buy));
    expect(engine.orders()).toHaveLength(2);
  });
});

describe('orders with faults', () => {
  it.each([
    ['timeout-after-accept', 'timeout', 'filled'],
    ['lost-answer', 'network', 'filled'],
    ['garbage-order-answer', 'bad-answer', 'filled'],
    ['lost-request', 'timeout', null],
    ['partial-fill-disconnect', 'network', 'open'],
  ] as const)('%s: the error says %s, the venue holds %s', async (kind, code, status) => {
    const { venue, clock } = world({ faults: [at(kind, { amountMs: 60_000 })] });
    expect(await clock.runUntil(codeOf(venue.createOrder(buy)))).toBe(code);
    expect(mayHaveBeenPlaced(code)).toBe(true);
    const order = await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT'));
    expect(order?.status ?? null).toBe(status);
    await clock.advanceTo(clock.nowMs() + 120_000);
    if (status !== null) expect((await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT')))?.filled).toBe('0.01');
  });

  it('places a late order after it was asked for, but within the window', async () => {
    const { venue, clock } = world({ faults: [at('late-accept', { amountMs: 4_000 })] });
    expect(await clock.runUntil(codeOf(venue.createOrder(buy)))).toBe('timeout');
    expect(await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT'))).toBeNull();
    await clock.advanceTo(clock.nowMs() + venue.capabilities.requestLifeMs);
    expect((await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT')))?.status).toBe('filled');
  });

  it('cancels the rest of a partly filled order', async () => {
    const { venue, clock } = world({ faults: [at('partial-then-cancel')] });
    expect(await clock.runUntil(venue.createOrder(buy))).toMatchObject({ status: 'open', filled: '0.004' });
    await clock.advanceTo(clock.nowMs() + 5_000);
    expect(await clock.runUntil(venue.fetchOrder('a-1', 'BTC/USDT'))).toMatchObject({
      status: 'cancelled',
      filled: '0.004',
    });
  });

  it('refuses a wrong timestamp once, having measured the clock anew', async () => {
    const { venue, clock } = world();
    await clock.runUntil(venue.connect());
    venue.faults.add(at('clock-skew', { amountMs: 20_000 }));
    expect(await clock.runUntil(codeOf(venue.fetchBalances()))).toBe('clock');
    expect(await clock.runUntil(codeOf(venue.fetchBalances()))).toBe('no error');
    expect(venue.serverTimeMs()).toBe(clock.nowMs() + 20_000);
  });

  it('coarsens the filters and takes it back, and tells when asked anew', async () => {
    const { venue, clock } = world();
    expect((await clock.runUntil(venue.fetchMarket('BTC/USDT'))).quantityStep).toBe('0.00001');
    venue.faults.add(at('filter-change'));
    expect(await clock.runUntil(codeOf(venue.createOrder({ ...buy, quantity: '0.01001' })))).toBe('filter');
    expect((await clock.runUntil(venue.fetchMarket('BTC/USDT', true))).quantityStep).toBe('0.0001');
    venue.faults.add(at('filter-change'));
    expect((await clock.runUntil(venue.fetchMarket('BTC/USDT', true))).quantityStep).toBe('0.00001');
  });
});

describe('the stream', () => {
  async function watch(faults: readonly Fault[], closedFlag = true) {
    const { venue, clock, candles } = world({ faults, venue: { closedFlag } });
    const updates: CandleUpdate[] = [];
    const stop = new AbortController();
    const watching = codeOf(venue.watchCandles('BTC/USDT', hourMs, (update) => updates.push(update), stop.signal));
    await clock.advanceTo(startMs + 6 * hourMs + 60_000);
    stop.abort();
    return { updates, end: await clock.runUntil(watching), finals: updates.filter((update) => update.closed), candles };
  }

  it('sends running updates and each final once, equal to the stored candle', async () => {
    const { updates, finals, candles, end } = await watch([]);
    expect(end).toBe('no error');
    expect(finals.map((update) => update.candle)).toEqual(candles.slice(1, 6));
    expect(updates.length).toBeGreaterThan(4 * finals.length);
    for (const { candle } of updates) expect(candle.low <= candle.close && candle.close <= candle.high).toBe(true);
  });

  it('says nothing of closing where the venue has no flag', async () => {
    const { updates } = await watch([], false);
    expect(new Set(updates.map((update) => update.closed))).toEqual(new Set([null]));
  });

  it('loses a final, doubles, reorders, falls mute and is cut on demand', async () => {
    expect((await watch([at('lost-final')])).finals).toHaveLength(4);
    expect((await watch([at('duplicate-updates')])).finals).toHaveLength(10);
    const { updates } = await watch([at('reordered-updates')]);
    const late = updates.findIndex((update) => update.closed);
    expect(updates[late - 1].candle.timeMs).toBeGreaterThan(updates[late].candle.timeMs);
    expect((await watch([at('mute-stream')])).updates).toHaveLength(0);
    expect((await watch([at('stream-drop')])).end).toBe('network');
  });
});

describe('any schedule', () => {
  it('never creates or loses a coin, and every injection is reported', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const faults = drawFaults(seed, {
          startMs: startMs + hourMs,
          endMs: startMs + 20 * hourMs,
          count: 25,
          longestMs: 2 * hourMs,
        });
        const { venue, clock, engine } = world({ seed, faults });
        for (let i = 0; i < 30; i++) {
          const side = i % 3 === 2 ? 'sell' : 'buy';
          const request: OrderRequest = { ...buy, side, clientOrderId: `o-${i}`, quantity: `0.0${(i % 4) + 1}` };
          await clock.runUntil(codeOf(venue.createOrder(request)));
          await clock.runUntil(codeOf(venue.fetchOrder(request.clientOrderId, 'BTC/USDT')));
          await clock.advanceTo(clock.nowMs() + hourMs / 3);
        }
        const expected = new Map([
          ['USDT', '10000'],
          ['BTC', '0.5'],
        ]);
        const add = (currency: string, amount: string) =>
          expected.set(currency, addDecimals(expected.get(currency)!, amount));
        for (const fill of engine.fills) {
          const cost = multiplyDecimals(fill.price, fill.quantity);
          add('BTC', fill.side === 'buy' ? fill.quantity : `-${fill.quantity}`);
          add('USDT', fill.side === 'buy' ? `-${cost}` : cost);
          add(fill.feeCurrency, `-${fill.feeAmount}`);
        }
        for (const [currency, balance] of engine.balances()) {
          expect(addDecimals(balance.free, balance.locked)).toBe(expected.get(currency));
          expect(compareDecimals(balance.free, '0')).toBeGreaterThanOrEqual(0);
          expect(compareDecimals(balance.locked, '0')).toBeGreaterThanOrEqual(0);
        }
        for (const injection of venue.faults.injections)
          expect(faults.some((fault) => fault.kind === injection.kind)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('draws every kind, and the same faults from the same seed', () => {
    const options = { startMs: 0, endMs: 1e9, count: 1000, longestMs: 1e6 };
    const faults = drawFaults(7, options);
    expect(new Set(faults.map((fault) => fault.kind)).size).toBe(Object.keys(faultKinds).length);
    expect(drawFaults(7, options)).toEqual(faults);
  });
});
