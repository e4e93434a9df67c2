import { backoffMs } from '../core/backoff.ts';
import { ExchangeError } from '../core/errors.ts';
import type { OrderDesk } from './order-desk.ts';

/**
 * The steps of a broker's round, each with failures and pauses of its own, so that a price that can't be asked for
 * doesn't silence an exit. A venue's failure is said and waited out; everything else is a bug.
 */
export class Steps {
  readonly #desk: OrderDesk;
  readonly #failures = new Map<string, number>();
  readonly #quietUntilMs = new Map<string, number>();

  constructor(desk: OrderDesk) {
    this.#desk = desk;
  }

  /**
   * Runs a step, unless it failed too short a time ago.
   * @param longestMs longest pause, whatever the venue asks for
   * @returns whether it ran to its end
   */
  async run(name: string, longestMs: number, work: () => Promise<unknown>): Promise<boolean> {
    const { options, elapsedMs } = this.#desk;
    if (elapsedMs < (this.#quietUntilMs.get(name) ?? Number.NEGATIVE_INFINITY)) return false;
    try {
      await work();
      this.#failures.delete(name);
      return true;
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      const failures = (this.#failures.get(name) ?? 0) + 1;
      this.#failures.set(name, failures);
      const waitMs = Math.max(error.retryAfterMs, backoffMs(failures - 1, 1000, longestMs));
      this.#quietUntilMs.set(name, this.#desk.elapsedMs + Math.min(waitMs, longestMs));
      const { code, message } = error;
      options.alarm('venue-error', { symbol: options.symbol, step: name, code, failures: String(failures), message });
      return false;
    }
  }
}
