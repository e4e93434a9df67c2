import { z } from 'zod';
import type { Account } from '../core/account.ts';
import { assert } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { parseAs } from '../core/parse.ts';
import { addDecimals, compareDecimals, multiplyDecimals, subtractDecimals } from '../exchange/decimal.ts';
import { type CommandEntry, ENDS_ORDERS } from './command.ts';
import { decimalSchema } from './decimal-schema.ts';
import {
  type BrokerEntry,
  type ExitEntry,
  type FeeEntry,
  type FillEntry,
  type IntentEntry,
  intentSchema,
  orderEnd,
} from './entries.ts';
import { ORDER_STATES } from './order-life.ts';

const trackedOrderSchema = z.strictObject({
  ...intentSchema.shape,
  state: z.enum(ORDER_STATES),
  /** The venue has said at least once that it knows the order. */
  acknowledged: z.boolean(),
  venueOrderId: z.string().nullable(),
  /** What the venue says is filled, and what the fills that are here add up to. */
  filled: decimalSchema,
  seen: decimalSchema,
  fillIds: z.array(z.string()).readonly(),
  end: orderEnd.nullable(),
});

/** An order, as far as it is known. */
export type TrackedOrder = Readonly<z.output<typeof trackedOrderSchema>>;

/** So many ended orders are remembered, because fills can show after an order's end. */
const REMEMBERED = 8;
/** More than a venue is asked for at a start. */
const LISTED = 2_000;

const savedSchema = z.strictObject({
  account: z.custom<Json>((value) => value !== undefined, 'missing'),
  base: decimalSchema,
  quote: decimalSchema,
  sequence: z.number(),
  retry: trackedOrderSchema.nullable(),
  orders: z.array(trackedOrderSchema),
  otherFees: z.record(z.string(), decimalSchema),
  unpricedFees: z.record(z.string(), decimalSchema).default({}),
  lastSlippage: z.number().nullable(),
  venueOrderIds: z.array(z.string()).optional(),
  /** Not in journals of earlier versions. */
  exit: z
    .strictObject({ reference: z.number(), decisionMs: z.number(), reason: z.enum(['order', 'flatten']) })
    .nullable()
    .default(null),
  ended: z.array(trackedOrderSchema).default([]),
});

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
  /** What of them the account hasn't paid yet, because nobody knows what it is worth. */
  readonly unpricedFees = new Map<string, string>();
  /** Orders sent so far. */
  sequence = 0;
  readonly orders = new Map<string, TrackedOrder>();
  /** Of every order that the venue was heard of. */
  readonly venueOrderIds = new Set<string>();
  /** The newest ended orders, oldest first. */
  readonly ended = new Map<string, TrackedOrder>();
  /** An entry that ended without anything having happened, until it is tried again or given up. */
  retry: TrackedOrder | null = null;
  /** Why the position is being closed; null where it isn't. */
  exit: Pick<ExitEntry, 'reference' | 'decisionMs' | 'reason'> | null = null;
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
        if (entry.role === 'exit' && entry.reason !== 'restored') this.exit ??= exitOf(entry);
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
        if (entry.venueOrderId !== null) this.venueOrderIds.add(entry.venueOrderId);
        const order = this.#order(entry.id);
        // An end that was noted and proved wrong is none.
        const end = this.ended.delete(entry.id) ? null : order.end;
        this.orders.set(entry.id, {
          ...order,
          state: entry.state,
          acknowledged: order.acknowledged || entry.venueOrderId !== null,
          venueOrderId: entry.venueOrderId ?? order.venueOrderId,
          filled: compareDecimals(entry.filled, order.filled) > 0 ? entry.filled : order.filled,
          end: entry.end ?? end,
        });
        break;
      }
      case 'fill':
        this.#fill(entry);
        break;
      case 'fee':
        this.#payFee(entry);
        break;
      case 'order-end': {
        const order = this.#order(entry.id);
        this.orders.delete(entry.id);
        this.#remember({ ...order, state: 'done', end: entry.end });
        if (entry.dust) this.#leaveDust();
        // An entry is tried again only where nothing happened; an exit goes on until the position is closed.
        else if (order.role === 'entry' && entry.end === 'never-arrived') this.retry = { ...order, state: 'done' };
        break;
      }
      case 'exit':
        this.exit = exitOf(entry);
        break;
      case 'denied':
        if (entry.gaveUp === this.retry?.id) this.retry = null;
        if (entry.dust) this.#leaveDust();
        break;
      case 'command':
        this.#obey(entry);
        break;
    }
    if (this.account.units === 0 && this.find('market') === null) this.exit = null;
  }

  /** The order of a role that hasn't ended. */
  find(role: 'market' | 'stop'): TrackedOrder | null {
    for (const order of this.orders.values()) if ((order.role === 'stop') === (role === 'stop')) return order;
    return null;
  }

  /** Every stop that hasn't ended: more than one where a position is more than one order may be. */
  get stops(): readonly TrackedOrder[] {
    return [...this.orders.values()].filter(({ role }) => role === 'stop');
  }

  save(whole = false): Json {
    const { account, baseOwned: base, quoteMoved: quote, sequence, exit } = this;
    return {
      account: account.save(),
      base,
      quote,
      sequence,
      retry: this.retry as Json,
      exit,
      orders: [...this.orders.values()] as unknown as Json,
      ended: [...this.ended.values()] as unknown as Json,
      otherFees: Object.fromEntries(this.otherFees),
      unpricedFees: Object.fromEntries(this.unpricedFees),
      lastSlippage: Number.isNaN(this.lastSlippage) ? null : this.lastSlippage,
      ...(whole ? { venueOrderIds: [...this.venueOrderIds].slice(-LISTED) } : {}),
    };
  }

  /** @throws InputError where `save` can't have written it */
  restore(state: Json): void {
    const saved = parseAs(savedSchema, state, `the saved state of ${this.symbol}`, 'restore a backup');
    const { retry } = saved;
    this.account.restore(saved.account);
    this.baseOwned = saved.base;
    this.quoteMoved = saved.quote;
    this.sequence = saved.sequence;
    this.retry = retry?.role === 'entry' ? retry : null;
    this.exit = saved.exit ?? (retry?.role === 'exit' ? exitOf(retry) : null);
    this.orders.clear();
    for (const order of saved.orders) this.orders.set(order.id, order);
    this.ended.clear();
    for (const order of saved.ended) this.ended.set(order.id, order);
    this.otherFees.clear();
    for (const [currency, amount] of Object.entries(saved.otherFees)) this.otherFees.set(currency, amount);
    for (const id of saved.venueOrderIds ?? []) this.venueOrderIds.add(id);
    this.unpricedFees.clear();
    for (const [currency, amount] of Object.entries(saved.unpricedFees)) this.unpricedFees.set(currency, amount);
    this.lastSlippage = saved.lastSlippage ?? Number.NaN;
  }

  #remember(order: TrackedOrder): void {
    // Of what is whole nothing more can come: its fills are not kept.
    this.ended.set(order.id, order.seen === order.quantity ? { ...order, fillIds: [] } : order);
    for (const id of this.ended.keys()) {
      if (this.ended.size <= REMEMBERED) break;
      this.ended.delete(id);
    }
  }

  #obey(entry: CommandEntry): void {
    if (ENDS_ORDERS.has(entry.command)) this.retry = null;
    if (entry.command === 'close')
      this.exit = { reference: Number(entry.price), decisionMs: entry.timeMs, reason: 'flatten' };
    else if (entry.command === 'adopt') {
      this.baseOwned = addDecimals(this.baseOwned, entry.quantity);
      this.account.adopt(Number(entry.quantity), Number(entry.price));
    } else if (entry.command === 'abandon') {
      this.baseOwned = subtractDecimals(this.baseOwned, entry.quantity);
      this.account.abandon(Number(entry.price));
    }
  }

  #payFee({ currency, amount, price }: FeeEntry): void {
    const left = subtractDecimals(this.unpricedFees.get(currency) ?? '0', amount);
    if (compareDecimals(left, '0') > 0) this.unpricedFees.set(currency, left);
    else this.unpricedFees.delete(currency);
    this.account.payFee(Number(multiplyDecimals(amount, price)));
  }

  #leaveDust(): void {
    if (this.account.units !== 0) this.account.leaveDust();
  }

  #order(id: string): TrackedOrder {
    const order = this.orders.get(id) ?? this.ended.get(id);
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
      const unpriced = this.unpricedFees.get(entry.feeCurrency) ?? '0';
      this.unpricedFees.set(entry.feeCurrency, addDecimals(unpriced, entry.feeAmount));
    }
    const price = Number(entry.price);
    const quantity = Number(entry.quantity) * (buys ? 1 : -1);
    const reason = order.role === 'stop' ? 'stop' : 'order';
    const reference = order.role === 'stop' ? Number(order.price) : order.reference;
    this.account.applyFill(quantity, reference, price, feeQuote, feeBase, order.fillIds.length > 0, reason);
    // `+ 0` because JSON, in which this is saved, has no -0.
    this.lastSlippage = ((price - reference) / reference) * (buys ? 1 : -1) + 0;
    const seen = addDecimals(order.seen, entry.quantity);
    const filled = compareDecimals(seen, order.filled) > 0 ? seen : order.filled;
    (this.orders.has(entry.id) ? this.orders : this.ended).set(entry.id, {
      ...order,
      acknowledged: true,
      seen,
      filled,
      fillIds: [...order.fillIds, entry.fillId],
    });
  }
}

function exitOf({ reference, decisionMs, reason }: IntentEntry | ExitEntry) {
  return { reference, decisionMs, reason: reason === 'flatten' ? 'flatten' : 'order' } as const;
}
