/** ccxt's own class of a venue, pointed at its local server, in the venue's time: nothing of the product between. */
import ccxt, { type Balances, type Exchange, type Order, type Trade } from 'ccxt';
import type { DialectRow } from './dialects.ts';

export const SYMBOL = 'BTC/USDT';

/** Time that a test moves. Every look at it by a client takes a millisecond, as asking does. */
export interface HandClock {
  ms: number;
}

/** A client of ccxt with these credentials, or others. */
export function rawClient(row: DialectRow, urls: unknown, clock: HandClock, changes: object = {}): Exchange {
  const classes = ccxt as unknown as Record<string, new (config: object) => Exchange>;
  const client = new classes[row.name]({ ...row.credentials, enableRateLimit: false, ...changes });
  client.urls.api = urls as never;
  Object.assign(client.options, row.options);
  client.milliseconds = () => ++clock.ms;
  client.seconds = () => Math.floor(++clock.ms / 1_000);
  return client;
}

/** How ccxt is asked, where a venue's dialect shows through its unified calls. */
export interface Asks {
  /** A market buy of a quantity of base coin. */
  buy(client: Exchange, quantity: number, name: string): Promise<Order>;
  buyFor(client: Exchange, cost: number, name: string): Promise<Order>;
  sellStop(client: Exchange, quantity: number, stop: number, name: string): Promise<Order>;
  /** By the name that it was given; undefined where the venue knows none. */
  find(client: Exchange, name: string): Promise<Order | undefined>;
  findStop(client: Exchange, name: string): Promise<Order | undefined>;
  openStops(client: Exchange): Promise<Order[]>;
  cancelStop(client: Exchange, id: string): Promise<unknown>;
  /** Every trade since a time, over all pages. */
  trades(client: Exchange, sinceMs: number): Promise<Trade[]>;
  balance(client: Exchange): Promise<Balances>;
  /** A page is full with so many. */
  readonly page: number;
  /** Names of an order: one that must be taken, some that must not. */
  readonly name: string;
  readonly badNames: readonly string[];
  /** A limit order under a name. */
  limit(client: Exchange, quantity: number, price: number, name: string, more?: object): Promise<Order>;
  /** What comes of a name that was used: an error unless said. */
  readonly sameName?: 'same order' | 'another order';
  /** Where a stop has an id and no name. */
  readonly stopsAreNameless?: boolean;
  /** Where no market order buys a quantity. */
  readonly buysByLimit?: boolean;
}

/** Asked for by an error of ccxt's: undefined where there is no such order. */
async function maybe(asked: Promise<Order>): Promise<Order | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ccxt.OrderNotFound) return undefined;
    throw error;
  }
}

const unified: Omit<Asks, 'page' | 'name' | 'badNames' | 'trades'> = {
  buy: (client, quantity, name) =>
    client.createOrder(SYMBOL, 'market', 'buy', quantity, undefined, { clientOrderId: name }),
  buyFor: (client, cost, name) => client.createMarketBuyOrderWithCost(SYMBOL, cost, { clientOrderId: name }),
  sellStop: (client, quantity, stop, name) =>
    client.createOrder(SYMBOL, 'market', 'sell', quantity, undefined, { stopLossPrice: stop, clientOrderId: name }),
  limit: (client, quantity, price, name, more = {}) =>
    client.createOrder(SYMBOL, 'limit', 'buy', quantity, price, { clientOrderId: name, ...more }),
  balance: (client) => client.fetchBalance(),
  find: (client, name) => maybe(client.fetchOrder('', SYMBOL, { clientOrderId: name })),
  findStop: (client, name) => unified.find(client, name),
  openStops: (client) => client.fetchOpenOrders(SYMBOL),
  cancelStop: (client, id) => client.cancelOrder(id, SYMBOL),
};

const krakenFind: Asks['find'] = async (client, name) => {
  const which = { clientOrderId: name };
  const [open, closed] = [
    await client.fetchOpenOrders(SYMBOL, undefined, undefined, which),
    await client.fetchClosedOrders(SYMBOL, undefined, undefined, which),
  ];
  return [...open, ...closed].at(0);
};

export const asks: Readonly<Record<string, Asks>> = {
  kraken: {
    ...unified,
    find: krakenFind,
    findStop: krakenFind,
    // Without the flag, the fee is taken of the coins that are to be kept.
    sellStop: (client, quantity, stop, name) =>
      client.createOrder(SYMBOL, 'market', 'sell', quantity, undefined, {
        ...{ stopLossPrice: stop, clientOrderId: name, oflags: 'fciq' },
      }),
    page: 50,
    name: 'bot-btc-000000001',
    badNames: ['this-name-has-more-than-18', 'blank in it'],
    async trades(client, sinceMs) {
      const all: Trade[] = [];
      for (;;) {
        const page = await client.fetchMyTrades(SYMBOL, sinceMs - 1_000, undefined, { ofs: all.length });
        all.push(...page);
        if (page.length < 50) return all;
      }
    },
  },
  okx: {
    ...unified,
    sellStop: (client, quantity, stop, name) =>
      client.createOrder(SYMBOL, 'market', 'sell', quantity, undefined, {
        ...{ stopLossPrice: stop, algoClOrdId: name, tdMode: 'cash' },
      }),
    findStop: (client, name) => maybe(client.fetchOrder('', SYMBOL, { clientOrderId: name, trigger: true })),
    openStops: (client) =>
      client.fetchOpenOrders(SYMBOL, undefined, undefined, { trigger: true, ordType: 'conditional' }),
    cancelStop: (client, id) => client.cancelOrder(id, SYMBOL, { trigger: true }),
    page: 100,
    name: 'botbtc1',
    badNames: ['bot-btc-1', 'x'.repeat(33)],
    trades: async (client, sinceMs) => {
      const all: Trade[] = [];
      for (let older = {}; ; older = { after: all[0].info.billId }) {
        const page = await client.fetchMyTrades(SYMBOL, sinceMs, undefined, older);
        all.unshift(...page);
        if (page.length < 100) return all;
      }
    },
  },
  kucoin: {
    ...unified,
    // Asked for by name, stops come in a list, of which ccxt makes an empty order.
    findStop: async (client, name) =>
      (await asks.kucoin.openStops(client)).find((one) => one.clientOrderId === name) ?? unified.find(client, name),
    openStops: (client) => client.fetchOpenOrders(SYMBOL, undefined, undefined, { trigger: true }),
    cancelStop: (client, id) => client.cancelOrder(id, SYMBOL, { trigger: true }),
    page: 100,
    name: 'bot-btc-1',
    badNames: ['bot.btc', 'x'.repeat(41)],
    trades: async (client, sinceMs) => {
      const all: Trade[] = [];
      for (let older = {}; ; older = { lastId: all[0].id }) {
        const page = await client.fetchMyTrades(SYMBOL, sinceMs, 100, older);
        all.unshift(...page);
        if (page.length < 100) return all;
      }
    },
  },
  coinbase: {
    ...unified,
    buy: (client, quantity, name) =>
      client.createOrder(SYMBOL, 'market', 'buy', quantity, undefined, {
        ...{ client_order_id: name, createMarketBuyOrderRequiresPrice: false },
        order_configuration: { market_market_ioc: { base_size: String(quantity) } },
      }),
    buyFor: (client, cost, name) => client.createMarketBuyOrderWithCost(SYMBOL, cost, { client_order_id: name }),
    limit: (client, quantity, price, name, more = {}) =>
      client.createOrder(SYMBOL, 'limit', 'buy', quantity, price, { client_order_id: name, ...more }),
    sellStop: (client, quantity, stop, name) =>
      client.createOrder(SYMBOL, 'limit', 'sell', quantity, stop * 0.97, {
        stopLossPrice: stop,
        client_order_id: name,
      }),
    find: async (client, name) => (await client.fetchOrders(SYMBOL)).find((one) => one.clientOrderId === name),
    balance: (client) => client.fetchBalance({ v3: true }),
    findStop: (client, name) => asks.coinbase.find(client, name),
    page: 100,
    name: 'bot-btc-1',
    badNames: [''],
    sameName: 'same order',
    trades: async (client, sinceMs) => {
      const all: Trade[] = [];
      for (let next = {}; ; ) {
        const page = await client.fetchMyTrades(SYMBOL, sinceMs, 100, next);
        all.unshift(...page);
        const cursor = page.find((one) => one.info.cursor)?.info.cursor;
        if (cursor === undefined) return all;
        next = { cursor };
      }
    },
  },
  bitget: {
    ...unified,
    buy: async (client, quantity, name) =>
      asks.bitget.limit(client, quantity, (await client.fetchTicker(SYMBOL)).ask! * 1.01, name, { timeInForce: 'IOC' }),
    sellStop: (client, quantity, stop, name) =>
      client.createOrder(SYMBOL, 'market', 'sell', quantity, undefined, { triggerPrice: stop, clientOrderId: name }),
    openStops: (client) => client.fetchOpenOrders(SYMBOL, undefined, undefined, { trigger: true }),
    findStop: async (client, name) =>
      [
        ...(await asks.bitget.openStops(client)),
        ...(await client.fetchCanceledAndClosedOrders(SYMBOL, undefined, undefined, { trigger: true })),
      ].find((one) => one.clientOrderId === name),
    cancelStop: (client, id) => client.cancelOrder(id, SYMBOL, { trigger: true }),
    buysByLimit: true,
    page: 100,
    name: 'bot-btc-1',
    badNames: ['blank in it', 'x'.repeat(51)],
    trades: async (client, sinceMs) => {
      const all: Trade[] = [];
      for (let older = {}; ; older = { idLessThan: all[0].id }) {
        const page = await client.fetchMyTrades(SYMBOL, sinceMs, 100, older);
        all.unshift(...page);
        if (page.length < 100) return all;
      }
    },
  },
  gate: {
    ...unified,
    buy: async (client, quantity, name) =>
      asks.gate.limit(client, quantity, (await client.fetchTicker(SYMBOL)).ask! * 1.01, name, { timeInForce: 'IOC' }),
    // Ended, an order is known by its id alone.
    find: async (client, name) =>
      (await unified.find(client, name)) ??
      (await client.fetchClosedOrders(SYMBOL)).find((one) => one.clientOrderId === name),
    sellStop: (client, quantity, stop) =>
      client.createOrder(SYMBOL, 'market', 'sell', quantity, stop, { stopLossPrice: stop }),
    openStops: (client) => client.fetchOpenOrders(SYMBOL, undefined, undefined, { trigger: true }),
    cancelStop: (client, id) => client.cancelOrder(id, SYMBOL, { trigger: true }),
    buysByLimit: true,
    sameName: 'another order',
    stopsAreNameless: true,
    page: 100,
    name: 't-bot-btc-1',
    badNames: ['tbot', 't-blank in it', `t-${'x'.repeat(29)}`],
    trades: async (client, sinceMs) => {
      const all: Trade[] = [];
      for (let number = 1; ; number++) {
        const page = await client.fetchMyTrades(SYMBOL, sinceMs - 1_000, 100, { page: number });
        all.unshift(...page);
        if (page.length < 100) return all;
      }
    },
  },
  bybit: {
    ...unified,
    find: (client, name) => maybe(client.fetchOrder('', SYMBOL, { orderLinkId: name })),
    findStop: (client, name) => asks.bybit.find(client, name),
    cancelStop: (client, id) => client.cancelOrder(id, SYMBOL, { orderFilter: 'tpslOrder' }),
    page: 100,
    name: 'bot-btc-1',
    badNames: ['bot.btc', 'x'.repeat(37)],
    trades: async (client, sinceMs) => {
      const all: Trade[] = [];
      for (let next = {}; ; ) {
        const page = await client.fetchMyTrades(SYMBOL, sinceMs, 100, next);
        all.unshift(...page);
        const cursor = page.find((one) => one.info.nextPageCursor)?.info.nextPageCursor;
        if (cursor === undefined) return all;
        next = { cursor };
      }
    },
  },
};
