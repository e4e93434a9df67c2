/** A start is a recovery: the journal was replayed, now the venue is asked, and only then do candles come in. */
import { backoffMs } from '../core/backoff.ts';
import type { BotJournal } from './bot-journal.ts';
import type { BotOptions } from './options.ts';
import type { BotState } from './state.ts';
import type { Trader } from './trader.ts';
import { warmUp } from './warm-up.ts';

/** How long a start waits for unresolved orders before candles are taken in; they stay so, and nothing opens. */
const RECOVERY_MS = 60_000;
const LONGEST_BACKOFF_MS = 30_000;

/** What recovery needs of the bot that starts. */
export interface RecoveryContext {
  reconcile(): Promise<boolean>;
  checkHaltFile(): void;
  /** Says a venue's failure and returns how long it asked to wait; rethrows everything else. */
  waitOut(error: unknown): number;
}

/** Finds out what became of everything that was under way, and places what a crash kept from being placed. */
export async function recover(
  state: BotState<Trader>,
  journal: BotJournal,
  options: BotOptions,
  context: RecoveryContext,
  signal: AbortSignal,
): Promise<void> {
  const { venue, clock, timeframeMs, warmUpBars } = options;
  const { traders, last } = state;
  const nowMs = () => clock.nowMs();
  await untilItWorks(() => venue.connect(), options, context, signal);
  for (const trader of traders) {
    await trader.broker.recover();
    if (!Number.isNaN(trader.lastTimeMs)) continue;
    const work = async () => {
      journal.append(await warmUp(trader, venue, timeframeMs, warmUpBars, nowMs));
      journal.sync();
    };
    await untilItWorks(work, options, context, signal);
  }
  const untilMs = clock.elapsedMs() + RECOVERY_MS;
  while (!signal.aborted && !(await context.reconcile()) && clock.elapsedMs() < untilMs) {
    await clock.sleep(1_000, signal).catch(() => {});
    for (const trader of traders) await trader.broker.poll();
  }
  context.checkHaltFile();
  for (const trader of traders) {
    const { entry = null, ordered = false } = last.get(trader.symbol) ?? {};
    await trader.queue.run(() => trader.resume(entry, ordered));
  }
}

/** Tries again for as long as it takes; for what a start can't do without. */
async function untilItWorks(
  work: () => Promise<void>,
  { clock }: BotOptions,
  context: RecoveryContext,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await work();
    } catch (error) {
      const askedMs = context.waitOut(error);
      await clock.sleep(Math.max(askedMs, backoffMs(attempt, 500, LONGEST_BACKOFF_MS)), signal).catch(() => {});
    }
  }
}
