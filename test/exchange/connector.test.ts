import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Candle } from '../../src/core/candle.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import { ExchangeConnector } from '../../src/exchange/connector.ts';
import type { OrderRequest } from '../../src/exchange/venue.ts';
import type { Call } from '../../src/rehearsal/dialect.ts';
import type { Fault, FaultKind } from '../../src/rehearsal/faults.ts';
import type { Outcome } from '../../src/rehearsal/server.ts';
import { startMs } from '../rehearsal/world.ts';
import { keys, type LocalVenue, localVenue, messages, minuteMs, outcomeOf, realClock } from './local-venue.ts';

const symbol = 'BTC/USDT';
const buy: OrderRequest = { clientOrderId: 'tn-1', symbol, side: 'buy', type: 'market', quantity: '0.01' };
const page: Outcome = { status: 502, body: '<html>Bad Gateway</html>' };
const fault = (kind: FaultKind, extra: Partial<Fault> = {}): Fault => ({
  kind,
  fromMs: 0,
  untilMs: Number.POSITIVE_INFINITY,
  amountMs: 3_000,
  ...extra,
});

const open: LocalVenue[] = [];
async function local(...given: Parameters<typeof localVenue>) {
  const made = await localVenue(...given);
  open.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((venue) => venue.close()));
});
afterAll(() => {
  const said = messages.join('\n');
  expect(messages.length).toBeGreaterThan(60);
  for (const word of [keys.key, keys.secret]) expect(said).not.toContain(word);
  expect(said).not.toMatch(/signature=[0-9a-f]/);
});

/** A venue whose answers to one path are replaced by `reply`, from after the connection on. */
async function answering(venue: string, path: RegExp, reply: Outcome) {
  const state = { on: false, calls: 0 };
  const intercept = (call: Call, answer: () => Outcome) => {
    if (!state.on || !path.test(`${call.method} ${call.path}`)) return answer();
    state.calls++;
    return reply;
  };
  const silent = reply === 'silence' ? { timeoutMs: 1_000 } : {};
  const made = await local(venue, { server: { intercept }, connector: silent });
  await made.connector.connect();
  state.on = true;
  return { ...made, state };
}

/** Bybit has no trade counts. */
const told = (venue: string, candle: Candle): Candle =>
  venue === 'binance' ? candle : { ...candle, trades: Number.NaN };

describe.each(['binance', 'bybit'] as const)('%s: what works', (venue) => {
  it('reads filters, balances, candles, quote and rights as decimals', async () => {
    const { connector, engine, candles, clock } = await local(venue);
    engine.deposit('SHIB', '123456789012345.12345678');
    expect(await connector.fetchMarket(symbol)).toMatchObject({
      priceTick: '0.01',
      quantityStep: '0.00001',
      minNotional: '5',
      active: true,
    });
    const balances = await connector.fetchBalances();
    expect(balances.get('USDT')).toEqual({ free: '10000', locked: '0' });
    expect(balances.get('SHIB')!.free).toBe('123456789012345.12345678');
    const rows = await connector.fetchCandles(symbol, minuteMs, startMs + 190 * minuteMs, startMs + 300 * minuteMs);
    // Closed ones only: the 200th is running.
    const expected = candles.slice(190, 200).map((candle) => told(venue, candle));
    expect(rows).toEqual(expected);
    const quote = await connector.fetchQuote(symbol);
    expect(Number(quote.ask)).toBeGreaterThan(Number(quote.bid));
    expect(await connector.fetchKeyRights()).toEqual({ trade: true, withdraw: false });
    // Half of a round trip at most, which a loaded machine may take long over.
    expect(Math.abs(connector.serverTimeMs() - clock.nowMs())).toBeLessThan(10_000);
  });

  it('lives an order of each type from birth to end, by our id', async () => {
    const { connector, engine } = await local(venue);
    await connector.createOrder(buy);
    const filled = (await connector.fetchOrder('tn-1', symbol))!;
    expect(filled).toMatchObject({
      clientOrderId: 'tn-1',
      status: 'filled',
      filled: '0.01',
      price: null,
      type: 'market',
    });
    const [fill] = await connector.fetchFills(symbol, { order: filled });
    expect(fill).toMatchObject({
      quantity: '0.01',
      feeAmount: '0.00001',
      feeCurrency: 'BTC',
      price: engine.fills[0].price,
    });
    await connector.createOrder({ ...buy, clientOrderId: 'tn-2', type: 'limit', price: '20000.01' });
    await connector.createOrder({ ...buy, clientOrderId: 'tn-3', side: 'sell', type: 'stop-loss', price: '19000.5' });
    const resting = await connector.fetchOpenOrders(symbol);
    expect(resting.map(({ clientOrderId, type, price, status }) => [clientOrderId, type, price, status])).toEqual([
      ['tn-2', 'limit', '20000.01', 'open'],
      ['tn-3', 'stop-loss', '19000.5', 'open'],
    ]);
    for (const id of ['tn-2', 'tn-3']) {
      expect(await connector.cancelOrder(id, symbol)).toBe('cancelled');
      expect(await connector.cancelOrder(id, symbol)).toBe('not-open');
      expect((await connector.fetchOrder(id, symbol))!.status).toBe('cancelled');
    }
    expect(await connector.fetchOrder('tn-4', symbol)).toBeNull();
    expect(await connector.fetchOpenOrders(symbol)).toEqual([]);
  });

  it('sends our id, the quantity to the letter and no price with a market order', async () => {
    const sent: Call[] = [];
    const intercept = (call: Call, answer: () => Outcome) => {
      if (call.method === 'POST') sent.push(call);
      return answer();
    };
    const { connector } = await local(venue, { server: { intercept } });
    await connector.createOrder({ ...buy, quantity: '0.01230' });
    const { newClientOrderId, orderLinkId, quantity, qty, ...rest } = sent[0].fields;
    expect(newClientOrderId ?? orderLinkId).toBe('tn-1');
    expect(Number(quantity ?? qty)).toBe(0.0123);
    expect(Object.keys(rest).filter((name) => /price|cost|quoteOrder/i.test(name))).toEqual([]);
    expect(await outcomeOf(connector.createOrder({ ...buy, price: '30000' }))).toBe('filter!');
    expect(await outcomeOf(connector.createOrder({ ...buy, quantity: '0.000001' }))).toBe('filter!');
    expect(sent).toHaveLength(1);
  });

  it('pages through fills', async () => {
    const { connector, engine, clock } = await local(venue);
    engine.deposit('USDT', '10000000');
    for (let i = 0; i < 1203; i++)
      engine.place({ ...buy, clientOrderId: `m-${i}`, quantity: '0.001' }, clock.nowMs() - 5_000 + i);
    const fills = await connector.fetchFills(symbol, { sinceMs: startMs - 10 * 86_400_000 });
    expect(fills.map((fill) => fill.fillId)).toEqual(engine.fills.map((fill) => fill.fillId));
  });

  it('never takes a running candle for a closed one, even with a wrong clock', async () => {
    const { connector, server, candles } = await local(venue);
    await connector.connect();
    // The venue stands still for two minutes, so that our idea of its time runs ahead.
    server.faults.add(fault('clock-skew', { amountMs: 150_000 }));
    await connector.measureClock();
    server.faults.add(fault('clock-skew', { amountMs: -150_000 }));
    const rows = await connector.fetchCandles(symbol, minuteMs, startMs + 195 * minuteMs, startMs + 300 * minuteMs);
    expect(rows.at(-1)).toEqual(told(venue, candles[201]));
  });

  it('measures the clock every hour', async () => {
    let shiftMs = 0;
    const nowMs = () => startMs + 200 * minuteMs + shiftMs;
    const clock = { ...realClock, nowMs, elapsedMs: nowMs };
    const { connector, server } = await local(venue, { server: { clock }, connector: { clock } });
    await connector.fetchBalances();
    const before = timeRequests(server);
    shiftMs = 59 * minuteMs;
    await connector.fetchBalances();
    expect(timeRequests(server)).toBe(before);
    shiftMs = 61 * minuteMs;
    await connector.fetchBalances();
    expect(timeRequests(server)).toBe(before + 1);
  });

  it('resyncs a refused timestamp, so that the next try passes', async () => {
    const { connector, server } = await local(venue);
    await connector.fetchBalances();
    server.faults.add(fault('clock-skew', { amountMs: 30_000 }));
    expect(await outcomeOf(connector.fetchBalances())).toBe('clock');
    expect(await outcomeOf(connector.fetchBalances())).toBe('ok');
  });

  it('says nothing while the venue asks to wait', async () => {
    const { connector, server } = await local(venue);
    await connector.connect();
    server.faults.add(fault('ban', { amountMs: 30_000 }));
    const error = await connector.fetchBalances().catch((caught) => caught);
    expect(error).toMatchObject({ code: 'banned', retryable: true, retryAfterMs: 30_000 });
    const requests = Object.values(server.report().requests).reduce((a, b) => a + b);
    expect(await outcomeOf(connector.fetchBalances())).toBe('rate-limited');
    expect(Object.values(server.report().requests).reduce((a, b) => a + b)).toBe(requests);
  });
});

describe('the venue asks to be left alone', () => {
  const limited = { status: 429, body: { code: -1003, msg: 'Too many requests.' }, retryAfter: '600' };
  const sell = { ...buy, clientOrderId: 'tn-9', side: 'sell' as const };

  it('with prices: the account and orders go on', async () => {
    const { connector, state } = await answering('binance', /klines/, limited);
    const ask = () => connector.fetchCandles(symbol, minuteMs, startMs, startMs + minuteMs);
    expect(await outcomeOf(ask())).toBe('rate-limited');
    expect(await outcomeOf(ask())).toBe('rate-limited');
    expect(state.calls).toBe(1);
    expect(await outcomeOf(connector.fetchBalances())).toBe('ok');
    expect(await outcomeOf(connector.createOrder(buy))).toBe('ok');
  });

  it('with orders: what reduces risk is tried all the same', async () => {
    const { connector, state } = await answering('binance', /POST .*order/, limited);
    expect(await outcomeOf(connector.createOrder(buy))).toBe('rate-limited');
    expect(await outcomeOf(connector.createOrder({ ...buy, clientOrderId: 'tn-8' }))).toBe('rate-limited');
    expect(state.calls).toBe(1);
    state.on = false;
    expect(await outcomeOf(connector.createOrder(sell))).toBe('ok');
    expect(await connector.cancelOrder('tn-7', symbol)).toBe('not-open');
  });

  it('altogether: a ban is for every kind of question', async () => {
    const { connector, state } = await answering('binance', /account/, { ...limited, status: 418 });
    expect(await outcomeOf(connector.fetchBalances())).toBe('banned');
    state.on = false;
    expect(await outcomeOf(connector.fetchQuote(symbol))).toBe('rate-limited');
    expect(await outcomeOf(connector.createOrder(buy))).toBe('rate-limited');
  });
});

function timeRequests(server: { report(): { requests: Readonly<Record<string, number>> } }): number {
  return Object.entries(server.report().requests).reduce(
    (sum, [name, count]) => sum + (/time$/.test(name) ? count : 0),
    0,
  );
}

describe.each(['binance', 'bybit'] as const)('%s: an order whose answer is lost', (venue) => {
  it.each([
    ['timeout-after-accept', 'timeout'],
    ['lost-answer', 'network'],
    ['garbage-order-answer', 'bad-answer'],
    ['partial-fill-disconnect', 'network'],
  ] as const)('%s: %s; it was sent once, and asking by id finds it', async (kind, code) => {
    const { connector, server } = await local(venue, {
      faults: [fault(kind)],
      connector: code === 'timeout' ? { timeoutMs: 1_000 } : {},
    });
    expect(await outcomeOf(connector.createOrder(buy))).toBe(code);
    expect(server.report().orders).toHaveLength(1);
    expect((await connector.fetchOrder('tn-1', symbol))!.filled).toBe(
      kind === 'partial-fill-disconnect' ? '0.004' : '0.01',
    );
    expect(server.report().duplicates).toEqual([]);
  });
});

describe('binance: the table of errors', () => {
  const error = (status: number, code: number, msg = 'no') => ({ status, body: { code, msg } });
  const rows: [string, RegExp, Outcome, string][] = [
    ['429', /account/, { ...error(429, -1003), retryAfter: '7' }, 'rate-limited'],
    ['418', /account/, { ...error(418, -1003), retryAfter: '7' }, 'banned'],
    ['-1015', /account/, error(400, -1015, 'Too many new orders.'), 'rate-limited'],
    ['no answer', /account/, 'silence', 'timeout'],
    ['-1007', /account/, error(408, -1007, 'Timeout waiting for response from backend server.'), 'timeout'],
    ['a cut socket', /account/, 'cut', 'network'],
    ['500', /account/, { status: 500, body: '{}' }, 'unavailable'],
    ['502', /account/, page, 'unavailable'],
    ['503', /account/, { status: 503, body: 'maintenance' }, 'unavailable'],
    ['403', /account/, { status: 403, body: '<html>WAF</html>' }, 'unavailable!'],
    ['451', /account/, { status: 451, body: 'restricted location' }, 'unavailable!'],
    ['-1021', /account/, error(400, -1021, 'Timestamp for this request is outside of the recvWindow.'), 'clock'],
    ['-1022', /account/, error(400, -1022, 'Signature for this request is not valid.'), 'authentication!'],
    ['-2014', /account/, error(401, -2014, 'API-key format invalid.'), 'authentication!'],
    ['-2015', /account/, error(401, -2015, 'Invalid API-key, IP, or permissions for action.'), 'authentication!'],
    ['200 with HTML', /account/, { status: 200, body: '<html>' }, 'bad-answer'],
    ['200 with {}', /account/, { status: 200, body: {} }, 'bad-answer'],
    ['200 with []', /account/, { status: 200, body: [] }, 'bad-answer'],
    ['200 with null', /account/, { status: 200, body: 'null' }, 'bad-answer'],
  ];
  it.each(rows)('%s', async (_name, path, reply, expected) => {
    const { connector, state } = await answering('binance', path, reply);
    const error = await connector.fetchBalances().catch((caught) => caught);
    expect(await outcomeOf(Promise.reject(error))).toBe(expected);
    expect(state.calls).toBe(1);
    if (typeof reply === 'object' && reply.retryAfter !== undefined) expect(error.retryAfterMs).toBe(7_000);
  });

  const orderRows: [string, Outcome, string][] = [
    [
      'a balance too small',
      error(400, -2010, 'Account has insufficient balance for requested action.'),
      'insufficient-funds!',
    ],
    ['a client id that is open', error(400, -2010, 'Duplicate order sent.'), 'duplicate-id!'],
    ['NOTIONAL', error(400, -1013, 'Filter failure: NOTIONAL'), 'filter!'],
    ['LOT_SIZE', error(400, -1013, 'Filter failure: LOT_SIZE'), 'filter!'],
    ['PRICE_FILTER', error(400, -1013, 'Filter failure: PRICE_FILTER'), 'filter!'],
    ['a market that is closed', error(400, -1013, 'Market is closed.'), 'filter!'],
    ['an unknown symbol', error(400, -1121, 'Invalid symbol.'), 'input'],
    ['-1111', error(400, -1111, 'Precision is over the maximum defined for this asset.'), 'rejected!'],
    ['a code nobody knows', error(400, -9999, 'Surprise.'), 'unknown'],
    ['-1000', error(400, -1000, 'An unknown error occurred while processing the request.'), 'unknown'],
    [
      'an answer about another order',
      {
        status: 200,
        body: {
          orderId: 5,
          clientOrderId: 'other',
          status: 'NEW',
          origQty: '1',
          executedQty: '0',
          side: 'BUY',
          type: 'LIMIT',
        },
      },
      'bad-answer',
    ],
  ];
  it.each(orderRows)('an order: %s', async (_name, reply, expected) => {
    const { connector, state } = await answering('binance', /POST .*order/, reply);
    expect(await outcomeOf(connector.createOrder(buy))).toBe(expected);
    expect(state.calls).toBe(1);
  });

  it('a key that was revoked after it worked: authentication, which a rate limit is not', async () => {
    const { connector, server } = await local('binance');
    await connector.fetchBalances();
    server.faults.add(fault('revoked-key'));
    expect(await outcomeOf(connector.fetchBalances())).toBe('authentication');
  });

  it('a real refusal of the notional, which is not checked here for market orders', async () => {
    const { connector } = await local('binance');
    expect(await outcomeOf(connector.createOrder({ ...buy, quantity: '0.0001' }))).toBe('filter!');
  });
});

describe('bybit: the table of errors', () => {
  const say = (retCode: number, retMsg = 'no'): Outcome => ({
    status: 200,
    body: { retCode, retMsg, result: {}, retExtInfo: {}, time: 0 },
  });
  const rows: [string, Outcome, string][] = [
    ['10006', say(10006, 'Too many visits!'), 'rate-limited'],
    ['429', { status: 429, body: 'slow', retryAfter: '7' }, 'rate-limited'],
    ['no answer', 'silence', 'timeout'],
    ['a cut socket', 'cut', 'network'],
    ['502', page, 'unavailable'],
    // Bybit's way to say that an address asks too often.
    ['403', { status: 403, body: '<html>' }, 'rate-limited'],
    ['10002', say(10002, 'invalid request, please check your server timestamp or recv_window param'), 'clock'],
    ['10003', say(10003, 'API key is invalid.'), 'authentication!'],
    ['10004', say(10004, 'error sign!'), 'authentication!'],
    ['10005', say(10005, 'Permission denied'), 'authentication!'],
    ['200 with HTML', { status: 200, body: '<html>' }, 'bad-answer'],
    ['200 without a list', say(0, 'OK'), 'bad-answer'],
  ];
  it.each(rows)('%s', async (_name, reply, expected) => {
    const { connector } = await answering('bybit', /wallet-balance/, reply);
    expect(await outcomeOf(connector.fetchBalances())).toBe(expected);
  });

  const orderRows: [string, Outcome, string][] = [
    ['170131', say(170131, 'Insufficient balance.'), 'insufficient-funds!'],
    ['170141', say(170141, 'Duplicate clientOrderId'), 'duplicate-id!'],
    ['170140', say(170140, 'Order value exceeded lower limit.'), 'filter!'],
    ['170137', say(170137, 'Order quantity has too many decimals.'), 'filter!'],
    ['170121', say(170121, 'Invalid symbol.'), 'rejected!'],
    ['without an order id', say(0, 'OK'), 'bad-answer'],
  ];
  it.each(orderRows)('an order: %s', async (_name, reply, expected) => {
    const { connector } = await answering('bybit', /order\/create/, reply);
    expect(await outcomeOf(connector.createOrder(buy))).toBe(expected);
  });

  it('no list is not an empty list: an order is unknown only if the venue says so', async () => {
    const { connector } = await answering('bybit', /realtime/, say(0, 'OK'));
    expect(await outcomeOf(connector.fetchOrder('tn-1', symbol))).toBe('bad-answer');
    expect(await outcomeOf(connector.fetchOpenOrders(symbol))).toBe('bad-answer');
  });
});

describe('what the user must mend', () => {
  it('is said in a line', async () => {
    const { connector, url } = await local('binance', { connector: { keys: null } });
    await expect(connector.fetchMarket('DOGE/USDT')).rejects.toThrow('unknown symbol "DOGE/USDT"');
    await expect(connector.fetchBalances()).rejects.toThrow('set TRADERNET_BINANCE_KEY and _SECRET');
    await expect(connector.fetchCandles(symbol, 61_000, 0, 1)).rejects.toThrow('no venue has candles of 61000 ms');
    const other = (venue: string, extra: object) =>
      new ExchangeConnector({ venue, clock: realClock, keys: null, ...extra });
    expect(() => other('../evil', {})).toThrow('unknown exchange');
    await expect(other('binanse', { localUrl: url }).connect()).rejects.toThrow('did you mean binance');
    await expect(other('mexc', { localUrl: url }).connect()).rejects.toThrow("doesn't speak mexc");
    await expect(other('binance', { localUrl: 'http://example.com' }).connect()).rejects.toThrow(
      'must be like http://127.0.0.1',
    );
    expect(other('mexc', {}).capabilities).toMatchObject({ tested: false, onExchangeStop: false, closedFlag: false });
  });

  it('a sandbox that a venue does not have', async () => {
    const connector = new ExchangeConnector({ venue: 'kraken', clock: realClock, keys: null, sandbox: true });
    await expect(connector.connect()).rejects.toThrow('kraken has no sandbox');
    const { connector: other } = await local('binance', { connector: { sandbox: true } });
    expect(await outcomeOf(other.fetchBalances())).toBe('ok');
    expect(other.capabilities.sandbox).toBe(true);
  });

  it('a wrong secret is refused, and never shown', async () => {
    const { connector } = await local('binance', { connector: { keys: { ...keys, secret: 'not-the-secret' } } });
    const error: ExchangeError = await connector.fetchBalances().catch((caught) => caught);
    expect(error).toBeInstanceOf(ExchangeError);
    expect(error.code).toBe('authentication');
    expect(error.message).not.toContain('not-the-secret');
  });

  it('a venue that is not there is a network error', async () => {
    const { connector, server } = await local('binance');
    await connector.connect();
    await server.stop();
    expect(await outcomeOf(connector.fetchBalances())).toBe('network');
  });
});
