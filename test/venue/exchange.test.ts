/** The hostile venue keeps its own rules: what its ledger says is what its trades come to. */
import { describe, expect, it } from 'vitest';
import { amount, short, times } from './amount.ts';
import { HostileExchange, type NewOrder } from './exchange.ts';
import { MarketPath } from './market-path.ts';
import { Random } from './random.ts';
import { rulesOf } from './rules.ts';
import { type Kind, type Trouble, TroubleBook } from './troubles.ts';

const START = Date.UTC(2024, 0, 2);
const rules = rulesOf('BTC');

function open(troubles: readonly Trouble[] = [], seed = 1) {
  const path = new MarketPath(seed, START, 3_600, 30_000);
  const exchange = new HostileExchange({
    ...{ rules: [rules], paths: new Map([[rules.symbol, path]]), feeRate: amount('0.001'), seed },
    ...{ balances: { BTC: amount('0.5'), USDT: amount('10000') }, troubles: new TroubleBook(troubles) },
  });
  return { exchange, path };
}

const during = (kind: Kind, size: number): Trouble => ({ kind, fromMs: START, toMs: START + 600_000, size });
const buy = (clientId: string, quantity: string, more: Partial<NewOrder> = {}): NewOrder => ({
  ...{ clientId, symbolId: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: amount(quantity) },
  ...more,
});

describe('the ledger', () => {
  it('is the sum of the trades, fees and deposits, whatever was ordered', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { exchange } = open([during('many-fills', 40)].slice(seed % 2), seed);
      const random = new Random(seed);
      for (let i = 0; i < 60; i++) {
        const ms = START + i * 20_000;
        const price = exchange.path(rules).priceAt(ms);
        const quantity = BigInt(1 + random.below(3_000)) * rules.step;
        const side = random.pick(['BUY', 'SELL'] as const);
        const away = rules.tick * BigInt(random.below(4_000));
        const type = random.pick(['MARKET', 'LIMIT', 'STOP_LOSS'] as const);
        const near = side === 'BUY' ? price - away : price + away;
        const stop = side === 'BUY' ? price + away + rules.tick : price - away - rules.tick;
        try {
          exchange.place(
            {
              ...{ clientId: `o${i}`, symbolId: rules.id, side, type, quantity },
              ...(type === 'LIMIT' ? { limit: near } : type === 'STOP_LOSS' ? { stop } : {}),
            },
            ms,
          );
        } catch (error) {
          expect((error as Error).message).toMatch(/insufficient|immediately|NOTIONAL/);
        }
        const open = exchange.openOrders(rules.id, ms);
        if (open.length > 3) exchange.cancel(rules.id, random.pick(open).order.clientId, ms);
      }
      let [base, quote] = [amount('0.5'), amount('10000')];
      for (const one of exchange.trades) {
        const sign = one.side === 'BUY' ? 1n : -1n;
        base += sign * one.quantity - (one.feeCoin === 'BTC' ? one.fee : 0n);
        quote -= sign * times(one.quantity, one.price) + (one.feeCoin === 'USDT' ? one.fee : 0n);
      }
      expect(short(exchange.ledger.total('BTC'))).toBe(short(base));
      expect(short(exchange.ledger.total('USDT'))).toBe(short(quote));
      for (const { order } of exchange.openOrders(rules.id, START + 60 * 20_000))
        exchange.cancel(rules.id, order.clientId, START + 60 * 20_000);
      expect(exchange.ledger.holding('USDT').locked).toBe(0n);
      expect(exchange.ledger.holding('BTC').locked).toBe(0n);
      expect(exchange.trades.length).toBeGreaterThan(20);
    }
  });
});

describe('what it tells and when', () => {
  it('lists an accepted order late, by each endpoint', () => {
    const { exchange } = open([during('listed-late', 20_000)]);
    exchange.place(buy('a', '0.01'), START + 1_000);
    expect(() => exchange.query('BTCUSDT', 'a', START + 5_000)).toThrow('Order does not exist.');
    expect(exchange.tradesOf('BTCUSDT', START + 5_000)).toEqual([]);
    expect(exchange.query('BTCUSDT', 'a', START + 21_100).status).toBe('FILLED');
    expect(exchange.tradesOf('BTCUSDT', START + 21_100).length).toBeGreaterThan(0);
  });

  it('answers a cancel with nothing filled, and shows the fill later', () => {
    const { exchange, path } = open([during('late-fill', 10_000)]);
    const stop = path.priceAt(START + 1_000) - amount('3000');
    exchange.place(buy('s', '0.1', { side: 'SELL', type: 'STOP_LOSS', stop }), START + 1_000);
    const view = exchange.cancel('BTCUSDT', 's', START + 2_000);
    expect([view.status, view.executed]).toEqual(['CANCELED', 0n]);
    expect(exchange.query('BTCUSDT', 's', START + 3_000).executed).toBe(0n);
    expect(exchange.query('BTCUSDT', 's', START + 12_100).executed).toBeGreaterThan(0n);
    expect(exchange.ledger.total('BTC')).toBeLessThan(amount('0.5'));
  });

  it('forgets a purged stop, and frees what it held', () => {
    const { exchange, path } = open([{ kind: 'purged-orders', fromMs: START + 90_000, toMs: START + 95_000, size: 0 }]);
    const stop = path.priceAt(START) - amount('3000');
    exchange.place(buy('s', '0.1', { side: 'SELL', type: 'STOP_LOSS', stop }), START);
    expect(exchange.openOrders('BTCUSDT', START + 80_000).length).toBe(1);
    expect(exchange.openOrders('BTCUSDT', START + 91_000)).toEqual([]);
    expect(() => exchange.query('BTCUSDT', 's', START + 91_000)).toThrow('Order does not exist.');
    expect(exchange.ledger.holding('BTC').free).toBe(amount('0.5'));
  });

  it('knows balances as they were, and leaves coins out', () => {
    const { exchange } = open([{ ...during('stale-balances', 10_000), toMs: START + 30_000 }]);
    exchange.place(buy('a', '0.01'), START + 20_000);
    expect(exchange.balances(START + 25_000).get('BTC')!.free).toBe(amount('0.5'));
    expect(exchange.balances(START + 40_000).get('BTC')!.free).toBeGreaterThan(amount('0.5'));
    const partial = open([during('partial-balances', 8_001)]).exchange;
    expect([...partial.balances(START).keys()]).toEqual(['BTC']);
  });

  it('refuses what its filters and the account refuse', () => {
    const { exchange } = open();
    const refused = (order: NewOrder) => () => exchange.place(order, START);
    expect(refused(buy('x', '0.000001'))).toThrow('LOT_SIZE');
    expect(refused(buy('x', '0.0001'))).toThrow('NOTIONAL');
    expect(refused(buy('x', '200'))).toThrow('MARKET_LOT_SIZE');
    expect(refused(buy('x', '1'))).toThrow('insufficient balance');
    expect(refused(buy('x', '0.1', { type: 'LIMIT', limit: amount('100.001') }))).toThrow('PRICE_FILTER');
    expect(refused(buy('x', '0.1', { side: 'SELL', type: 'STOP_LOSS', stop: amount('40000') }))).toThrow('immediately');
    expect(refused({ ...buy('x', '0.1'), symbolId: 'NOPE' })).toThrow('Invalid symbol');
  });
});
