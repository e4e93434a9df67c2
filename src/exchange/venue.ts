import type { Candle } from '../core/candle.ts';

/**
 * A spot venue as brokers, bot, download and stream see it. `ExchangeConnector` is the real one (over ccxt),
 * `SimulatedVenue` the one that breaks on purpose in virtual time; both keep every promise written here.
 *
 * Amounts and prices are decimal strings, exactly as the venue counts them (`decimal.ts` computes with them); candles
 * are float64, since features are. Every method rejects with `ExchangeError` (its `code` is an `ExchangeErrorCode`),
 * with `InputError` where the user must mend something (unknown symbol, wrong key), and with nothing else.
 */
export interface Venue {
  /** Lower-case name of the venue, such as 'binance'. */
  readonly name: string;
  readonly capabilities: VenueCapabilities;
  /** Reads markets and clock; every other method waits for it by itself. */
  connect(): Promise<void>;
  /** The venue's filters for a symbol such as 'BTC/USDT'. `refresh` asks anew, since venues change filters. */
  fetchMarket(symbol: string, refresh?: boolean): Promise<Market>;
  /** What the account holds; currencies without any may be missing. */
  fetchBalances(): Promise<ReadonlyMap<string, Balance>>;
  /**
   * Closed candles with fromMs <= timeMs < toMs, validated, ascending, without duplicates; at most one page, beginning
   * at the first candle from `fromMs` on that the venue has. Holes stay holes. Empty where there is none yet. A venue
   * that holds nothing near `fromMs` may answer with nothing although later candles exist (see `download.ts`).
   */
  fetchCandles(symbol: string, timeframeMs: number, fromMs: number, toMs: number): Promise<Candle[]>;
  /** Best bid and ask now. */
  fetchQuote(symbol: string): Promise<Quote>;
  /**
   * Sends an order once; never re-sends by itself. What is sent is the request to the letter: it must already be on the
   * venue's grid (`checkOrder`), else it is refused with 'filter' before anything leaves. After an error for which
   * `mayHaveBeenPlaced` holds, nothing is sent again before its absence is proven (`broker/absence.ts`).
   */
  createOrder(request: OrderRequest): Promise<VenueOrder>;
  /** The order with this client id, or null where the venue says that it knows none. An order on its way may still be unknown. */
  fetchOrder(clientOrderId: string, symbol: string): Promise<VenueOrder | null>;
  /** The order behind a fill, whoever placed it; null where the venue doesn't tell. */
  fetchOrderOf(fill: Fill): Promise<VenueOrder | null>;
  /** 'not-open' where the venue has no such open order: it ended (ask `fetchOrder` how) or never was. */
  cancelOrder(clientOrderId: string, symbol: string): Promise<'cancelled' | 'not-open'>;
  fetchOpenOrders(symbol: string): Promise<VenueOrder[]>;
  /** Fills, ascending by time, each once: of one order, or all from `sinceMs` on (those made by hand too). All pages. */
  fetchFills(symbol: string, which: { readonly sinceMs: number } | { readonly order: VenueOrder }): Promise<Fill[]>;
  /** What the key may do; null where the venue doesn't tell. */
  fetchKeyRights(): Promise<KeyRights>;
  /** The venue's time now, by our clock and the last measured offset. No request. */
  serverTimeMs(): number;
  /** Measures the venue's clock again and returns the offset (venue minus ours, ms). */
  measureClock(): Promise<number>;
  /**
   * Live updates of the running candle, until the signal aborts (resolves) or the connection is lost (rejects with
   * ExchangeError; nothing is redialled here). Updates can be late, doubled, out of order or missing: `stream.ts` makes
   * closed candles of them. Values are validated: what isn't a candle never arrives.
   */
  watchCandles(
    symbol: string,
    timeframeMs: number,
    onUpdate: (update: CandleUpdate) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface VenueCapabilities {
  /** A stop-loss order can rest on the venue. */
  readonly onExchangeStop: boolean;
  /** The stream says which update is the last of a candle. */
  readonly closedFlag: boolean;
  readonly sandbox: boolean;
  /** True where this project's tests cover the venue against a local server. */
  readonly tested: boolean;
  /** Most candles in one answer. */
  readonly candlesPerPage: number;
  /** This long after `createOrder` was called its request can't reach the venue any more, whatever held it up. */
  readonly requestLifeMs: number;
  /**
   * Longest time by which anything the venue says of orders, fills and balances may lag behind the truth, each in its
   * own time. What isn't listed is only absent, and what was cancelled only unfilled, once it has passed.
   */
  readonly settleMs: number;
}

/** A symbol's rules; all amounts are decimal strings. '0' as a minimum and null as a maximum mean no limit. */
export interface Market {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** False while the venue doesn't trade it. */
  readonly active: boolean;
  readonly priceTick: string;
  readonly quantityStep: string;
  readonly minQuantity: string;
  readonly maxQuantity: string | null;
  /** Largest market order; null where only `maxQuantity` bounds it. */
  readonly maxMarketQuantity: string | null;
  /** Smallest quantity x price, in quote currency. */
  readonly minNotional: string;
  /** The venue's standard taker fee, as a rate; null where it isn't told. */
  readonly takerFeeRate: string | null;
}

export interface Balance {
  readonly free: string;
  /** Held by open orders. */
  readonly locked: string;
}

export interface Quote {
  readonly bid: string;
  readonly ask: string;
  readonly timeMs: number;
}

export interface OrderRequest {
  /** Ours, unique for ever, letters, digits, '-' and '_', at most 32: every venue takes it. */
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  /** 'stop-loss' rests on the venue and becomes a market order when the trigger `price` is touched. */
  readonly type: 'market' | 'limit' | 'stop-loss';
  /** Base quantity. */
  readonly quantity: string;
  /** The limit, or the stop's trigger. Never with a market order. */
  readonly price?: string;
}

export interface VenueOrder {
  /** '' for orders that carry none (made by hand). */
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly type: 'market' | 'limit' | 'stop-loss';
  readonly quantity: string;
  /** Limit or trigger; null for market orders. */
  readonly price: string | null;
  /** Base quantity filled so far, before fees. */
  readonly filled: string;
  /** Only the venue ends an order's life; a cancelled, expired or rejected one may be partly filled. */
  readonly status: 'open' | 'filled' | 'cancelled' | 'expired' | 'rejected';
  readonly timeMs: number;
}

export interface Fill {
  readonly fillId: string;
  readonly venueOrderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly price: string;
  readonly quantity: string;
  /** Taken in `feeCurrency`, which may be base, quote or a third coin; '0' where there was none. */
  readonly feeAmount: string;
  readonly feeCurrency: string;
  readonly timeMs: number;
}

export interface KeyRights {
  readonly trade: boolean | null;
  readonly withdraw: boolean | null;
}

export interface CandleUpdate {
  readonly candle: Candle;
  /** True for the candle's last update, false for others, null where the venue doesn't say. */
  readonly closed: boolean | null;
}

/** Every code an ExchangeError of a venue can carry. */
export type ExchangeErrorCode =
  /** 429, too many orders: wait `retryAfterMs`. */
  | 'rate-limited'
  /** 418: banned for a while; wait `retryAfterMs`. */
  | 'banned'
  /** No answer in time. What an order did is unknown. */
  | 'timeout'
  /** Refused, cut or reset. What an order did is unknown. */
  | 'network'
  /** 5xx, maintenance, geo-block: retry a bounded number of times. */
  | 'unavailable'
  /** The answer isn't what it should be (HTML with status 200, NaN). What an order did is unknown. */
  | 'bad-answer'
  /** Our timestamp was refused; the clock has been measured again, so that one retry can help. */
  | 'clock'
  /** The key, signature or right was refused. */
  | 'authentication'
  | 'insufficient-funds'
  /** An order with this client id exists already: ask for it. */
  | 'duplicate-id'
  /** Off the price or quantity grid, below the minimum notional, market not trading. */
  | 'filter'
  /** The venue refused the order for another reason. */
  | 'rejected'
  /** Refused for a reason that the code doesn't know. */
  | 'unknown'
  /** It was not what was asked for, and was kept back before it left. */
  | 'not-sent'
  /** What a person would have to mend, said to a running bot: a venue may say it once by mistake. */
  | 'input';

/** Codes after which an order may live on the venue although no answer said so. */
const ambiguous: ReadonlySet<string> = new Set<ExchangeErrorCode>([
  'timeout',
  'network',
  'unavailable',
  'bad-answer',
  'duplicate-id',
  'rate-limited',
  'banned',
  'unknown',
]);

/** Whether an order can have been placed although `createOrder` failed with this code: then ask, never re-send. */
export function mayHaveBeenPlaced(code: string): boolean {
  return ambiguous.has(code);
}
