import type { Clock } from '../core/clock.ts';

interface Sleeper {
  readonly wakeMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still while anything computes and jumps to the next sleeper when nothing does: a trading day with
 * its faults passes in milliseconds, and the same program gives the same order of events.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];
  #count = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper = { wakeMs: this.#nowMs + Math.max(0, ms), order: this.#count++, wake };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#insert(sleeper);
    });
  }

  /** Lets time pass until `untilMs`; everything that sleeps shorter wakes in order, with all that follows from it. */
  async advanceTo(untilMs: number): Promise<void> {
    await settle();
    while (this.#sleepers.length > 0 && this.#sleepers[0].wakeMs <= untilMs) await this.#wakeNext();
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Lets time pass until the promise settles; throws where nothing sleeps any more and it never can. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    await settle();
    while (!settled) {
      if (this.#sleepers.length === 0)
        throw new Error('internal error: the program waits, but nothing sleeps on the virtual clock');
      await this.#wakeNext();
    }
    return promise;
  }

  async #wakeNext(): Promise<void> {
    const next = this.#sleepers.shift()!;
    this.#nowMs = Math.max(this.#nowMs, next.wakeMs);
    next.wake();
    await settle();
  }

  /** Kept ascending by wake time, then by age. */
  #insert(sleeper: Sleeper): void {
    let at = this.#sleepers.length;
    while (at > 0 && this.#sleepers[at - 1].wakeMs > sleeper.wakeMs) at--;
    this.#sleepers.splice(at, 0, sleeper);
  }
}

/** Resolves once every promise that can go on has done so: Node empties its microtasks before the next immediate. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
