import type { Clock } from '../core/clock.ts';

const HOUR_MS = 3_600_000;
const SAMPLES = 3;
/** An answer that took longer tells too little of when it was given. */
const QUICK_MS = 400;

/**
 * The venue's time, reckoned from the monotonic clock, so that a wall clock that is set leaves it alone. A question that
 * was answered with T, sent at a and back at b, says that the venue's clock showed T between a and b: the offset lies
 * within half of b - a around the middle. Of several answers the quickest counts, and an offset that agrees with a
 * vaguer answer is kept.
 */
export class VenueClock {
  readonly #clock: Clock;
  #offsetMs: number;
  /** The offset may be wrong by this much; infinite before the first measurement. */
  #errorMs = Number.POSITIVE_INFINITY;
  #measuredMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.nowMs() - clock.elapsedMs();
  }

  get nowMs(): number {
    return this.#clock.elapsedMs() + this.#offsetMs;
  }

  get uncertaintyMs(): number {
    return Number.isFinite(this.#errorMs) ? this.#errorMs : 0;
  }

  /** Clocks drift: an hour after the last measurement it is time for another. */
  isOld(): boolean {
    return this.#clock.elapsedMs() - this.#measuredMs > HOUR_MS;
  }

  /** Has the next measurement wait for a minute. */
  putOff(): void {
    this.#measuredMs = this.#clock.elapsedMs() - HOUR_MS + 60_000;
  }

  /** The venue refused our time: whatever is measured next is better. */
  distrust(): void {
    this.#errorMs = Number.POSITIVE_INFINITY;
  }

  /** Returns the venue's time minus our wall clock's. */
  async measure(ask: () => Promise<number>): Promise<number> {
    let [offsetMs, errorMs] = [Number.NaN, Number.POSITIVE_INFINITY];
    for (let i = 0; i < SAMPLES && errorMs > QUICK_MS / 2; i++) {
      const sentMs = this.#clock.elapsedMs();
      const venueMs = await ask();
      const backMs = this.#clock.elapsedMs();
      if ((backMs - sentMs) / 2 >= errorMs) continue;
      errorMs = (backMs - sentMs) / 2;
      offsetMs = venueMs - (sentMs + backMs) / 2;
    }
    this.#measuredMs = this.#clock.elapsedMs();
    const agrees = Math.abs(offsetMs - this.#offsetMs) <= errorMs + this.#errorMs;
    if (!agrees || errorMs <= this.#errorMs) {
      this.#offsetMs = offsetMs;
      this.#errorMs = errorMs;
    }
    return Math.round(this.nowMs - this.#clock.nowMs());
  }
}
