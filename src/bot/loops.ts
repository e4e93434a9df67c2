/** What runs beside the candles, each loop on its own: none waits for another, and all durations are monotonic. */
import type { Clock } from '../core/clock.ts';
import type { Trader } from './trader.ts';

export interface LoopContext {
  readonly clock: Clock;
  readonly tickMs: number;
  readonly halted: string | null;
}

/** Every tick: what is under way is asked after, and closed where all is to be closed. */
export async function attend(trader: Trader, context: LoopContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await context.clock.sleep(context.tickMs, signal).catch(() => {});
    if (signal.aborted) return;
    await trader.queue.run(async () => {
      if (context.halted !== null && trader.broker.kind === 'live') await trader.flatten();
      await trader.broker.poll();
    });
  }
}

/** Runs `work` whenever `isDue` says so, looked at every tick. */
export async function whenDue(
  isDue: (sinceMs: number) => boolean,
  work: () => Promise<boolean>,
  { clock, tickMs }: LoopContext,
  signal: AbortSignal,
): Promise<void> {
  let doneMs = clock.elapsedMs();
  while (!signal.aborted) {
    await clock.sleep(tickMs, signal).catch(() => {});
    if (signal.aborted) return;
    if (isDue(clock.elapsedMs() - doneMs) && (await work())) doneMs = clock.elapsedMs();
  }
}
