import type { Clock } from '../core/clock.ts';

/** A clock that runs `speed` times as fast as the given real one, from `startMs` on: an hour of trading in a minute. */
export class AcceleratedClock implements Clock {
  readonly speed: number;
  readonly startMs: number;
  readonly #real: Clock;
  readonly #realStartMs: number;

  /** `realStartMs`: the real time at which this clock showed `startMs`; now by default. */
  constructor(real: Clock, startMs: number, speed: number, realStartMs = real.nowMs()) {
    this.#real = real;
    this.#realStartMs = realStartMs;
    this.startMs = startMs;
    this.speed = speed;
  }

  nowMs(): number {
    return this.startMs + (this.#real.nowMs() - this.#realStartMs) * this.speed;
  }

  elapsedMs(): number {
    return this.#real.elapsedMs() * this.speed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms / this.speed, signal);
  }
}
