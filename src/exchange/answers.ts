import type { Candle } from '../core/candle.ts';
import { ExchangeError } from '../core/errors.ts';
import { isMarketName } from '../core/symbol.ts';
import { sinceOpenMs } from '../market/calendar.ts';
import { canonicalDecimal, compareDecimals, isDecimal } from './decimal.ts';
import type { Balance, Fill, Market, OrderRequest, Quote, VenueOrder } from './venue.ts';

/**
 * The door: whatever a venue says is read here, field by field, into the types of `venue.ts`, or refused with
 * 'bad-answer'. Input is ccxt's unified structures (their numbers as strings or floats), but anything may come.
 */

export function badAnswer(what: string): ExchangeError {
  return new ExchangeError(`the venue's answer makes no sense: ${what}`, { code: 'bad-answer', retryable: true });
}

/** A venue's word in a message: whole or not at all, since nobody would know a key by its half. */
function quoteWord(word: unknown): string {
  return typeof word === 'string' && /^[\w -]{1,40}$/.test(word) ? `'${word}'` : 'that is no word';
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null) throw badAnswer(`${what} is no object`);
  return value as Fields;
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badAnswer(`${what} is no list`);
  return value;
}

/** A decimal string out of a string or a float; null for what is missing. */
function decimalIn(value: unknown, what: string): string | null {
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'number' ? String(value) : value;
  if (!isDecimal(text)) throw badAnswer(`${what} is no number`);
  const amount = canonicalDecimal(text);
  // Nothing that is traded has 40 digits.
  if (amount.length > 40) throw badAnswer(`${what} is beyond all measure`);
  return amount;
}

function amountIn(value: unknown, what: string): string {
  const amount = decimalIn(value, what);
  if (amount === null) throw badAnswer(`${what} is missing`);
  if (compareDecimals(amount, '0') < 0) throw badAnswer(`${what} is negative`);
  return amount;
}

function positiveIn(value: unknown, what: string): string {
  const amount = amountIn(value, what);
  if (amount === '0') throw badAnswer(`${what} is 0`);
  return amount;
}

function textIn(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= 128) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw badAnswer(`${what} is missing`);
}

/** What goes on to screens, journals and commands. */
function nameIn(value: unknown, what: string): string {
  if (!isMarketName(value)) throw badAnswer(`${what} is no name`);
  return value;
}

function timeIn(value: unknown, what: string): number {
  // From 2001 to 2286: seconds, microseconds and NaN fall out.
  if (typeof value === 'number' && Number.isInteger(value) && value > 1e12 && value < 1e13) return value;
  throw badAnswer(`${what} is no time in milliseconds`);
}

function sideIn(value: unknown): 'buy' | 'sell' {
  if (value === 'buy' || value === 'sell') return value;
  throw badAnswer('a side is neither buy nor sell');
}

/**
 * [time, open, high, low, close, volume, trades?] as a candle; null unless it is one and lies on the timeframe's grid.
 * Times and trade counts come as numbers or strings.
 */
export function readCandle(row: unknown, timeframeMs: number): Candle | null {
  if (!Array.isArray(row) || row.length < 6) return null;
  const [timeMs, open, high, low, close, volume] = row.slice(0, 6).map(toNumber);
  const finite = [timeMs, open, high, low, close, volume].every(Number.isFinite);
  if (!finite || !Number.isSafeInteger(timeMs) || timeMs <= 0 || sinceOpenMs(timeMs, timeframeMs) !== 0) return null;
  if (low <= 0 || high < Math.max(open, close) || low > Math.min(open, close) || volume < 0) return null;
  const trades = row[6] === undefined ? Number.NaN : toNumber(row[6]);
  if (row[6] !== undefined && !(Number.isSafeInteger(trades) && trades >= 0)) return null;
  return { timeMs, open, high, low, close, volume, trades, trends: Number.NaN };
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return isDecimal(value) ? Number(value) : Number.NaN;
}

/**
 * Rows as candles, ascending, each time once; rows that aren't candles are left out. Refused where there are rows but
 * not one good one, or where two rows of one time differ.
 */
export function readCandles(rows: unknown, timeframeMs: number): Candle[] {
  const list = listOf(rows, 'candles');
  const byTime = new Map<number, Candle>();
  for (const row of list) {
    const candle = readCandle(row, timeframeMs);
    if (candle === null) continue;
    const other = byTime.get(candle.timeMs);
    if (other !== undefined && (other.close !== candle.close || other.volume !== candle.volume)) {
      throw badAnswer(`two different candles of ${candle.timeMs}`);
    }
    byTime.set(candle.timeMs, candle);
  }
  if (list.length > 0 && byTime.size === 0) throw badAnswer('no row is a candle');
  return [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs);
}

/** ccxt's way to state a step: as the step itself ('tick-size') or as a number of decimals. */
export type PrecisionMode = 'tick-size' | 'decimal-places' | 'significant-digits';

export function readMarket(raw: unknown, mode: PrecisionMode): Market {
  const market = fieldsOf(raw, 'a market');
  const precision = fieldsOf(market.precision ?? {}, 'precision');
  const limits = fieldsOf(market.limits ?? {}, 'limits');
  const limit = (name: string, end: 'min' | 'max') => {
    const value = decimalIn(fieldsOf(limits[name] ?? {}, name)[end], `${name}.${end}`);
    return value === null || compareDecimals(value, '0') <= 0 ? null : value;
  };
  return {
    symbol: nameIn(market.symbol, 'symbol'),
    base: nameIn(market.base, 'base'),
    quote: nameIn(market.quote, 'quote'),
    active: market.active !== false,
    priceTick: readStep(precision.price, mode, 'price precision'),
    quantityStep: readStep(precision.amount, mode, 'quantity precision'),
    minQuantity: limit('amount', 'min') ?? '0',
    maxQuantity: limit('amount', 'max'),
    maxMarketQuantity: limit('market', 'max'),
    minNotional: limit('cost', 'min') ?? '0',
    takerFeeRate: decimalIn(market.taker, 'taker fee'),
  };
}

function readStep(value: unknown, mode: PrecisionMode, what: string): string {
  if (mode === 'tick-size') return positiveIn(value, what);
  // Significant digits are no grid; the venue cuts for itself.
  if (mode === 'significant-digits') return '0';
  const places = Number(decimalIn(value, what) ?? Number.NaN);
  if (!Number.isInteger(places) || places < 0 || places > 30) throw badAnswer(`${what} is no number of decimals`);
  return places === 0 ? '1' : `0.${'0'.repeat(places - 1)}1`;
}

export function readBalances(raw: unknown): Map<string, Balance> {
  const balances = new Map<string, Balance>();
  for (const [currency, value] of Object.entries(fieldsOf(raw, 'balances'))) {
    if (reservedNames.has(currency) || typeof value !== 'object' || value === null) continue;
    const held = value as Fields;
    const free = decimalIn(held.free, `free ${currency}`);
    const used = decimalIn(held.used, `used ${currency}`);
    if (free === null && used === null) throw badAnswer(`nothing is said of the balance of ${quoteWord(currency)}`);
    balances.set(currency, {
      free: amountIn(free ?? '0', `free ${currency}`),
      locked: amountIn(used ?? '0', `used ${currency}`),
    });
  }
  return balances;
}

/** Keys of ccxt's balance that aren't currencies. */
const reservedNames: ReadonlySet<string> = new Set(['info', 'free', 'used', 'total', 'debt', 'timestamp', 'datetime']);

export function readQuote(raw: unknown, nowMs: number): Quote {
  const ticker = fieldsOf(raw, 'a ticker');
  const bid = positiveIn(ticker.bid, 'bid');
  const ask = positiveIn(ticker.ask, 'ask');
  if (compareDecimals(bid, ask) > 0) throw badAnswer('the bid is above the ask');
  return { bid, ask, timeMs: typeof ticker.timestamp === 'number' ? timeIn(ticker.timestamp, 'ticker time') : nowMs };
}

const statuses: Readonly<Record<string, VenueOrder['status']>> = {
  open: 'open',
  canceling: 'open',
  closed: 'filled',
  canceled: 'cancelled',
  cancelled: 'cancelled',
  expired: 'expired',
  rejected: 'rejected',
};

/**
 * An order as the venue tells it. Some venues answer a new order with its id alone: what is missing is then taken from
 * `request`, as open and unfilled, and the truth comes with the next `fetchOrder`.
 */
export function readOrder(raw: unknown, symbol: string, nowMs: number, request?: OrderRequest): VenueOrder {
  const order = fieldsOf(raw, 'an order');
  const quantity = positiveIn(order.amount ?? request?.quantity, 'order quantity');
  const filled = amountIn(order.filled ?? (request === undefined ? undefined : '0'), 'filled quantity');
  if (compareDecimals(filled, quantity) > 0) throw badAnswer('an order is filled beyond its quantity');
  const stated = order.status ?? (request === undefined ? undefined : 'open');
  const status = typeof stated === 'string' && Object.hasOwn(statuses, stated) ? statuses[stated] : undefined;
  if (status === undefined) throw badAnswer(`order status ${quoteWord(stated)}`);
  const clientOrderId = typeof order.clientOrderId === 'string' ? order.clientOrderId : '';
  if (request !== undefined && clientOrderId !== '' && clientOrderId !== request.clientOrderId) {
    throw badAnswer('the answer is about another order');
  }
  if (order.symbol !== undefined && order.symbol !== symbol) throw badAnswer('an order of another symbol');
  const trigger = decimalIn(order.triggerPrice ?? order.stopPrice, 'trigger price');
  const isStop = trigger !== null && trigger !== '0';
  const type = isStop ? 'stop-loss' : (request?.type ?? (order.type === 'market' ? 'market' : 'limit'));
  const price = isStop ? trigger : decimalIn(order.price ?? request?.price, 'order price');
  if (price !== null && compareDecimals(price, '0') < 0) throw badAnswer('an order price is negative');
  return {
    clientOrderId: clientOrderId === '' ? (request?.clientOrderId ?? '') : clientOrderId,
    venueOrderId: textIn(order.id, 'order id'),
    symbol,
    side: sideIn(order.side ?? request?.side),
    type,
    quantity,
    price: type === 'market' || price === '0' ? null : price,
    filled,
    // 'closed' says over, not filled; the rest was cancelled by the venue.
    status: status === 'filled' && compareDecimals(filled, quantity) < 0 ? 'cancelled' : status,
    timeMs: order.timestamp === undefined || order.timestamp === null ? nowMs : timeIn(order.timestamp, 'order time'),
  };
}

function readFill(raw: unknown, market: Market): Fill {
  const fill = fieldsOf(raw, 'a fill');
  if (fill.symbol !== undefined && fill.symbol !== market.symbol) throw badAnswer('a fill of another symbol');
  const fee = fieldsOf(fill.fee ?? {}, 'fee');
  // Makers may be paid: a fee can be negative.
  const feeAmount = decimalIn(fee.cost, 'fee') ?? '0';
  return {
    fillId: textIn(fill.id, 'fill id'),
    venueOrderId: textIn(fill.order, 'the order of a fill'),
    symbol: market.symbol,
    side: sideIn(fill.side),
    price: positiveIn(fill.price, 'fill price'),
    quantity: positiveIn(fill.amount, 'fill quantity'),
    feeAmount,
    feeCurrency: feeAmount === '0' ? market.quote : textIn(fee.currency, 'fee currency'),
    timeMs: timeIn(fill.timestamp, 'fill time'),
  };
}

/** Ascending by time, each fill once. */
export function readFills(raw: unknown, market: Market): Fill[] {
  const fills = new Map<string, Fill>();
  for (const row of listOf(raw, 'fills')) {
    const fill = readFill(row, market);
    fills.set(fill.fillId, fill);
  }
  return [...fills.values()].sort((a, b) => a.timeMs - b.timeMs);
}
