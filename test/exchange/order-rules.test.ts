import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalOrder, checkOrder } from '../../src/exchange/order-rules.ts';
import { carriesOrder, OutgoingOrders, outgoingProblem } from '../../src/exchange/outgoing.ts';
import type { OrderRequest } from '../../src/exchange/venue.ts';
import { bitcoin } from '../rehearsal/world.ts';

const buy: OrderRequest = {
  clientOrderId: 'tn-1',
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'limit',
  quantity: '0.01',
  price: '30000',
};
const { price: _, ...limitLess } = buy;
const market: OrderRequest = { ...limitLess, type: 'market' };

describe('checkOrder', () => {
  it.each([
    [buy, null],
    [market, null],
    [{ ...buy, clientOrderId: 'x y' }, 'client-id'],
    [{ ...buy, clientOrderId: 'x'.repeat(33) }, 'client-id'],
    [{ ...buy, quantity: 'NaN' }, 'not-a-number'],
    [{ ...buy, price: '1e' }, 'not-a-number'],
    [{ ...buy, type: 'market' as const }, 'price'],
    [{ ...market, type: 'limit' as const }, 'price'],
    [{ ...buy, price: '30000.001' }, 'price-grid'],
    [{ ...buy, price: '0' }, 'price-grid'],
    [{ ...buy, quantity: '0' }, 'quantity-too-small'],
    [{ ...buy, quantity: '-1' }, 'quantity-too-small'],
    [{ ...buy, quantity: '0.000011' }, 'quantity-grid'],
    [{ ...buy, quantity: '9001' }, 'quantity-too-large'],
    [{ ...market, quantity: '101' }, 'quantity-too-large'],
    [{ ...buy, quantity: '0.00016' }, 'notional-too-small'],
    [{ ...market, quantity: '0.00016' }, 'notional-too-small'],
  ] as const)('%j: %s', (request, code) => {
    expect(checkOrder(request, bitcoin, '30000')?.code ?? null).toBe(code);
  });

  it('refuses while the market is closed, and leaves the notional out without a price', () => {
    expect(checkOrder(buy, { ...bitcoin, active: false }, null)?.code).toBe('not-trading');
    expect(checkOrder({ ...market, quantity: '0.00001' }, bitcoin, null)).toBeNull();
  });

  it('is satisfied by the grid of what canonicalOrder makes, which is never worse for us', () => {
    const amount = fc.integer({ min: 1, max: 1e9 }).map((n) => `${n}e-7`);
    fc.assert(
      fc.property(amount, amount, fc.constantFrom('buy' as const, 'sell' as const), (quantity, price, side) => {
        const made = canonicalOrder({ ...buy, side, quantity, price }, bitcoin);
        expect(Number(made.quantity)).toBeLessThanOrEqual(Number(quantity));
        if (side === 'buy') expect(Number(made.price)).toBeLessThanOrEqual(Number(price));
        else expect(Number(made.price)).toBeGreaterThanOrEqual(Number(price));
        expect(
          ['price-grid', 'quantity-grid'].filter(
            (code) => code === checkOrder(made, bitcoin, null)?.code && made.price !== '0',
          ),
        ).toEqual([]);
      }),
    );
  });
});

describe('the last look before an order leaves', () => {
  const url = 'http://127.0.0.1/api/v3/order';
  const body = 'symbol=BTCUSDT&side=BUY&newClientOrderId=tn-1&type=MARKET&quantity=0.01&timestamp=1';
  const json = (extra: object) =>
    JSON.stringify({ side: 'Buy', orderLinkId: 'tn-1', qty: '0.010', orderType: 'Market', ...extra });

  it('passes what is right', () => {
    expect(carriesOrder(market, 'POST', url, body)).toBe(true);
    expect(carriesOrder(market, 'GET', url, body)).toBe(false);
    expect(carriesOrder({ ...market, clientOrderId: 'tn-2' }, 'POST', url, body)).toBe(false);
    expect(outgoingProblem(market, url, body)).toBeNull();
    expect(outgoingProblem(market, url, json({}))).toBeNull();
    expect(outgoingProblem(buy, url, json({ price: '30000.00', orderType: 'Limit' }))).toBeNull();
  });

  it.each([
    ['another quantity', market, body.replace('0.01', '0.011')],
    ['a quote amount', market, `${body}&quoteOrderQty=300`],
    ['another side', market, body.replace('BUY', 'SELL')],
    ['a price with a market order', market, json({ price: '30000' })],
    ['another price', buy, json({ price: '30001' })],
    ['no price', buy, json({})],
    ['the quantity in the wrong field', market, 'side=BUY&newClientOrderId=tn-1&recvWindow=0.01'],
  ] as const)('stops %s', (_name, request, sent) => {
    expect(outgoingProblem(request, url, sent)).toMatch(/outgoing/);
  });

  describe('at the gate', () => {
    function gate() {
      let elapsedMs = 0;
      const clock = { nowMs: () => 0, elapsedMs: () => elapsedMs, sleep: async () => {} };
      const one = new OutgoingOrders(clock, 15_000, (method, path) => method === 'POST' && path.endsWith('/order'));
      const pass = (ms: number) => {
        elapsedMs += ms;
      };
      return { one, pass };
    }
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'ok',
        (error) => error.code,
      );

    it('lets an order out once, and as it was asked for', async () => {
      const { one } = gate();
      expect(await codeOf(one.expect(market, async () => one.look('POST', url, body)))).toBe('ok');
      const twice = one.expect(market, async () => {
        one.look('POST', url, body);
        one.look('POST', url, body);
      });
      // The first may live.
      expect(await codeOf(twice)).toBe('unknown');
      const other = one.expect(market, async () => one.look('POST', url, body.replace('0.01', '0.011')));
      expect(await codeOf(other)).toBe('not-sent');
    });

    it('lets nothing out that nobody asked for, or without our id', async () => {
      const { one } = gate();
      expect(() => one.look('POST', url, body)).toThrow('nobody asked for');
      const without = body.replace('newClientOrderId=tn-1&', '');
      expect(await codeOf(one.expect(market, async () => one.look('POST', url, without)))).toBe('not-sent');
      expect(() => one.look('GET', url, '')).not.toThrow();
    });

    it('says so where an order was answered that it did not see', async () => {
      const { one } = gate();
      expect(await codeOf(one.expect(market, async () => ({})))).toBe('unknown');
    });

    it('lets an order that waited too long not out any more, nor one that was given up', async () => {
      const { one, pass } = gate();
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const late = one.expect(market, async () => {
        await held;
        one.look('POST', url, body);
      });
      pass(15_001);
      release();
      expect(await codeOf(late)).toBe('not-sent');
      expect(() => one.look('POST', url, body)).toThrow('nobody asked for');
    });
  });
});
