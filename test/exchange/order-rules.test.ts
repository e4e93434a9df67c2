import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalOrder, checkOrder } from '../../src/exchange/order-rules.ts';
import { assertOutgoing, carriesOrder } from '../../src/exchange/outgoing.ts';
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
    assertOutgoing(market, url, body);
    assertOutgoing(market, url, json({}));
    assertOutgoing(buy, url, json({ price: '30000.00', orderType: 'Limit' }));
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
    expect(() => assertOutgoing(request, url, sent)).toThrow('internal error');
  });
});
