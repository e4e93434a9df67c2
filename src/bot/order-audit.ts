/**
 * Do a live journal's orders follow from its decisions? `verify` does every decision again; this looks at what the bot
 * then did: an entry belongs to one decision and is no more than it ordered, an exit has a reason, nothing is sold that
 * isn't owned, and what the bot says that it knew (halts, orders under way, the age of its data) agrees with the rest.
 */
import { ENDS_ORDERS } from '../broker/command.ts';
import type { BrokerEntry } from '../broker/entries.ts';
import type { LiveBook } from '../broker/live-book.ts';
import type { Json } from '../core/json.ts';
import { addDecimals, compareDecimals, subtractDecimals } from '../exchange/decimal.ts';
import type { BotEntry, DecisionEntry } from './entries.ts';

/** What is written down beside what follows from the rest. */
export interface OrderProblem {
  /** `orders.entry`, `orders.id`, `runtime.halted`, ... */
  readonly column: string;
  readonly journal: Json;
  readonly expected: Json;
}

const ENTRY_ATTEMPTS = 3;
/** Of the venue's clock against ours, between two decisions without a clock that was set. */
const LARGEST_DRIFT_MS = 60_000;
/** What is found later was not lost by a restore. */
const RESTORED_MS = 30 * 60_000;

type Intent = Extract<BrokerEntry, { type: 'intent' }>;

export class OrderAudit {
  readonly #botId: string;
  readonly #timeframeMs: number;
  readonly #ids = new Set<string>();
  #decision: DecisionEntry | null = null;
  /** What the last decision ordered, and whether the bot has done, or said, anything about it. */
  #answered = true;
  #halted: string | null = null;
  #startMs = Number.NaN;
  #lagMs = Number.NaN;

  constructor(botId: string, timeframeMs: number) {
    this.#botId = botId;
    this.#timeframeMs = timeframeMs;
  }

  /** An entry of the journal, with the book as it was before it. */
  take(entry: BotEntry, book: LiveBook): OrderProblem[] {
    switch (entry.type) {
      case 'decision': {
        const problems = this.#checkDecision(entry, book);
        this.#decision = entry;
        // An exit that is under way already needs no other.
        const { order } = entry.record;
        this.#answered = order === 0 || (order < 0 && book.exit !== null);
        return problems;
      }
      case 'checkpoint':
        this.#halted = entry.halted;
        return [];
      case 'start':
        // A start places, or gives up, what a crash left undone; and its clock is another.
        this.#answered = true;
        this.#startMs = entry.timeMs;
        this.#lagMs = Number.NaN;
        return [];
      case 'halt':
        this.#halted = entry.reason;
        return [];
      case 'reset':
        this.#halted = null;
        return [];
      case 'alarm':
        if (entry.code === 'clock-step' || entry.code === 'venue-clock') this.#lagMs = Number.NaN;
        return [];
      case 'command':
        // What it ends the orders of needs no other answer.
        this.#answered ||= ENDS_ORDERS.has(entry.command);
        return [];
      case 'denied':
        this.#answered = true;
        return [];
      case 'exit':
        this.#answered = true;
        return this.#checkExit(entry);
      case 'intent':
        if (entry.role !== 'stop') this.#answered = true;
        return this.#checkIntent(entry, book);
      case 'fill':
        return this.#checkFill(entry, book);
      case 'fee':
        return this.#checkFee(entry, book);
      default:
        return [];
    }
  }

  #closeMs({ record }: DecisionEntry): number {
    return record.candle[0] + this.#timeframeMs;
  }

  #checkDecision(entry: DecisionEntry, book: LiveBook): OrderProblem[] {
    const problems: OrderProblem[] = [];
    const { runtime } = entry.record;
    if (!this.#answered && this.#decision !== null)
      problems.push({ column: 'orders', journal: null, expected: this.#decision.record.order });
    if (runtime.halted !== this.#halted)
      problems.push({ column: 'runtime.halted', journal: runtime.halted, expected: this.#halted });
    const underWay = [...book.orders.values()].find(({ role, state }) => role !== 'stop' || state !== 'open');
    if (runtime.unresolved === null && underWay !== undefined)
      problems.push({ column: 'runtime.unresolved', journal: null, expected: `order ${underWay.id}` });
    const lagMs = entry.timeMs - this.#closeMs(entry) - runtime.dataAgeMs;
    // An age is never below 0: a venue whose clock is behind says less than the difference.
    if (runtime.dataAgeMs > 0 || lagMs > LARGEST_DRIFT_MS) {
      if (Math.abs(lagMs - this.#lagMs) > LARGEST_DRIFT_MS)
        problems.push({
          column: 'runtime.dataAgeMs',
          journal: runtime.dataAgeMs,
          expected: entry.timeMs - this.#closeMs(entry) - this.#lagMs,
        });
      else this.#lagMs = lagMs;
    }
    if (Number.isNaN(this.#lagMs) && runtime.dataAgeMs > 0) this.#lagMs = lagMs;
    return problems;
  }

  #checkExit({ reason, decisionMs }: Extract<BrokerEntry, { type: 'exit' }>): OrderProblem[] {
    const decision = this.#decision;
    if (reason !== 'order') return [];
    const asked = decision !== null && decision.record.order < 0 && decisionMs === this.#closeMs(decision);
    return asked ? [] : [{ column: 'orders.exit', journal: decisionMs, expected: decision?.record.order ?? null }];
  }

  #checkIntent(entry: Intent, book: LiveBook): OrderProblem[] {
    const problems: OrderProblem[] = [];
    const { id, role, quantity } = entry;
    if (this.#ids.has(id) || !id.startsWith(this.#botId))
      problems.push({ column: 'orders.id', journal: id, expected: `a new one of ${this.#botId}` });
    this.#ids.add(id);
    if (entry.reason === 'restored') return [...problems, ...this.#checkRestored(entry)];
    if (role === 'entry') return [...problems, ...this.#checkEntry(entry, book)];
    const promised = [...book.orders.values()]
      .filter((order) => order.role !== 'entry')
      .reduce((sum, order) => addDecimals(sum, subtractDecimals(order.quantity, order.seen)), '0');
    const free = subtractDecimals(book.baseOwned, promised);
    if (compareDecimals(quantity, free) > 0)
      problems.push({ column: `orders.${role}.quantity`, journal: quantity, expected: free });
    if (role === 'exit' && book.exit === null && !this.#mayExit(entry))
      problems.push({ column: 'orders.exit', journal: id, expected: null });
    return problems;
  }

  /** Only what was placed before the start can have been found by it. */
  #checkRestored({ id, decisionMs, timeMs }: Intent): OrderProblem[] {
    const found = timeMs - this.#startMs <= RESTORED_MS && decisionMs <= this.#startMs + LARGEST_DRIFT_MS;
    return found ? [] : [{ column: 'orders.restored', journal: id, expected: null }];
  }

  /** In journals of earlier versions an exit is an order alone. */
  #mayExit({ reason }: Intent): boolean {
    return reason === 'flatten' || this.#halted !== null || (this.#decision?.record.order ?? 0) < 0;
  }

  #checkEntry({ quantity, decisionMs, reference, attempt }: Intent, book: LiveBook): OrderProblem[] {
    const decision = this.#decision;
    const order = decision?.record.order ?? 0;
    const belongs =
      decision !== null &&
      order > 0 &&
      decision.record.guard === null &&
      !decision.record.flatten &&
      decisionMs === this.#closeMs(decision) &&
      reference === decision.record.candle[4] &&
      attempt <= ENTRY_ATTEMPTS;
    if (!belongs) return [{ column: 'orders.entry', journal: quantity, expected: order }];
    const problems: OrderProblem[] = [];
    if (Number(quantity) > order * (1 + 1e-9))
      problems.push({ column: 'orders.entry.quantity', journal: quantity, expected: order });
    if (this.#halted !== null) problems.push({ column: 'orders.entry', journal: quantity, expected: 'halted' });
    const sameDecision = [...book.orders.values(), ...book.ended.values()].find(
      (other) => other.role === 'entry' && other.decisionMs === decisionMs && other.seen !== '0',
    );
    if (sameDecision !== undefined)
      problems.push({ column: 'orders.entry', journal: quantity, expected: `filled by ${sameDecision.id}` });
    return problems;
  }

  #checkFee({ currency, amount }: Extract<BrokerEntry, { type: 'fee' }>, book: LiveBook): OrderProblem[] {
    const expected = book.unpricedFees.get(currency) ?? '0';
    return amount === expected ? [] : [{ column: 'orders.fee', journal: amount, expected }];
  }

  #checkFill({ id, side, quantity }: Extract<BrokerEntry, { type: 'fill' }>, book: LiveBook): OrderProblem[] {
    const order = book.orders.get(id) ?? book.ended.get(id);
    if (order === undefined) return [];
    const expected = order.role === 'entry' ? 'buy' : 'sell';
    if (side !== expected) return [{ column: 'orders.fill.side', journal: side, expected }];
    const left = subtractDecimals(order.quantity, order.seen);
    return compareDecimals(quantity, left) > 0
      ? [{ column: 'orders.fill.quantity', journal: quantity, expected: left }]
      : [];
  }
}
