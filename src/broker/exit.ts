import { backoffMs } from '../core/backoff.ts';
import { compareDecimals, divideDecimals, multiplyDecimals } from '../exchange/decimal.ts';
import { TOO_LITTLE } from './broker.ts';
import { least, type OrderDesk } from './order-desk.ts';
import type { RestingStops } from './resting-stops.ts';
import type { SellGate } from './sell-gate.ts';
import { submitOrder } from './submit.ts';

const LONGEST_BACKOFF_MS = 15_000;
/** What the filters refuse is not tried again before. */
const DENIED_MS = 60_000;
/** More orders than a position is ever split into. */
const MOST_PARTS = 200;

/**
 * Closes the position: takes the stops away, sells all that is owned, in as many orders as the venue's largest makes of
 * it, and again until nothing is left that it would take. What it works off is in the book, so that no refusal, failure
 * or restart ends it.
 */
export class Exit {
  readonly #desk: OrderDesk;
  readonly #stops: RestingStops;
  readonly #gate: SellGate;
  #attempts = 0;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  /** What is there to be sold, after the venue refused to sell what should be; null where it didn't. */
  #free: string | null = null;
  /** Half of what the venue last refused: some have a largest order that their filters don't tell. */
  #most: string | null = null;

  constructor(desk: OrderDesk, stops: RestingStops, gate: SellGate) {
    this.#desk = desk;
    this.#stops = stops;
    this.#gate = gate;
  }

  async run(): Promise<void> {
    const desk = this.#desk;
    const { book, account } = desk;
    for (let part = 0; part < MOST_PARTS; part++) {
      if (book.exit === null || this.#mustWait() || desk.elapsedMs < this.#quietUntilMs) return;
      if (!(await this.#stops.clear()) || !(await this.#gate.isOpen())) return;
      // A stop may have closed it meanwhile.
      const { exit } = book;
      if (exit === null || account.units === 0) return;
      if (!(await this.#sell(exit))) return;
    }
  }

  /** Whether an order is under way that may sell the same; an entry of which nobody knows holds nothing up. */
  #mustWait(): boolean {
    return [...this.#desk.book.orders.values()].some(
      ({ role, state }) => role === 'exit' || (role === 'entry' && state !== 'unknown'),
    );
  }

  /** Sends one order; true where the next one may follow at once. */
  async #sell(exit: NonNullable<OrderDesk['book']['exit']>): Promise<boolean> {
    const desk = this.#desk;
    const { symbol, alarm } = desk.options;
    const { baseOwned } = desk.book;
    const quantity = [this.#free, this.#most].reduce<string>(
      (sum, one) => (one === null ? sum : least(one, sum)),
      baseOwned,
    );
    const result = await submitOrder(desk, { role: 'exit', quantity, ...exit, attempt: ++this.#attempts });
    if (result.kind === 'answered') {
      this.#free = null;
      this.#attempts = 0;
      if (this.#most !== null) this.#most = multiplyDecimals(this.#most, '2');
      return true;
    }
    if (result.kind === 'refused') {
      this.#quietUntilMs = desk.elapsedMs + backoffMs(this.#attempts - 1, 1000, LONGEST_BACKOFF_MS);
      if (result.code === 'insufficient-funds')
        this.#free = (await desk.holdings.look()).get(desk.book.base)?.free ?? null;
      if (result.code === 'filter' || result.code === 'rejected') this.#most = divideDecimals(quantity, '2', 18);
      return false;
    }
    const { code, numbers } = result.problem;
    // Halved too often: it wasn't for its size that it was refused.
    const whole = this.#most === null || compareDecimals(this.#most, baseOwned) >= 0;
    this.#most = null;
    if (this.#free === null && whole && TOO_LITTLE.has(code)) {
      desk.noteDenied(code, numbers, true);
      return false;
    }
    this.#free = null;
    this.#quietUntilMs = desk.elapsedMs + DENIED_MS;
    alarm('exit-denied', { symbol, code, ...numbers });
    return false;
  }
}
