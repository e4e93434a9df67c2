/**
 * Kraken's spot REST API (docs.kraken.com/api: REST, guides on nonces, cl_ord_id, rate limits). Errors are HTTP 200
 * with a list of words; times are seconds; BTC is XBT, and XXBT among balances.
 */
import { createHash, createHmac } from 'node:crypto';
import { type Amount, fixed, over, placesOf, read, short, text, times } from './amount.ts';
import { barsOf, type Call, type Dialect, nameOf, Refused, tradesOf, unnamed, viewsOf } from './dialect-server.ts';
import type { DialectRow } from './dialects.ts';
import type { HostileExchange, NewOrder, Order, OrderView, Reason, Refusal, Rules, Side, Trade } from './exchange.ts';

const credentials = {
  apiKey: 'kraken-key',
  secret: Buffer.from('a kraken secret, sixty-four bytes').toString('base64'),
};
const FEE_RATE = 260_000n;

/** Kraken's names of coins: the pair's and the balance's. */
const COINS: Readonly<Record<string, readonly [string, string]>> = {
  BTC: ['XBT', 'XXBT'],
  ETH: ['ETH', 'XETH'],
  USD: ['USD', 'ZUSD'],
  EUR: ['EUR', 'ZEUR'],
};
const pairCoin = (coin: string) => COINS[coin]?.[0] ?? coin;
const assetOf = (coin: string) => COINS[coin]?.[1] ?? coin;
/** A pair with a letter-coded quote has the asset codes in its id (XXBTZUSD), others the short ones (XBTUSDT). */
const idOf = (base: string, quote: string) =>
  quote in COINS ? `${assetOf(base)}${assetOf(quote)}` : `${pairCoin(base)}${pairCoin(quote)}`;
const altname = ({ base, quote }: Rules) => `${pairCoin(base)}${pairCoin(quote)}`;

const MINUTES = [1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600];
const CANDLES = 720;
const PAGE = 50;

const WORDS: Partial<Record<Reason, string>> = {
  symbol: 'EQuery:Unknown asset pair',
  'unknown-order': 'EOrder:Unknown order',
  'duplicate-id': 'EOrder:Duplicate cl_ord_id',
  quantity: 'EGeneral:Invalid arguments:volume minimum not met',
  'quantity-step': 'EGeneral:Invalid arguments:volume',
  'market-quantity': 'EOrder:Orders limit exceeded',
  'price-step': 'EOrder:Tick size check failed',
  notional: 'EOrder:Cost minimum not met',
  missing: 'EGeneral:Invalid arguments:price',
  'would-take': 'EOrder:Post only order',
  funds: 'EOrder:Insufficient funds',
};

const fail = (word: string) => new Refused(200, { error: [word] });
const seconds = (ms: number) => Math.floor(ms * 10) / 10_000;

/** An id in Kraken's form, as O5GQZ3-JWKAO-V4XZBT, always the same for the same number. */
function codeOf(letter: 'O' | 'T', number: number): string {
  const hash = createHash('sha256').update(`${letter}${number}`).digest();
  const code = [...hash.subarray(0, 16)].map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('');
  return `${letter}${code.slice(0, 5)}-${code.slice(5, 10)}-${code.slice(10)}`;
}

export class KrakenDialect implements Dialect {
  readonly #exchange: HostileExchange;
  #nonce = 0n;
  readonly #userrefs = new Map<Order, number>();

  constructor(exchange: HostileExchange) {
    this.#exchange = exchange;
  }

  isPrivate = ({ path }: Call) => path.startsWith('/0/private/');
  isOrder = ({ path }: Call) => path === '/0/private/AddOrder';
  word = ({ reason, message }: Refusal) => ({ status: 200, body: { error: [WORDS[reason] ?? `EGeneral:${message}`] } });
  tooMany = () => ({ status: 200, body: { error: ['EAPI:Rate limit exceeded'] } });
  down = () => ({ status: 200, body: { error: ['EService:Unavailable'] } });

  answer(call: Call): unknown {
    return { error: [], result: this.isPrivate(call) ? this.#private(call) : this.#public(call) };
  }

  #public({ method, path, query, nowMs }: Call): unknown {
    if (method !== 'GET') throw fail('EGeneral:Unknown method');
    const exchange = this.#exchange;
    const rules = () => this.#find(query.get('pair'));
    switch (path) {
      case '/0/public/Time':
        return { unixtime: Math.floor(nowMs / 1_000), rfc1123: new Date(nowMs).toUTCString() };
      case '/0/public/SystemStatus':
        return { status: 'online', timestamp: new Date(nowMs).toISOString() };
      case '/0/public/Assets': {
        const coins = [...new Set(exchange.rules.flatMap(({ base, quote }) => [base, quote]))];
        const asset = (coin: string) => ({
          ...{ aclass: 'currency', altname: pairCoin(coin), decimals: 10, display_decimals: 5, status: 'enabled' },
        });
        return Object.fromEntries(coins.map((coin) => [assetOf(coin), asset(coin)]));
      }
      case '/0/public/AssetPairs':
        return Object.fromEntries(exchange.rules.map((one) => [one.id, describe(one)]));
      case '/0/public/OHLC':
        return this.#candles(rules(), query, nowMs);
      case '/0/public/Ticker': {
        const one = rules();
        const price = (value: Amount) => fixed(value, placesOf(one.tick));
        const [bid, ask, last] = [
          exchange.bid(one, nowMs),
          exchange.ask(one, nowMs),
          exchange.path(one).priceAt(nowMs),
        ].map(price);
        return {
          [one.id]: {
            ...{
              a: [ask, '3', '3.000'],
              b: [bid, '3', '3.000'],
              c: [last, '0.01'],
              v: ['100', '200'],
              p: [last, last],
            },
            ...{ t: [100, 200], l: [last, last], h: [last, last], o: last },
          },
        };
      }
      case '/0/public/Depth': {
        const one = rules();
        const level = (value: Amount) => [fixed(value, placesOf(one.tick)), '3.000', Math.floor(nowMs / 1_000)];
        return { [one.id]: { asks: [level(exchange.ask(one, nowMs))], bids: [level(exchange.bid(one, nowMs))] } };
      }
    }
    throw fail('EGeneral:Unknown method');
  }

  /** At most the newest 720 after `since`, whatever it is; the running one is always the last. */
  #candles(rules: Rules, query: URLSearchParams, nowMs: number): unknown {
    const minutes = Number(query.get('interval') ?? 1);
    if (!MINUTES.includes(minutes)) throw fail('EGeneral:Invalid arguments:interval');
    const lengthMs = minutes * 60_000;
    const runningMs = Math.floor(nowMs / lengthMs) * lengthMs;
    const fromMs = runningMs - (CANDLES - 1) * lengthMs;
    const since = Number(query.get('since') ?? 0) * 1_000;
    const bars = barsOf(this.#exchange, rules, { lengthMs, fromMs, toMs: runningMs, nowMs });
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    return {
      [rules.id]: bars
        .filter((bar) => bar.openMs > since || bar.openMs === runningMs)
        .map((bar) => [
          ...[bar.openMs / 1_000, price(bar.open), price(bar.high), price(bar.low), price(bar.close)],
          ...[price(bar.close), text(bar.volume), bar.trades],
        ]),
      last: (runningMs - lengthMs) / 1_000,
    };
  }

  #private(call: Call): unknown {
    const asked = this.#verify(call);
    const exchange = this.#exchange;
    const { nowMs } = call;
    exchange.advance(nowMs);
    switch (call.path.slice('/0/private/'.length)) {
      case 'Balance':
        return Object.fromEntries(
          [...exchange.balances(nowMs)].map(([coin, { free, locked }]) => [assetOf(coin), text(free + locked)]),
        );
      case 'BalanceEx':
        return Object.fromEntries(
          [...exchange.balances(nowMs)].map(([coin, { free, locked }]) => [
            assetOf(coin),
            { balance: text(free + locked), hold_trade: text(locked) },
          ]),
        );
      case 'TradeVolume': {
        const pair = this.#find(asked.get('pair'));
        const fee = { fee: '0.2600', minfee: '0.0800', maxfee: '0.2600', nextfee: '0.2400', nextvolume: '10000.0000' };
        return { currency: 'ZUSD', volume: '0.0000', fees: { [pair.id]: fee }, fees_maker: { [pair.id]: fee } };
      }
      case 'AddOrder':
        return this.#addOrder(asked, nowMs);
      case 'CancelOrder':
        return this.#cancelOrder(asked, nowMs);
      case 'CancelAll': {
        const open = exchange.openOrders(null, nowMs);
        for (const { order } of open) exchange.cancel(order.rules.id, order.clientId, nowMs);
        return { count: open.length };
      }
      case 'CancelAllOrdersAfter':
        return { currentTime: new Date(nowMs).toISOString(), triggerTime: '0' };
      case 'OpenOrders':
        return { open: this.#tell(this.#matching(asked, exchange.openOrders(null, nowMs)), asked, nowMs) };
      case 'ClosedOrders':
        return this.#closedOrders(asked, nowMs);
      case 'QueryOrders': {
        const ids = (asked.get('txid') ?? '').split(',').filter((id) => id !== '');
        if (ids.length === 0) throw fail('EGeneral:Invalid arguments');
        if (ids.length > 50) throw fail('EGeneral:Invalid arguments:txid');
        const views = viewsOf(this.#exchange, nowMs).filter(({ order }) => ids.includes(codeOf('O', order.number)));
        const found = this.#matching(asked, views);
        if (ids.length === 1 && found.length === 0) throw fail('EOrder:Unknown order');
        return this.#tell(found, asked, nowMs);
      }
      case 'TradesHistory':
        return this.#tradesHistory(asked, nowMs);
      case 'QueryTrades': {
        const ids = (asked.get('txid') ?? '').split(',');
        if (ids.length > 20) throw fail('EGeneral:Invalid arguments:txid');
        const trades = tradesOf(this.#exchange, nowMs).filter(({ id }) => ids.includes(codeOf('T', id)));
        return Object.fromEntries(trades.map((trade) => [codeOf('T', trade.id), this.#tellTrade(trade)]));
      }
    }
    throw fail('EGeneral:Unknown method');
  }

  /** The parameters of a signed call. A nonce counts once, and only upwards. */
  #verify({ method, path, body, headers }: Call): URLSearchParams {
    if (method !== 'POST') throw fail('EGeneral:Invalid arguments');
    if (headers['api-key'] !== credentials.apiKey) throw fail('EAPI:Invalid key');
    const asked = new URLSearchParams(body);
    const nonce = asked.get('nonce') ?? '';
    const hash = createHash('sha256')
      .update(nonce + body)
      .digest();
    const secret = Buffer.from(credentials.secret, 'base64');
    const signature = createHmac('sha512', secret).update(path).update(hash).digest('base64');
    if (headers['api-sign'] !== signature) throw fail('EAPI:Invalid signature');
    if (!/^\d{1,20}$/.test(nonce) || BigInt(nonce) <= this.#nonce) throw fail('EAPI:Invalid nonce');
    this.#nonce = BigInt(nonce);
    return asked;
  }

  #addOrder(asked: URLSearchParams, nowMs: number): unknown {
    const rules = this.#find(asked.get('pair'));
    const side = asked.get('type');
    if (side !== 'buy' && side !== 'sell') throw fail('EGeneral:Invalid arguments:type');
    const ordertype = asked.get('ordertype') ?? '';
    if (!['market', 'limit', 'stop-loss'].includes(ordertype)) throw fail('EGeneral:Invalid arguments:ordertype');
    const flags = (asked.get('oflags') ?? '').split(',').filter((flag) => flag !== '');
    if (flags.some((flag) => !['fciq', 'fcib', 'nompp', 'post', 'viqc'].includes(flag)))
      throw fail('EGeneral:Invalid arguments:oflags');
    const [name, userref] = [asked.get('cl_ord_id'), asked.get('userref')];
    if (name !== null && userref !== null) throw fail('EGeneral:Invalid arguments:userref and cl_ord_id');
    if (name !== null && !/^([\x21-\x7e]{1,18}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(name))
      throw fail('EGeneral:Invalid arguments:cl_ord_id');
    if (userref !== null && (!/^-?\d{1,10}$/.test(userref) || Math.abs(Number(userref)) > 2_147_483_647))
      throw fail('EGeneral:Invalid arguments:userref');
    const force = asked.get('timeinforce') ?? 'GTC';
    if (!['GTC', 'IOC'].includes(force)) throw fail('EGeneral:Invalid arguments:timeinforce');
    const volume = read(asked.get('volume'));
    if (volume === null) throw fail('EGeneral:Invalid arguments:volume');
    const price = ordertype === 'market' ? null : read(asked.get('price'));
    if (ordertype !== 'market' && price === null) throw fail('EGeneral:Invalid arguments:price');
    if (price !== null && (asked.get('price')!.split('.')[1]?.length ?? 0) > placesOf(rules.tick))
      throw fail(
        `EOrder:Invalid price:${altname(rules)} price can only be specified up to ${placesOf(rules.tick)} decimals.`,
      );
    if (flags.includes('fciq') && flags.includes('fcib')) throw fail('EGeneral:Invalid arguments:oflags');
    const inBase = flags.includes('fcib') || (side === 'sell' && !flags.includes('fciq'));
    const byCost = flags.includes('viqc');
    if (byCost && (side !== 'buy' || ordertype !== 'market')) throw fail('EGeneral:Invalid arguments:viqc');
    if (flags.includes('post') && ordertype !== 'limit') throw fail('EGeneral:Invalid arguments:post');
    const descr = { order: line(side, text(volume), rules, ordertype, price) };
    if (asked.get('validate') === 'true') return { descr };
    const wanted: NewOrder = {
      ...{ clientId: name ?? unnamed(this.#exchange), symbolId: rules.id, side: side.toUpperCase() as Side },
      type:
        ordertype === 'market'
          ? 'MARKET'
          : ordertype === 'stop-loss'
            ? 'STOP_LOSS'
            : flags.includes('post')
              ? 'LIMIT_MAKER'
              : 'LIMIT',
      quantity: volume,
      ...{ immediate: force === 'IOC', feeIn: inBase ? 'base' : 'quote' },
      ...(byCost ? { spend: volume } : {}),
      ...(price === null ? {} : ordertype === 'limit' ? { limit: price } : { stop: price }),
    };
    const order = this.#exchange.place(wanted, nowMs);
    if (userref !== null) this.#userrefs.set(order, Number(userref));
    return { descr, txid: [codeOf('O', order.number)] };
  }

  /** By txid, by the number of a userref, or by the name that the client gave. */
  #cancelOrder(asked: URLSearchParams, nowMs: number): unknown {
    const [txid, name] = [asked.get('txid'), asked.get('cl_ord_id')];
    if (txid === null && name === null) throw fail('EGeneral:Invalid arguments');
    const open = this.#exchange.openOrders(null, nowMs).filter(({ order }) => {
      if (name !== null) return nameOf(order) === name;
      return codeOf('O', order.number) === txid || String(this.#userrefs.get(order)) === txid;
    });
    if (open.length === 0) throw fail('EOrder:Unknown order');
    for (const { order } of open) this.#exchange.cancel(order.rules.id, order.clientId, nowMs);
    return { count: open.length };
  }

  #matching(asked: URLSearchParams, views: readonly OrderView[]): OrderView[] {
    const [userref, name] = [asked.get('userref'), asked.get('cl_ord_id')];
    return views.filter(
      ({ order }) =>
        (userref === null || String(this.#userrefs.get(order)) === userref) &&
        (name === null || nameOf(order) === name),
    );
  }

  /** Newest first, 50 a page; `start` is left out, `end` is in; either may be a txid. */
  #closedOrders(asked: URLSearchParams, nowMs: number): unknown {
    const by = asked.get('closetime') ?? 'both';
    const [start, end] = ['start', 'end'].map((key) => this.#moment(asked.get(key), 'O'));
    const ended = this.#matching(asked, viewsOf(this.#exchange, nowMs))
      .filter(({ order }) => order.end !== null)
      .filter(({ order }) => {
        const times = [...(by === 'close' ? [] : [order.createdMs]), ...(by === 'open' ? [] : [order.end!.ms])];
        return times.some((ms) => (start === null || ms > start) && (end === null || ms <= end));
      })
      .sort((a, b) => b.order.end!.ms - a.order.end!.ms || b.order.number - a.order.number);
    const from = Number(asked.get('ofs') ?? 0);
    return { closed: this.#tell(ended.slice(from, from + PAGE), asked, nowMs), count: ended.length };
  }

  #tradesHistory(asked: URLSearchParams, nowMs: number): unknown {
    const [start, end] = ['start', 'end'].map((key) => this.#moment(asked.get(key), 'T'));
    const found = tradesOf(this.#exchange, nowMs)
      .filter(({ ms }) => (start === null || ms > start) && (end === null || ms <= end))
      .reverse();
    const from = Number(asked.get('ofs') ?? 0);
    const page = found.slice(from, from + PAGE).map((trade) => [codeOf('T', trade.id), this.#tellTrade(trade)]);
    return { trades: Object.fromEntries(page), count: found.length };
  }

  /** A moment in ms, from seconds or from the id of an order or trade. */
  #moment(value: string | null, letter: 'O' | 'T'): number | null {
    if (value === null || value === '') return null;
    if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1_000;
    const { orders, trades } = this.#exchange;
    const ms =
      letter === 'O'
        ? orders.find(({ number }) => codeOf('O', number) === value)?.createdMs
        : trades.find(({ id }) => codeOf('T', id) === value)?.ms;
    if (ms === undefined) throw fail('EGeneral:Invalid arguments');
    return ms;
  }

  #find(pair: string | null): Rules {
    const rules = this.#exchange.rules.find((one) => one.id === pair || altname(one) === pair);
    if (rules === undefined) throw fail('EQuery:Unknown asset pair');
    return rules;
  }

  #tell(views: readonly OrderView[], asked: URLSearchParams, nowMs: number): Record<string, unknown> {
    const trades = asked.get('trades') === 'true';
    return Object.fromEntries(
      views.map((view) => [codeOf('O', view.order.number), this.#tellOrder(view, trades, nowMs)]),
    );
  }

  #tellOrder({ order, status, executed, spent }: OrderView, withTrades: boolean, nowMs: number): unknown {
    const { rules, side, type, limit, stop, quantity, spend, createdMs, end } = order;
    const name = nameOf(order);
    const told = order.trades.filter(({ visibleMs }) => visibleMs <= nowMs);
    const ordertype = type === 'MARKET' ? 'market' : type === 'STOP_LOSS' ? 'stop-loss' : 'limit';
    const price = limit ?? stop;
    const low = side.toLowerCase();
    const flags = [
      order.feeIn === 'base' ? 'fcib' : 'fciq',
      ...(type === 'LIMIT_MAKER' ? ['post'] : []),
      ...(spend === null ? [] : ['viqc']),
    ];
    return {
      ...{ refid: null, userref: this.#userrefs.get(order) ?? null, ...(name === '' ? {} : { cl_ord_id: name }) },
      status: status === 'FILLED' ? 'closed' : end === null ? 'open' : 'canceled',
      ...{ opentm: seconds(createdMs), starttm: 0, expiretm: 0 },
      descr: {
        ...{
          pair: altname(rules),
          type: low,
          ordertype,
          price: price === null ? '0' : fixed(price, placesOf(rules.tick)),
        },
        ...{
          price2: '0',
          leverage: 'none',
          order: line(low, text(spend ?? quantity), rules, ordertype, price),
          close: '',
        },
      },
      ...{ vol: text(spend ?? quantity), vol_exec: text(executed), cost: text(spent) },
      fee: text(told.reduce((sum, trade) => sum + inQuote(trade), 0n)),
      price: executed === 0n ? '0.00000' : text(over(spent, executed)),
      ...{ stopprice: '0.00000', limitprice: '0.00000', misc: '', oflags: flags.join(',') },
      ...(withTrades ? { trades: told.map(({ id }) => codeOf('T', id)) } : {}),
      ...(end === null ? {} : { reason: status === 'FILLED' ? null : 'User requested', closetm: seconds(end.ms) }),
    };
  }

  #tellTrade(trade: Trade): unknown {
    const { id, order, rules, side, price, quantity, ms } = trade;
    const type = this.#exchange.orders.find(({ number }) => number === order)!.type;
    const ordertype = type === 'MARKET' ? 'market' : type === 'STOP_LOSS' ? 'stop-loss' : 'limit';
    return {
      ...{ ordertxid: codeOf('O', order), postxid: 'TKH2SE-M7IF5-CFI7LT', pair: rules.id, time: seconds(ms) },
      ...{ type: side.toLowerCase(), ordertype, price: fixed(price, 5), cost: text(times(price, quantity)) },
      ...{
        fee: text(inQuote(trade)),
        vol: text(quantity),
        margin: '0.00000',
        misc: '',
        trade_id: id,
        maker: ordertype === 'limit',
      },
    };
  }
}

/** A fee is told in the quote coin, whichever it was taken in. */
const inQuote = ({ fee, feeCoin, rules, price }: Trade): Amount => (feeCoin === rules.base ? times(fee, price) : fee);

function line(side: string, volume: string, rules: Rules, ordertype: string, price: Amount | null): string {
  const at = price === null ? '' : ` ${fixed(price, placesOf(rules.tick))}`;
  return `${side} ${volume} ${altname(rules)} @ ${ordertype.replace('-', ' ')}${at}`;
}

const describe = (rules: Rules) => ({
  ...{ altname: altname(rules), wsname: `${pairCoin(rules.base)}/${pairCoin(rules.quote)}`, aclass_base: 'currency' },
  ...{
    base: assetOf(rules.base),
    aclass_quote: 'currency',
    quote: assetOf(rules.quote),
    lot: 'unit',
    cost_decimals: 5,
  },
  ...{ pair_decimals: placesOf(rules.tick), lot_decimals: placesOf(rules.step), lot_multiplier: 1, leverage_buy: [] },
  ...{ leverage_sell: [], fees: [[0, 0.26]], fees_maker: [[0, 0.16]], fee_volume_currency: 'ZUSD', margin_call: 80 },
  ...{ margin_stop: 40, ordermin: short(rules.minQuantity), costmin: short(rules.minNotional), status: 'online' },
  tick_size: short(rules.tick),
});

export const krakenRow: DialectRow = {
  ...{ name: 'kraken', credentials, feeRate: FEE_RATE },
  ways: { clientIds: /./, stopsFireAtOnce: true },
  rules: (base, quote) => ({
    ...{ symbol: `${base}/${quote}`, id: idOf(base, quote), base, quote, tick: 10_000_000n, step: 1n },
    ...{ minQuantity: 5_000n, maxQuantity: 10n ** 15n, maxMarketQuantity: 10n ** 15n, minNotional: 50_000_000n },
  }),
  dialect: (exchange) => new KrakenDialect(exchange),
  urls: (url) => ({ public: url, private: url }),
  quirks: [
    'a nonce must rise from call to call: two calls in one millisecond, or out of order, are refused',
    'cl_ord_id: 18 characters, or a UUID with or without dashes; unique among open orders only; not with userref',
    'QueryOrders asks for a txid: by cl_ord_id an order is found in OpenOrders and ClosedOrders',
    'ClosedOrders and TradesHistory: 50 a page by ofs, newest first, start left out; seconds',
    'OHLC: the newest 720 candles and no others, the running one included',
    'fees are taken on top of what an order gives: quote coin of a buy (fciq), base coin of a sell (fcib), where there is enough',
    'oflags choose the coin of the fee; it is told in the quote coin either way',
    'TradesHistory knows no symbol: all pairs at once',
    'viqc: a market buy whose volume is quote coin; vol then is, too',
    'a stop that is reached already goes off at once',
    'errors are HTTP 200; a rate limit has no Retry-After',
  ],
};
