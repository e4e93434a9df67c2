import type { Clock } from '../../core/clock.ts';
import type { AlarmChannel, AlarmMessage } from './alarm.ts';

/** What waits for a person; everything else mends itself or only tells. */
const CRITICAL: ReadonlySet<string> = new Set([
  'halted',
  'crashed',
  'uncaught',
  'ended-with-position',
  'no-decision',
  'journal-failed',
  'halt-not-written',
  'holdings-short',
  'order-vanished',
  'order-untraceable',
  'order-arrived-late',
  'order-taken-over',
  'order-stuck',
  'exit-denied',
  'order-refused',
]);
/** The same code again within this time is counted, not sent. */
const QUIET_MS = 10 * 60_000;

/**
 * Sends alarms on every channel, redacted, and keeps a broken fault from flooding them: the same code goes out once in
 * ten minutes, with the count of what was held back. A channel that fails never stops the bot.
 */
export class AlarmDesk {
  readonly #clock: Clock;
  readonly #channels: readonly AlarmChannel[];
  readonly #redact: (text: string) => string;
  readonly #onFailure: (channel: string, message: string) => void;
  readonly #sentMs = new Map<string, number>();
  readonly #held = new Map<string, number>();
  readonly #pending = new Set<Promise<void>>();
  /** Alarms raised so far, by code. */
  readonly counts = new Map<string, number>();

  constructor(options: {
    readonly clock: Clock;
    readonly channels: readonly AlarmChannel[];
    readonly redact: (text: string) => string;
    readonly onFailure: (channel: string, message: string) => void;
  }) {
    this.#clock = options.clock;
    this.#channels = options.channels;
    this.#redact = options.redact;
    this.#onFailure = options.onFailure;
  }

  raise(code: string, numbers: Readonly<Record<string, string>>): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    const timeMs = this.#clock.nowMs();
    // What is critical is never held back for something less: the code with its subject is the key.
    const key = `${code} ${numbers.symbol ?? numbers.currency ?? ''} ${numbers.code ?? ''}`;
    if (timeMs - (this.#sentMs.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) {
      this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
      return;
    }
    const held = this.#held.get(key) ?? 0;
    this.#held.delete(key);
    this.#sentMs.set(key, timeMs);
    const details = Object.entries(numbers).map(([name, value]) => `${name} ${value}`);
    const more = held > 0 ? ` (and ${held} more since the last)` : '';
    const text = `tradernet: ${[code, ...details].join(', ')}${more}`;
    this.#send({ level: CRITICAL.has(code) ? 'critical' : 'warning', code, text, timeMs });
  }

  /** A sign of life; whoever stops receiving it knows that the bot is dead. */
  heartbeat(text: string): void {
    this.#send({ level: 'info', code: 'heartbeat', text: `tradernet: ${text}`, timeMs: this.#clock.nowMs() });
  }

  /** Waits for what is on its way, but not longer. */
  async drain(longestMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (longestMs === Number.POSITIVE_INFINITY) return void (await Promise.all(this.#pending));
    const done = new AbortController();
    const patience = this.#clock.sleep(longestMs, done.signal).catch(() => {});
    await Promise.race([Promise.all(this.#pending), patience]);
    done.abort();
  }

  #send(message: AlarmMessage): void {
    const clean = { ...message, text: this.#redact(message.text) };
    for (const channel of this.#channels) {
      const sending = channel
        .send(clean)
        .catch((error) => this.#onFailure(channel.name, this.#redact(String((error as Error).message))))
        .finally(() => this.#pending.delete(sending));
      this.#pending.add(sending);
    }
  }
}
