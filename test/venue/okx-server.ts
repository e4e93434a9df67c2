/**
 * OKX's REST API v5 for a spot account (okx.com/docs-v5: trading account in Spot mode, order book trading, algo trading).
 * Answers are HTTP 200 with `code`; an order's own error stands in `data[0].sCode`. Stops are algo orders, with ids and
 * lists of their own.
 */
import { createHmac } from 'node:crypto';
import { type Amount, fixed, over, placesOf, read, short, text } from './amount.ts';
import {
  barsOf,
  type Call,
  type Dialect,
  feeOf,
  nameOf,
  Refused,
  type Reply,
  tradesOf,
  unnamed,
  viewsOf,
} from './dialect-server.ts';
import type { DialectRow } from './dialects.ts';
import {
  type HostileExchange,
  type NewOrder,
  type Order,
  type OrderView,
  type Reason,
  Refusal,
  type Rules,
  type Side,
  type Trade,
} from './exchange.ts';

const credentials = { apiKey: 'okx-key-5b1a', secret: 'okx-secret-77c0', password: 'okx-passphrase' };
const WINDOW_MS = 30_000;
const PAGE = 100;
const CANDLE_PAGE = 300;
const NEWEST_CANDLES = 1_440;
const MINUTE = 60_000;
const BARS: Readonly<Record<string, number>> = {
  ...{ '1m': 1, '3m': 3, '5m': 5, '15m': 15, '30m': 30, '1H': 60, '2H': 120, '4H': 240 },
  ...{ '6Hutc': 360, '12Hutc': 720, '1Dutc': 1_440 },
};

const CODES: Partial<Record<Reason, readonly [string, string]>> = {
  symbol: ['51001', "Instrument ID, Instrument ID code, or Spread ID doesn't exist."],
  'unknown-order': ['51603', 'Order does not exist'],
  'client-id': ['51000', 'Parameter clOrdId error'],
  'duplicate-id': ['51016', 'Client order ID already exists.'],
  quantity: ['51020', 'Your order should meet or exceed the minimum order amount.'],
  'quantity-step': ['51121', 'Order quantity must be a multiple of the lot size.'],
  'market-quantity': ['51202', 'The maximum amount of a market order is exceeded.'],
  'price-step': ['51000', 'Parameter px error'],
  notional: ['51020', 'Your order should meet or exceed the minimum order amount.'],
  missing: ['51000', 'Parameter px error'],
  'stop-side': ['51280', 'SL trigger price must be less than the last price.'],
  'would-take': ['51000', 'Parameter px error'],
  funds: ['51008', 'Order failed. Insufficient balance in account.'],
};

const refuse = (status: number, code: string, msg: string) => new Refused(status, { code, data: [], msg });
/** An order's own refusal, within an answer to all of them. */
const fault = (code: string, message: string) => new Refusal(Number(code), message);
const ordId = ({ number }: { readonly number: number }) => `6${String(number).padStart(17, '0')}`;
const algoId = ({ number }: { readonly number: number }) => `9${String(number).padStart(17, '0')}`;
const stamp = (ms: number) => String(Math.floor(ms));
const isName = (name: string) => /^[a-zA-Z0-9]{1,32}$/.test(name);
const isAlgo = ({ type }: Order) => type === 'STOP_LOSS';

type Asked = Readonly<Record<string, string | undefined>>;

export class OkxDialect implements Dialect {
  readonly #exchange: HostileExchange;

  constructor(exchange: HostileExchange) {
    this.#exchange = exchange;
  }

  isPrivate = ({ path }: Call) => /^\/api\/v5\/(trade|account|asset)\//.test(path);
  isOrder = ({ method, path }: Call) => method === 'POST' && /\/trade\/(order|batch-orders|order-algo)$/.test(path);
  tooMany = (): Reply => ({ status: 429, body: { code: '50011', data: [], msg: 'Too Many Requests' } });
  down = (): Reply => ({
    status: 503,
    body: { code: '50001', data: [], msg: 'Service temporarily unavailable. Please try again later.' },
  });
  word = ({ reason, message }: Refusal): Reply => {
    const [code, msg] = CODES[reason] ?? ['50000', message];
    return { status: 200, body: { code, data: [], msg } };
  };

  answer(call: Call): unknown {
    const data = this.isPrivate(call) ? this.#private(call) : this.#public(call);
    const codes = this.isOrder(call) || call.path.includes('/cancel-') ? data.map((one) => (one as Asked).sCode) : [];
    const failed = codes.filter((code) => code !== '0').length;
    if (failed === 0) return { code: '0', data, msg: '' };
    return {
      code: failed === codes.length ? '1' : '2',
      data,
      msg: failed === codes.length ? 'All operations failed' : '',
    };
  }

  #public({ path, query, nowMs }: Call): readonly unknown[] {
    const exchange = this.#exchange;
    switch (path.slice('/api/v5/'.length)) {
      case 'public/time':
        return [{ ts: stamp(nowMs) }];
      case 'public/instruments':
        if (query.get('instType') === null) throw refuse(200, '50014', 'Parameter instType can not be empty');
        return query.get('instType') === 'SPOT' ? exchange.rules.map(describe) : [];
      case 'market/ticker': {
        const rules = this.#find(query.get('instId'));
        const [last, bidPx, askPx] = this.#prices(rules, nowMs);
        return [
          {
            ...{
              instType: 'SPOT',
              instId: rules.id,
              last,
              lastSz: '0.1',
              askPx,
              askSz: '3',
              bidPx,
              bidSz: '3',
              open24h: last,
            },
            ...{ high24h: last, low24h: last, volCcy24h: '100000', vol24h: '3', ts: stamp(nowMs) },
          },
        ];
      }
      case 'market/books': {
        const [, bid, ask] = this.#prices(this.#find(query.get('instId')), nowMs);
        return [{ asks: [[ask, '3', '0', '1']], bids: [[bid, '3', '0', '1']], ts: stamp(nowMs) }];
      }
      case 'market/candles':
        return this.#candles(query, nowMs, NEWEST_CANDLES);
      case 'market/history-candles':
        return this.#candles(query, nowMs, Number.POSITIVE_INFINITY);
    }
    throw refuse(404, '404', 'Not Found');
  }

  /** Newest first; `after`: older than, `before`: newer than. With `before` alone the newest are told, not the next. */
  #candles(query: URLSearchParams, nowMs: number, most: number): readonly unknown[] {
    const rules = this.#find(query.get('instId'));
    const minutes = BARS[query.get('bar') ?? '1m'];
    if (minutes === undefined) throw refuse(200, '51000', 'Parameter bar error');
    const lengthMs = minutes * MINUTE;
    const limit = Math.min(Number(query.get('limit') ?? PAGE), CANDLE_PAGE);
    const [after, before] = [query.get('after'), query.get('before')].map((one) => (one === null ? null : Number(one)));
    const toMs = after === null ? nowMs : Math.min(after - 1, nowMs);
    const fromMs = Math.max(
      ...[before === null ? 0 : before + 1, Math.floor(toMs / lengthMs) * lengthMs - (limit - 1) * lengthMs],
      ...[Math.floor(nowMs / lengthMs) * lengthMs - most * lengthMs],
    );
    const price = (value: Amount) => fixed(value, placesOf(rules.tick));
    return barsOf(this.#exchange, rules, { lengthMs, fromMs, toMs, nowMs })
      .reverse()
      .map(({ openMs, open, high, low, close, volume }) => [
        ...[stamp(openMs), price(open), price(high), price(low), price(close), text(volume), '0', '0'],
        openMs + lengthMs <= nowMs ? '1' : '0',
      ]);
  }

  #private(call: Call): readonly unknown[] {
    this.#verify(call);
    const exchange = this.#exchange;
    const { query, nowMs, method } = call;
    exchange.advance(nowMs);
    const sent = (): readonly Asked[] => {
      const body = JSON.parse(call.body) as Asked | readonly Asked[];
      return Array.isArray(body) ? body : [body as Asked];
    };
    const each = (act: (asked: Asked) => object, orderOf: (asked: Asked) => object) =>
      sent().map((asked) => own(asked, act, orderOf));
    const named = ({ clOrdId = '' }: Asked) => ({ ordId: '', clOrdId, tag: '' });
    const namedAlgo = ({ algoClOrdId = '' }: Asked) => ({ algoId: '', algoClOrdId, tag: '' });
    const asked = Object.fromEntries(query) as Asked;
    switch (`${method} ${call.path.slice('/api/v5/'.length)}`) {
      case 'GET account/balance':
        return [{ uTime: stamp(nowMs), totalEq: '0', details: [...exchange.balances(nowMs)].map(tellBalance) }];
      case 'GET account/config':
        return [{ acctLv: '1', posMode: 'net_mode', uid: '1', perm: 'read_only,trade' }];
      case 'GET account/trade-fee':
        return [{ instType: 'SPOT', level: 'Lv1', maker: '-0.0008', taker: '-0.001', ts: stamp(nowMs) }];
      case 'GET asset/currencies':
        return [...new Set(exchange.rules.flatMap(({ base, quote }) => [base, quote]))].map((ccy) => ({
          ...{
            ccy,
            name: ccy,
            chain: `${ccy}-Main`,
            canDep: true,
            canWd: true,
            minWd: '0',
            maxWd: '1000',
            wdTickSz: '8',
          },
          ...{ minFee: '0', maxFee: '0', mainNet: true },
        }));
      case 'POST trade/order':
      case 'POST trade/batch-orders':
        return each((one) => this.#order(one, nowMs), named);
      case 'POST trade/order-algo':
        return each((one) => this.#algoOrder(one, nowMs), namedAlgo);
      case 'POST trade/cancel-order':
      case 'POST trade/cancel-batch-orders':
        return each((one) => this.#cancel(one, 'order', nowMs), named);
      case 'POST trade/cancel-algos':
        return each((one) => this.#cancel(one, 'algo', nowMs), namedAlgo);
      case 'GET trade/order': {
        const found = this.#seek(asked, 'order', nowMs);
        if (found === undefined) throw refuse(200, '51603', 'Order does not exist');
        return [tellOrder(found, nowMs)];
      }
      case 'GET trade/order-algo': {
        const found = this.#seek(asked, 'algo', nowMs);
        if (found === undefined) throw refuse(200, '51603', 'Order does not exist');
        return [this.#tellAlgo(found)];
      }
      case 'GET trade/orders-pending': {
        const open = exchange.openOrders(asked.instId ?? null, nowMs).filter(({ order }) => !isAlgo(order));
        return page(open, asked, ({ order }) => ordId(order)).map((one) => tellOrder(one, nowMs));
      }
      case 'GET trade/orders-algo-pending': {
        if (asked.ordType === undefined) throw refuse(200, '50014', 'Parameter ordType can not be empty');
        const open = exchange.openOrders(asked.instId ?? null, nowMs).filter(({ order }) => isAlgo(order));
        const those = open.filter(({ order }) => this.#kind(order) === asked.ordType);
        return page(those, asked, ({ order }) => algoId(order)).map(this.#tellAlgo);
      }
      case 'GET trade/orders-history':
      case 'GET trade/orders-history-archive': {
        if (asked.instType !== 'SPOT') throw refuse(200, '50014', 'Parameter instType can not be empty');
        const ended = viewsOf(exchange, nowMs)
          .filter(
            ({ order }) =>
              order.end !== null && (!isAlgo(order) || order.triggeredMs !== null) && isWithin(order.createdMs, asked),
          )
          .map((one) => ({ one, told: tellOrder(one, nowMs) }))
          .filter(({ told }) => asked.state === undefined || told.state === asked.state)
          .filter(({ told }) => asked.instId === undefined || told.instId === asked.instId);
        return page(ended, asked, ({ one }) => ordId(one.order)).map(({ told }) => told);
      }
      case 'GET trade/orders-algo-history': {
        if (asked.ordType === undefined) throw refuse(200, '50014', 'Parameter ordType can not be empty');
        if (asked.state === undefined && asked.algoId === undefined)
          throw refuse(200, '50015', 'Either parameter state or algoId is required');
        const ended = viewsOf(exchange, nowMs)
          .filter(({ order }) => isAlgo(order) && order.end !== null && this.#kind(order) === asked.ordType)
          .filter((one) =>
            asked.algoId === undefined ? this.#tellAlgo(one).state === asked.state : algoId(one.order) === asked.algoId,
          );
        return page(ended, asked, ({ order }) => algoId(order)).map(this.#tellAlgo);
      }
      case 'GET trade/fills':
      case 'GET trade/fills-history': {
        if (call.path.endsWith('history') && asked.instType !== 'SPOT')
          throw refuse(200, '50014', 'Parameter instType can not be empty');
        const told = tradesOf(exchange, nowMs)
          .filter(({ rules }) => asked.instId === undefined || rules.id === asked.instId)
          .filter((one) => asked.ordId === undefined || ordId({ number: one.order }) === asked.ordId)
          .filter(({ ms }) => isWithin(ms, asked));
        return page(told, asked, ({ id }) => String(id)).map((one) => this.#tellFill(one));
      }
    }
    throw refuse(404, '404', 'Not Found');
  }

  #verify({ method, path, search, body, headers, nowMs }: Call): void {
    const header = (name: string) => String(headers[`ok-access-${name}`] ?? '');
    if (header('key') !== credentials.apiKey) throw refuse(401, '50111', 'Invalid OK-ACCESS-KEY');
    if (header('passphrase') !== credentials.password)
      throw refuse(401, '50105', 'Your OK-ACCESS-PASSPHRASE is incorrect.');
    const time = header('timestamp');
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time))
      throw refuse(401, '50112', 'Invalid OK-ACCESS-TIMESTAMP');
    if (Math.abs(Date.parse(time) - nowMs) > WINDOW_MS) throw refuse(401, '50102', 'Timestamp request expired');
    const whole = `${time}${method}${path}${search === '' ? '' : `?${search}`}${body}`;
    if (createHmac('sha256', credentials.secret).update(whole).digest('base64') !== header('sign'))
      throw refuse(401, '50113', 'Invalid Sign');
    if (method === 'POST' && !String(headers['content-type']).startsWith('application/json'))
      throw refuse(400, '50006', 'Invalid Content-Type. Use "application/json"');
  }

  /** Of an account in Spot mode: `tdMode` is cash. A market buy is by quote coin unless `tgtCcy` says base. */
  #basics(asked: Asked): { rules: Rules; side: Side; size: Amount; byCost: boolean } {
    const rules = this.#exchange.find(asked.instId ?? '');
    if (asked.tdMode !== 'cash') throw fault('51010', "Operation isn't supported under the current account mode");
    if (asked.side !== 'buy' && asked.side !== 'sell') throw fault('51000', 'Parameter side error');
    if (asked.tgtCcy !== undefined && !['base_ccy', 'quote_ccy'].includes(asked.tgtCcy))
      throw fault('51000', 'Parameter tgtCcy error');
    const size = read(asked.sz);
    if (size === null) throw fault('51000', 'Parameter sz error');
    const market = asked.ordType === 'market' || asked.ordType === 'conditional' || asked.ordType === 'trigger';
    const byCost = market && (asked.tgtCcy ?? (asked.side === 'buy' ? 'quote_ccy' : 'base_ccy')) === 'quote_ccy';
    return { rules, side: asked.side.toUpperCase() as Side, size, byCost };
  }

  #order(asked: Asked, nowMs: number): object {
    const { rules, side, size, byCost } = this.#basics(asked);
    const { ordType = '', clOrdId = '', tag = '' } = asked;
    if (!['market', 'limit', 'post_only', 'ioc'].includes(ordType)) throw fault('51000', 'Parameter ordType error');
    if (clOrdId !== '' && !isName(clOrdId)) throw fault('51000', 'Parameter clOrdId error');
    if (byCost && side === 'SELL') throw fault('51000', 'Parameter tgtCcy error');
    const limit = ordType === 'market' ? null : read(asked.px);
    if (ordType !== 'market' && limit === null) throw fault('51000', 'Parameter px error');
    const order = this.#exchange.place(
      {
        ...{ clientId: clOrdId === '' ? unnamed(this.#exchange) : clOrdId, symbolId: rules.id, side, quantity: size },
        ...{ type: ordType === 'market' ? 'MARKET' : 'LIMIT', immediate: ordType === 'ioc' },
        ...(byCost ? { spend: size } : {}),
        ...(limit === null ? {} : { limit }),
        ...(ordType === 'post_only' ? { type: 'LIMIT_MAKER' } : {}),
      } as NewOrder,
      nowMs,
    );
    return { ordId: ordId(order), clOrdId, tag, ts: stamp(nowMs) };
  }

  /** A stop to sell at the market: one-way TP/SL (`conditional`) or `trigger`. Its name is `algoClOrdId`, no other. */
  #algoOrder(asked: Asked, nowMs: number): object {
    const { rules, side, size, byCost } = this.#basics(asked);
    const { ordType = '', algoClOrdId = '', tag = '' } = asked;
    if (ordType !== 'conditional' && ordType !== 'trigger') throw fault('51000', 'Parameter ordType error');
    if (algoClOrdId !== '' && !isName(algoClOrdId)) throw fault('51000', 'Parameter algoClOrdId error');
    if (byCost || (ordType === 'conditional' && side === 'SELL' && asked.tgtCcy !== undefined))
      throw fault('51000', 'Parameter tgtCcy error');
    const [at, price] =
      ordType === 'conditional' ? [asked.slTriggerPx, asked.slOrdPx] : [asked.triggerPx, asked.orderPx];
    const stop = read(at);
    if (stop === null || price !== '-1')
      throw fault('51000', `Parameter ${stop === null ? 'slTriggerPx' : 'slOrdPx'} error`);
    const clientId = algoClOrdId === '' ? unnamed(this.#exchange) : algoClOrdId;
    const order = this.#exchange.place(
      { clientId, symbolId: rules.id, side, type: 'STOP_LOSS', quantity: size, stop },
      nowMs,
    );
    this.#triggers.set(order, ordType);
    return { algoId: algoId(order), algoClOrdId, clOrdId: '', tag };
  }

  readonly #triggers = new Map<Order, string>();
  #kind = (order: Order) => this.#triggers.get(order)!;
  #tellAlgo = ({ order }: OrderView) => tellAlgo(order, this.#kind(order));

  /** The newest with this id or name. */
  #seek(asked: Asked, kind: 'order' | 'algo', nowMs: number): OrderView | undefined {
    const views = viewsOf(this.#exchange, nowMs);
    if (kind === 'algo') {
      if (asked.algoId === undefined && asked.algoClOrdId === undefined)
        throw refuse(200, '50015', 'Either parameter algoId or algoClOrdId is required');
      return views.findLast(
        ({ order }) =>
          isAlgo(order) &&
          (asked.algoId === undefined ? nameOf(order) === asked.algoClOrdId : algoId(order) === asked.algoId),
      );
    }
    if (asked.ordId === undefined && asked.clOrdId === undefined)
      throw refuse(200, '51003', 'Either client order ID or order ID is required');
    const those = views.filter(
      ({ order }) => order.rules.id === asked.instId && (!isAlgo(order) || order.triggeredMs !== null),
    );
    return those.findLast(({ order }) =>
      asked.ordId === undefined ? !isAlgo(order) && nameOf(order) === asked.clOrdId : ordId(order) === asked.ordId,
    );
  }

  #cancel(asked: Asked, kind: 'order' | 'algo', nowMs: number): object {
    const order = this.#seek(asked, kind, nowMs)?.order;
    if (order === undefined || order.end !== null || order.rules.id !== asked.instId)
      throw fault('51400', 'Order cancellation failed as the order has been filled, canceled or does not exist.');
    this.#exchange.cancel(order.rules.id, order.clientId, nowMs);
    return kind === 'algo'
      ? { algoId: algoId(order), algoClOrdId: nameOf(order) }
      : { ordId: ordId(order), clOrdId: nameOf(order), ts: stamp(nowMs) };
  }

  #tellFill({ id, order, rules, side, price, quantity, fee, feeCoin, ms }: Trade): object {
    const from = this.#exchange.orders.find(({ number }) => number === order)!;
    return {
      ...{ instType: 'SPOT', instId: rules.id, tradeId: String(id), ordId: ordId(from), billId: String(id), tag: '' },
      ...{
        clOrdId: isAlgo(from) ? '' : nameOf(from),
        fillPx: text(price),
        fillSz: text(quantity),
        side: side.toLowerCase(),
      },
      ...{
        posSide: 'net',
        execType: from.limit === null ? 'T' : 'M',
        feeCcy: feeCoin,
        fee: `-${text(fee)}`,
        ts: stamp(ms),
        fillTime: stamp(ms),
      },
    };
  }

  #find(id: string | null): Rules {
    return this.#exchange.find(id ?? '');
  }

  /** Last, bid, ask. */
  #prices(rules: Rules, nowMs: number): string[] {
    const exchange = this.#exchange;
    return [exchange.path(rules).priceAt(nowMs), exchange.bid(rules, nowMs), exchange.ask(rules, nowMs)].map((value) =>
      fixed(value, placesOf(rules.tick)),
    );
  }
}

function own(asked: Asked, act: (asked: Asked) => object, orderOf: (asked: Asked) => object): object {
  try {
    return { ...act(asked), sCode: '0', sMsg: '' };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [code, message] = CODES[error.reason] ?? [String(error.code), error.message];
    return { ...orderOf(asked), sCode: code, sMsg: message };
  }
}

const isWithin = (ms: number, { begin, end }: Asked) =>
  (begin === undefined || Math.floor(ms) >= Number(begin)) && (end === undefined || Math.floor(ms) <= Number(end));

/** Newest first, at most 100; `after` an id: older ones, `before`: newer ones. */
function page<T>(ascending: readonly T[], { after, before, limit }: Asked, idOf: (one: T) => string): T[] {
  return ascending
    .filter((one) => after === undefined || BigInt(idOf(one)) < BigInt(after))
    .filter((one) => before === undefined || BigInt(idOf(one)) > BigInt(before))
    .reverse()
    .slice(0, Math.min(Number(limit ?? PAGE), PAGE));
}

const tellBalance = ([ccy, { free, locked }]: [string, { free: Amount; locked: Amount }]) => ({
  ...{ ccy, eq: text(free + locked), cashBal: text(free + locked), availBal: text(free), availEq: '' },
  ...{ frozenBal: text(locked), ordFrozen: text(locked) },
});

function tellOrder(view: OrderView, nowMs: number) {
  const { order, status, executed, spent } = view;
  const { rules, side, type, limit, quantity, spend, createdMs, triggeredMs, end } = order;
  const ended = status === 'FILLED' ? 'filled' : 'canceled';
  const last = order.trades.at(-1);
  return {
    ...{
      instType: 'SPOT',
      instId: rules.id,
      ordId: ordId(order),
      clOrdId: isAlgo(order) ? '' : nameOf(order),
      tag: '',
    },
    ...{ px: limit === null ? '' : text(limit), sz: text(spend ?? quantity), side: side.toLowerCase(), posSide: 'net' },
    ordType: type === 'LIMIT_MAKER' ? 'post_only' : type === 'LIMIT' ? 'limit' : 'market',
    ...{ tdMode: 'cash', tgtCcy: limit !== null ? '' : spend === null ? 'base_ccy' : 'quote_ccy' },
    ...{ accFillSz: text(executed), avgPx: executed === 0n ? '' : text(over(spent, executed)) },
    state: end === null ? (executed > 0n ? 'partially_filled' : 'live') : ended,
    ...{ fee: `-${text(feeOf(order, nowMs))}`, feeCcy: last?.feeCoin ?? (side === 'BUY' ? rules.base : rules.quote) },
    ...{ algoId: isAlgo(order) ? algoId(order) : '', algoClOrdId: isAlgo(order) ? nameOf(order) : '' },
    ...{
      cTime: stamp(triggeredMs ?? createdMs),
      uTime: stamp(end?.ms ?? createdMs),
      fillTime: last === undefined ? '' : stamp(last.ms),
    },
  };
}

function tellAlgo(order: Order, ordType: string) {
  const { rules, side, quantity, stop, createdMs, triggeredMs, end } = order;
  const fired = triggeredMs !== null && order.trades.length > 0;
  return {
    ...{ instType: 'SPOT', instId: rules.id, algoId: algoId(order), algoClOrdId: nameOf(order), clOrdId: '' },
    ...{
      ordId: fired ? ordId(order) : '',
      sz: text(quantity),
      side: side.toLowerCase(),
      ordType,
      tdMode: 'cash',
    },
    ...{
      slTriggerPx: text(stop!),
      slOrdPx: '-1',
      slTriggerPxType: 'last',
      tpTriggerPx: '',
      tpOrdPx: '',
      triggerPx: '',
    },
    state: end === null ? 'live' : fired ? 'effective' : triggeredMs === null ? 'canceled' : 'order_failed',
    ...{
      actualSz: fired ? text(quantity) : '',
      actualSide: fired ? 'sl' : '',
      triggerTime: triggeredMs === null ? '' : stamp(triggeredMs),
    },
    ...{ cTime: stamp(createdMs), uTime: stamp(end?.ms ?? createdMs) },
  };
}

const describe = (rules: Rules) => ({
  ...{
    instType: 'SPOT',
    instId: rules.id,
    baseCcy: rules.base,
    quoteCcy: rules.quote,
    settleCcy: '',
    uly: '',
    instFamily: '',
  },
  ...{ tickSz: short(rules.tick), lotSz: short(rules.step), minSz: short(rules.minQuantity), state: 'live', lever: '' },
  ...{
    maxLmtSz: short(rules.maxQuantity),
    maxMktSz: '1000000',
    maxLmtAmt: '20000000',
    maxMktAmt: '1000000',
    listTime: '1548133413000',
  },
});

export const okxRow: DialectRow = {
  ...{ name: 'okx', credentials, feeRate: 100_000n },
  ways: { clientIds: /./, stopsHoldNothing: true },
  rules: (base, quote) => ({
    ...{ symbol: `${base}/${quote}`, id: `${base}-${quote}`, base, quote, tick: 10_000_000n, step: 1n },
    ...{ minQuantity: 1_000n, maxQuantity: 10n ** 12n, maxMarketQuantity: 10n ** 10n, minNotional: 0n },
  }),
  dialect: (exchange) => new OkxDialect(exchange),
  urls: (url) => ({ rest: url }),
  quirks: [
    'clOrdId: 32 letters and digits, nothing else; unique among open orders; of several the newest is found',
    'a market buy is by quote coin unless tgtCcy is base_ccy',
    'tdMode must be cash in an account of Spot mode, for algo orders too',
    'stops are algo orders: ids, lists, cancels of their own; named by algoClOrdId, while clOrdId is ignored',
    'a stop that is reached becomes another order, with an ordId of its own and no clOrdId',
    'a stop sets no coins aside, and fails where they are gone',
    'lists are newest first, 100 a page; older ones by after = the last id (billId for fills)',
    'orders-algo-pending needs its ordType: conditional, or trigger',
    'requests 30 s from the venue clock are refused; errors of the request are HTTP 401, of an order HTTP 200',
  ],
};
