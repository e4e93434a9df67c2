import type { Shield } from '../core/shield.ts';
import { decimalOf } from '../exchange/decimal.ts';
import { canonicalOrder } from '../exchange/order-rules.ts';
import { inquire } from './inquire.ts';
import type { OrderDesk } from './order-desk.ts';
import { draftOrder, submitOrder } from './submit.ts';

/** The one stop of a position that rests on the venue, at the shield's level and for all that is owned. */
export class RestingStop {
  readonly #desk: OrderDesk;
  /** Quantity and price that the venue refused: not asked for again. */
  #refused = '';

  constructor(desk: OrderDesk) {
    this.#desk = desk;
  }

  /** True once no stop rests or is unresolved; what it filled before it went is booked. */
  async clear(): Promise<boolean> {
    const desk = this.#desk;
    const stop = desk.book.find('stop');
    if (stop === null) return true;
    if (stop.state === 'open') {
      desk.activity++;
      await desk.options.venue.cancelOrder(stop.id, desk.options.symbol);
    }
    await inquire(desk, desk.book.orders.get(stop.id)!);
    return desk.book.find('stop') === null;
  }

  /** Has the right stop there, or none; `idle` is false while another order may change what is owned. */
  async keep(levels: Shield['levels'] | null, idle: boolean): Promise<void> {
    const desk = this.#desk;
    if (!desk.options.venue.capabilities.onExchangeStop) return;
    const { units, position, entryPrice, bestPrice } = desk.account;
    const level = levels === null || units <= 0 ? Number.NaN : levels({ position, entryPrice, bestPrice }).stop;
    if (!(level > 0)) {
      await this.clear();
      return;
    }
    if (!idle) return;
    const stop = { role: 'stop', quantity: desk.sellable, price: decimalOf(level) } as const;
    const wanted = canonicalOrder(draftOrder(desk, stop), await desk.market());
    const resting = desk.book.find('stop');
    if (resting !== null && resting.quantity === wanted.quantity && resting.price === wanted.price) return;
    const key = `${wanted.quantity}@${wanted.price}`;
    if (key === this.#refused || !(await this.clear()) || desk.account.units <= 0) return;
    const intent = { close: level, decisionMs: desk.nowMs, reason: 'stop' } as const;
    const result = await submitOrder(desk, { ...stop, intent, attempt: 1 });
    if (result === 'sent') return;
    this.#refused = key;
    const { symbol, alarm } = desk.options;
    if (result !== 'refused') alarm('stop-denied', { symbol, code: result.code, ...result.numbers });
  }
}
