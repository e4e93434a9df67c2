import type { Account } from '../core/account.ts';
import type { Candle } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import type { Shield } from '../core/shield.ts';
import { decimalOf } from '../exchange/decimal.ts';
import { canonicalOrder, checkOrder } from '../exchange/order-rules.ts';
import type { Market } from '../exchange/venue.ts';
import { type Broker, type JournalWriter, type OrderIntent, TOO_LITTLE } from './broker.ts';
import { ENDS_ORDERS } from './command.ts';
import type { BrokerEntry } from './entries.ts';

export interface PaperOptions {
  readonly symbol: string;
  readonly account: Account;
  /** Filters that a real order would have to pass; null where the venue's are not known. */
  readonly market: Market | null;
  readonly journal: JournalWriter;
  readonly nowMs: () => number;
}

/**
 * Simulated orders on live candles. An order fills at the open of the next bar, which is the price of that bar's first
 * update; it is booked when the bar closes, through `Account.stepBar`, the very call that a backtest makes. So a paper
 * ledger and the backtest of the same candles agree to the last digit.
 * @throws InputError for an account that a paper bot can't keep (margin)
 */
export class PaperBroker implements Broker {
  readonly kind = 'paper';
  readonly symbol: string;
  readonly account: Account;
  readonly unresolved = null;
  readonly spread = Number.NaN;
  readonly busy = false;
  readonly #options: PaperOptions;
  #pending = 0;
  #levels: Shield['levels'] | null = null;

  constructor(options: PaperOptions) {
    this.symbol = options.symbol;
    this.account = options.account;
    this.#options = options;
  }

  get lastSlippage(): number {
    return this.account.simulatedSlippage;
  }

  /** Signed base quantity that fills at the next open; 0 for none. */
  get pending(): number {
    return this.#pending;
  }

  async closeBar(candle: Candle, elapsedMs: number): Promise<void> {
    const { open, high, low, close } = candle;
    this.account.stepBar(this.#pending, elapsedMs, open, high, low, close, this.#levels);
    this.#pending = 0;
  }

  async place(intent: OrderIntent): Promise<void> {
    const { market, journal, symbol, nowMs } = this.#options;
    if (market !== null) {
      const draft = {
        clientOrderId: 'paper',
        symbol,
        type: 'market',
        quantity: decimalOf(Math.abs(intent.quantity)),
      } as const;
      const request = canonicalOrder({ ...draft, side: intent.quantity > 0 ? 'buy' : 'sell' }, market);
      const problem = checkOrder(request, market, decimalOf(intent.close));
      if (problem !== null) {
        const { code, numbers } = problem;
        journal.record({ type: 'denied', symbol, code, numbers, gaveUp: null, dust: false, timeMs: nowMs() });
        // Too little for the venue to buy from us: what is left is dust, as it is with real orders.
        if (request.side === 'sell' && TOO_LITTLE.has(problem.code)) this.account.leaveDust();
        return;
      }
    }
    // A sale is of the whole position, whatever was adopted since its decision.
    this.#pending = intent.quantity < 0 && this.account.units > 0 ? this.account.closingOrder : intent.quantity;
  }

  async protect(levels: Shield['levels'] | null): Promise<void> {
    this.#levels = levels;
  }

  async poll(): Promise<void> {}

  async recover(): Promise<void> {}

  get owned(): string {
    return decimalOf(this.account.position);
  }

  async settled(): Promise<boolean> {
    return true;
  }

  /** What is pending leaves with the command itself. */
  async cancelAll(): Promise<readonly string[]> {
    return this.#pending === 0 ? [] : ['paper'];
  }

  save(): Json {
    return { account: this.account.save() };
  }

  restore(state: Json): void {
    this.account.restore((state as { account?: Json } | null)?.account ?? null);
    this.#pending = 0;
  }

  apply(entry: BrokerEntry): void {
    if (entry.type !== 'command') return;
    const { account } = this;
    if (ENDS_ORDERS.has(entry.command)) this.#pending = 0;
    if (entry.command === 'cancel-all') this.#levels = null;
    else if (entry.command === 'close') {
      if (account.units !== 0) account.fillAtMarket(account.closingOrder, Number(entry.price), 'order');
    } else if (entry.command === 'adopt') {
      account.adopt(Number(entry.quantity), Number(entry.price));
      if (this.#pending < 0) this.#pending = account.closingOrder;
    } else if (entry.command === 'abandon') account.abandon(Number(entry.price));
  }
}
