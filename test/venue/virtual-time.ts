/** Virtual time with two hands: true time, which only goes forward, and the bot's wall clock, which may jump. */
import type { Clock } from '../../src/core/clock.ts';
import type { TroubleBook } from './troubles.ts';

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

export class VirtualTime {
  /** True milliseconds; the venue's clock. */
  ms: number;
  readonly #startMs: number;
  readonly #troubles: TroubleBook;
  #sleepers: Sleeper[] = [];

  constructor(startMs: number, troubles: TroubleBook) {
    this.ms = startMs;
    this.#startMs = startMs;
    this.#troubles = troubles;
  }

  /** How far the bot's wall clock is off now. */
  get stepMs(): number {
    const step = this.#troubles.all.find(
      (one) => one.kind === 'clock-step' && one.fromMs <= this.ms && this.ms < one.toMs,
    );
    return step?.size ?? 0;
  }

  /** Milliseconds since the start; never goes back. */
  readonly elapsedMs = (): number => this.ms - this.#startMs;

  /** What the bot is given. */
  readonly clock: Clock & { elapsedMs(): number } = {
    nowMs: () => Math.floor(this.ms + this.stepMs),
    elapsedMs: () => this.elapsedMs(),
    sleep: (ms, signal) => this.sleep(ms, signal),
  };

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper: Sleeper = { wakeMs: this.ms + Math.max(0, ms), wake };
      signal?.addEventListener('abort', onAbort, { once: true });
      const at = this.#sleepers.findIndex((one) => one.wakeMs > sleeper.wakeMs);
      this.#sleepers.splice(at < 0 ? this.#sleepers.length : at, 0, sleeper);
    });
  }

  /** Lets time pass until the promise settles; `stuck` where nothing sleeps and it can't. */
  async runUntil(promise: Promise<unknown>): Promise<'settled' | 'stuck'> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    await settle();
    while (!settled) {
      const next = this.#sleepers.shift();
      if (next === undefined) return 'stuck';
      this.ms = Math.max(this.ms, next.wakeMs);
      next.wake();
      await settle();
    }
    return 'settled';
  }
}
