import type { Account } from '../core/account.ts';
import { assert } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { addDecimals, compareDecimals, multiplyDecimals, subtractDecimals } from '../exchange/decimal.ts';
import type { BrokerEntry, FillEntry, IntentEntry, OrderEnd } from './entries.ts';
import type { OrderState } from './order-life.ts';

/** An order that hasn't ended, as far as it is known. */
export interface TrackedOrder extends IntentEntry {
  readonly state: OrderState;
  /** The venue has said at least once that it knows the order. */
  readonly acknowledged: boolean;
  readonly venueOrderId: string | null;
  /** What the venue says is filled, and what the fills that are here add up to. */
  readonly filled: string;
  readonly seen: string;
  readonly fillIds: readonly string[];
  readonly end: OrderEnd | null;
}

interface Saved {
  account: Json;
  base: string;
  quote: string;
  sequence: number;
  retry: Json;
  orders: Json;
  lastSlippage: number | null;
}

/**
 * What a live broker knows, as a fold of its entries: the account, every order that hasn't ended, and the base and
 * quote amounts that the bot's fills moved, in the venue's own decimals.
 */
export class LiveBook {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly account: Account;
  /** Net amounts that fills brought (or, negative, took), to the venue's last digit. */
  baseOwned = '0';
  quoteMoved = '0';
  /** Fees taken in a third coin, by currency. */
  readonly otherFees = new Map<string, string>();
  /** Orders sent so far; numbers the client ids. */
  sequence = 0;
  readonly orders = new Map<string, TrackedOrder>();
  /** An order that ended without doing what it was for, until it is tried again or given up. */
  retry: TrackedOrder | null = null;
  lastSlippage = Number.NaN;

  constructor(symbol: string, account: Account) {
    const [base, quote] = symbol.split('/');
    this.symbol = symbol;
    this.base = base;
    this.quote = quote;
    this.account = account;
  }

  apply(entry: BrokerEntry): void {
    switch (entry.type) {
      case 'intent':
        this.sequence++;
        if (entry.role !== 'stop') this.retry = null;
        this.orders.set(entry.id, {
          ...entry,
          state: 'intended',
          acknowledged: false,
          venueOrderId: null,
          filled: '0',
          seen: '0',
          fillIds: [],
          end: null,
        });
        break;
      case 'order': {
        const order = this.#order(entry.id);
        this.orders.set(entry.id, {
          ...order,
          state: entry.state,
          acknowledged: order.acknowledged || entry.venueOrderId !== null,
          venueOrderId: entry.venueOrderId ?? order.venueOrderId,
          filled: compareDecimals(entry.filled, order.filled) > 0 ? entry.filled : order.filled,
          end: entry.end ?? order.end,
        });
        break;
      }
      case 'fill':
        this.#fill(entry);
        break;
      case 'order-end': {
        const order = this.#order(entry.id);
        this.orders.delete(entry.id);
        // An exit isn't done before the position is closed; an entry is tried again only where nothing happened.
        const unfinished = order.role === 'exit' ? order.seen !== order.quantity : entry.end === 'never-arrived';
        if (entry.dust) this.#leaveDust();
        else if (order.role !== 'stop' && unfinished) this.retry = { ...order, state: 'done', end: entry.end };
        break;
      }
      case 'denied':
        if (entry.gaveUp === this.retry?.id) this.retry = null;
        if (entry.dust) this.#leaveDust();
        break;
    }
  }

  /** The order of a role that hasn't ended. */
  find(role: 'market' | 'stop'): TrackedOrder | null {
    for (const order of this.orders.values()) if ((order.role === 'stop') === (role === 'stop')) return order;
    return null;
  }

  save(): Json {
    const { account, baseOwned: base, quoteMoved: quote, sequence } = this;
    return {
      account: account.save(),
      base,
      quote,
      sequence,
      retry: this.retry as unknown as Json,
      orders: [...this.orders.values()] as unknown as Json,
      otherFees: Object.fromEntries(this.otherFees),
      lastSlippage: Number.isNaN(this.lastSlippage) ? null : this.lastSlippage,
    };
  }

  restore(state: Json): void {
    const saved = state as unknown as Saved & { otherFees: Record<string, string> };
    this.account.restore(saved.account);
    this.baseOwned = saved.base;
    this.quoteMoved = saved.quote;
    this.sequence = saved.sequence;
    this.retry = saved.retry as unknown as TrackedOrder | null;
    this.orders.clear();
    for (const order of saved.orders as unknown as TrackedOrder[]) this.orders.set(order.id, order);
    this.otherFees.clear();
    for (const [currency, amount] of Object.entries(saved.otherFees)) this.otherFees.set(currency, amount);
    this.lastSlippage = saved.lastSlippage ?? Number.NaN;
  }

  #leaveDust(): void {
    if (this.account.units !== 0) this.account.leaveDust();
  }

  #order(id: string): TrackedOrder {
    const order = this.orders.get(id);
    assert(order !== undefined, `an entry names order ${id}, which is not tracked`);
    return order;
  }

  #fill(entry: FillEntry): void {
    const order = this.#order(entry.id);
    if (order.fillIds.includes(entry.fillId)) return;
    const value = multiplyDecimals(entry.price, entry.quantity);
    const buys = entry.side === 'buy';
    const move = buys ? addDecimals : subtractDecimals;
    this.baseOwned = move(this.baseOwned, entry.quantity);
    this.quoteMoved = buys ? subtractDecimals(this.quoteMoved, value) : addDecimals(this.quoteMoved, value);
    let feeBase = 0;
    let feeQuote = 0;
    if (entry.feeCurrency === this.base) {
      this.baseOwned = subtractDecimals(this.baseOwned, entry.feeAmount);
      feeBase = Number(entry.feeAmount);
    } else if (entry.feeCurrency === this.quote) {
      this.quoteMoved = subtractDecimals(this.quoteMoved, entry.feeAmount);
      feeQuote = Number(entry.feeAmount);
    } else if (entry.feeAmount !== '0') {
      const before = this.otherFees.get(entry.feeCurrency) ?? '0';
      this.otherFees.set(entry.feeCurrency, addDecimals(before, entry.feeAmount));
    }
    const price = Number(entry.price);
    const quantity = Number(entry.quantity) * (buys ? 1 : -1);
    const reason = order.reason === 'stop' ? 'stop' : 'order';
    const reference = order.reason === 'stop' ? Number(order.price) : order.reference;
    this.account.applyFill(quantity, reference, price, feeQuote, feeBase, order.fillIds.length > 0, reason);
    // `+ 0` because JSON, in which this is saved, has no -0.
    this.lastSlippage = ((price - reference) / reference) * (buys ? 1 : -1) + 0;
    const seen = addDecimals(order.seen, entry.quantity);
    const filled = compareDecimals(seen, order.filled) > 0 ? seen : order.filled;
    this.orders.set(entry.id, {
      ...order,
      acknowledged: true,
      seen,
      filled,
      fillIds: [...order.fillIds, entry.fillId],
    });
  }
}
