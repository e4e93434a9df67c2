import { ExchangeError } from '../../src/core/errors.ts';
import type { Balance, Fill, Market, OrderRequest, Venue, VenueOrder } from '../../src/exchange/venue.ts';

export const market: Market = {
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  active: true,
  priceTick: '0.01',
  quantityStep: '0.001',
  minQuantity: '0.001',
  maxQuantity: null,
  maxMarketQuantity: null,
  minNotional: '5',
  takerFeeRate: '0.001',
};

export const failure = (code: string) => new ExchangeError(`scripted: ${code}`, { code, retryable: true });

type Script = {
  /** What `createOrder` does; by default the order fills whole at 100. */
  create?: (request: OrderRequest) => VenueOrder | ExchangeError;
  fetchOrder?: (id: string) => VenueOrder | null | ExchangeError;
  cancel?: (id: string) => 'cancelled' | 'not-open' | ExchangeError;
  fills?: (order: VenueOrder) => Fill[];
  open?: () => VenueOrder[];
  balances?: () => Record<string, string>;
  locked?: () => Record<string, string>;
  /** Fills by time. */
  trades?: () => Fill[];
  quote?: () => ExchangeError;
  bid?: string;
  ask?: string;
  /** Of the quote, ms. */
  quoteAgeMs?: number;
};

export const orderOf = (request: OrderRequest, part: Partial<VenueOrder> = {}): VenueOrder => ({
  clientOrderId: request.clientOrderId,
  venueOrderId: `v-${request.clientOrderId}`,
  symbol: request.symbol,
  side: request.side,
  type: request.type,
  quantity: request.quantity,
  price: request.price ?? null,
  filled: request.quantity,
  status: 'filled',
  timeMs: 0,
  ...part,
});

export const fillOf = (order: VenueOrder, part: Partial<Fill> = {}): Fill => ({
  fillId: `f-${order.clientOrderId}`,
  venueOrderId: order.venueOrderId,
  symbol: order.symbol,
  side: order.side,
  price: '100',
  quantity: order.filled,
  feeAmount: '0',
  feeCurrency: 'USDT',
  timeMs: 0,
  ...part,
});

/** A venue whose every answer a test decides, and which remembers what it was asked to do. */
export class ScriptedVenue implements Venue {
  readonly name = 'scripted';
  readonly capabilities = {
    onExchangeStop: true,
    closedFlag: true,
    sandbox: true,
    tested: true,
    candlesPerPage: 1000,
    requestLifeMs: 10_000,
    settleMs: 30_000,
  };
  readonly sent: OrderRequest[] = [];
  readonly cancelled: string[] = [];
  script: Script = {};
  nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  async connect(): Promise<void> {}
  market = market;

  async fetchMarket(): Promise<Market> {
    return this.market;
  }
  async fetchBalances(): Promise<ReadonlyMap<string, Balance>> {
    const held = this.script.balances?.() ?? { USDT: '1000' };
    const locked = this.script.locked?.() ?? {};
    return new Map(
      Object.entries(held).map(([currency, free]) => [currency, { free, locked: locked[currency] ?? '0' }]),
    );
  }
  async fetchCandles() {
    return [];
  }
  async fetchQuote() {
    if (this.script.quote !== undefined) throw this.script.quote();
    const bid = this.script.bid ?? '100';
    return { bid, ask: this.script.ask ?? bid, timeMs: this.nowMs() - (this.script.quoteAgeMs ?? 0) };
  }
  async createOrder(request: OrderRequest): Promise<VenueOrder> {
    this.sent.push(request);
    const filled = request.type === 'market' ? {} : { filled: '0', status: 'open' as const };
    return answer(this.script.create?.(request) ?? orderOf(request, filled));
  }
  async fetchOrder(id: string): Promise<VenueOrder | null> {
    const scripted = this.script.fetchOrder?.(id);
    if (scripted !== undefined) return answer(scripted);
    const request = this.sent.find((one) => one.clientOrderId === id);
    if (request === undefined) return null;
    if (this.cancelled.includes(id)) return orderOf(request, { filled: '0', status: 'cancelled' });
    return orderOf(request, request.type === 'market' ? {} : { filled: '0', status: 'open' });
  }
  async fetchOrderOf(): Promise<VenueOrder | null> {
    return null;
  }

  async cancelOrder(id: string): Promise<'cancelled' | 'not-open'> {
    const result = this.script.cancel?.(id) ?? 'cancelled';
    if (result === 'cancelled') this.cancelled.push(id);
    return answer(result);
  }
  async fetchOpenOrders(): Promise<VenueOrder[]> {
    return this.script.open?.() ?? [];
  }
  async fetchFills(_symbol: string, which: { sinceMs: number } | { order: VenueOrder }): Promise<Fill[]> {
    if (!('order' in which)) return this.script.trades?.() ?? [];
    return this.script.fills?.(which.order) ?? (which.order.filled === '0' ? [] : [fillOf(which.order)]);
  }
  async fetchKeyRights() {
    return { trade: true, withdraw: false };
  }
  serverTimeMs(): number {
    return this.nowMs();
  }
  async measureClock(): Promise<number> {
    return 0;
  }
  async watchCandles(): Promise<void> {}
  async close(): Promise<void> {}
}

function answer<T>(value: T | ExchangeError): T {
  if (value instanceof ExchangeError) throw value;
  return value;
}
