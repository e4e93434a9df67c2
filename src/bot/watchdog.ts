/**
 * Looks at the bot from outside its queues, and waits for none of them: the kill switch, a wall clock that was set,
 * decisions that don't come.
 */
import type { Clock } from '../core/clock.ts';
import type { Trader } from './trader.ts';

/** A decision that is so much later than two bars is missing. */
const LATE_MS = 60_000;
const REPEAT_MS = 10 * 60_000;
/** A wall clock that moved against the monotonic one by more than this was set. */
const STEP_MS = 1_000;

/** @param silentMs since the last decision, or the start */
export const isLate = (silentMs: number, timeframeMs: number): boolean => silentMs >= 2 * timeframeMs + LATE_MS;

export interface WatchdogContext {
  readonly clock: Clock;
  readonly timeframeMs: number;
  readonly traders: readonly Trader[];
  checkHaltFile(): void;
  /** The wall clock was set, by so many ms. */
  onClockStep(stepMs: number): void;
  alarm(code: string, numbers: Readonly<Record<string, string>>): void;
}

export class Watchdog {
  readonly #context: WatchdogContext;
  readonly #saidMs = new Map<string, number>();
  #difference: number;

  constructor(context: WatchdogContext) {
    this.#context = context;
    this.#difference = context.clock.nowMs() - context.clock.elapsedMs();
  }

  /** @param tickMs between two looks */
  async run(tickMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look();
      await this.#context.clock.sleep(tickMs, signal).catch(() => {});
    }
  }

  look(): void {
    const { clock, checkHaltFile, onClockStep, traders } = this.#context;
    checkHaltFile();
    const difference = clock.nowMs() - clock.elapsedMs();
    const stepMs = difference - this.#difference;
    this.#difference = difference;
    if (Math.abs(stepMs) > STEP_MS) onClockStep(stepMs);
    for (const trader of traders) this.#checkDecisions(trader);
  }

  #checkDecisions({ symbol, decidedMs }: Trader): void {
    const { clock, timeframeMs, alarm } = this.#context;
    const nowMs = clock.elapsedMs();
    const silentMs = nowMs - decidedMs;
    if (!isLate(silentMs, timeframeMs)) return;
    if (nowMs - (this.#saidMs.get(symbol) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
    this.#saidMs.set(symbol, nowMs);
    alarm('no-decision', { symbol, minutes: (silentMs / 60_000).toFixed(0) });
  }
}
