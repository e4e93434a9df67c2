import type { Shield } from '../core/shield.ts';
import { decimalOf } from '../exchange/decimal.ts';
import { canonicalOrder, largestQuantity, splitQuantity } from '../exchange/order-rules.ts';
import type { AbsenceProof } from './absence.ts';
import { inquire } from './inquire.ts';
import type { OrderDesk } from './order-desk.ts';
import type { SellGate } from './sell-gate.ts';
import { submitOrder } from './submit.ts';

/** What the venue refused is not asked for again before. */
const REFUSED_MS = 60_000;

/**
 * The stops of a position that rest on the venue, at the shield's level and for all that is owned: one, or as many as
 * the venue's largest order makes of it.
 */
export class RestingStops {
  readonly #desk: OrderDesk;
  readonly #absence: AbsenceProof;
  readonly #gate: SellGate;
  #refused = { key: '', untilMs: Number.NEGATIVE_INFINITY };

  constructor(desk: OrderDesk, absence: AbsenceProof, gate: SellGate) {
    this.#desk = desk;
    this.#absence = absence;
    this.#gate = gate;
  }

  /** True once no stop rests or is unresolved; what they filled before they went is booked. */
  async clear(): Promise<boolean> {
    const desk = this.#desk;
    const { venue, symbol } = desk.options;
    const open = desk.book.stops.filter(({ state }) => state === 'open');
    if (open.length > 0) await this.#gate.beforeCancel(open);
    for (const { id } of open) {
      desk.activity++;
      await venue.cancelOrder(id, symbol);
    }
    for (const stop of desk.book.stops) await inquire(desk, this.#absence, stop);
    return desk.book.stops.length === 0;
  }

  /** Has the right stops there, or none; `idle` is false while another order may change what is owned. */
  async keep(levels: Shield['levels'] | null, idle: boolean): Promise<void> {
    const desk = this.#desk;
    if (!(this.#level(levels) > 0)) {
      await this.clear();
      return;
    }
    if (!desk.options.venue.capabilities.onExchangeStop || !idle) return;
    const before = (await this.#wanted(this.#level(levels))).join(' ');
    if (before === this.#resting()) return;
    if (before === this.#refused.key && desk.elapsedMs < this.#refused.untilMs) return;
    if (!(await this.clear()) || !(await this.#gate.isOpen())) return;
    // The old one may have sold some, or all, before it went.
    const level = this.#level(levels);
    if (level > 0) await this.#place(level);
  }

  /** Where the shield wants to stop; NaN for nowhere. */
  #level(levels: Shield['levels'] | null): number {
    const { units, position, entryPrice, bestPrice } = this.#desk.account;
    return levels === null || units <= 0 ? Number.NaN : levels({ position, entryPrice, bestPrice }).stop;
  }

  async #place(level: number): Promise<void> {
    const desk = this.#desk;
    const wanted = await this.#wanted(level);
    for (const one of wanted) {
      const [quantity, price] = one.split('@');
      const facts = { reference: level, decisionMs: desk.nowMs, reason: 'stop', attempt: 1 } as const;
      const result = await submitOrder(desk, { role: 'stop', quantity, price, ...facts });
      if (result.kind === 'answered') continue;
      this.#refused = { key: wanted.join(' '), untilMs: desk.elapsedMs + REFUSED_MS };
      const { symbol, alarm } = desk.options;
      if (result.kind === 'denied')
        alarm('stop-denied', { symbol, code: result.problem.code, ...result.problem.numbers });
      return;
    }
  }

  #resting(): string {
    const stops = this.#desk.book.stops.map(({ quantity, price }) => `${quantity}@${price}`);
    return stops.sort().join(' ');
  }

  /** Quantity and trigger of each stop. */
  async #wanted(level: number): Promise<string[]> {
    const desk = this.#desk;
    const market = await desk.market();
    const parts = splitQuantity(desk.book.baseOwned, largestQuantity('stop-loss', market), market.quantityStep);
    const draft = { clientOrderId: 'stop', symbol: desk.options.symbol, side: 'sell', type: 'stop-loss' } as const;
    const orders = parts.map((quantity) => canonicalOrder({ ...draft, quantity, price: decimalOf(level) }, market));
    return orders.map(({ quantity, price }) => `${quantity}@${price}`).sort();
  }
}
