/** Who watches a bot can't end it: not the log, not the status page, not the line on the screen. */
import type { Candle } from '../core/candle.ts';
import type { BotEntry } from './entries.ts';

/** Whatever a person may want to see, at once. */
export interface BotObservers {
  readonly onEntry?: (entry: BotEntry) => void;
  readonly onAlarm?: (code: string, numbers: Readonly<Record<string, string>>) => void;
  readonly onRunning?: (symbol: string, candle: Candle) => void;
  readonly onMeasured?: (stage: 'decide' | 'sync', ms: number) => void;
}

/**
 * A function that calls `observer` and catches what it throws; the first failure is told to `onFailure`, the later ones
 * to nobody, because an observer that is broken usually stays so.
 */
export function isolate<Arguments extends readonly unknown[]>(
  observer: ((...values: Arguments) => void) | undefined,
  onFailure: (message: string) => void,
): (...values: Arguments) => void {
  let failed = false;
  return (...values) => {
    try {
      observer?.(...values);
    } catch (error) {
      if (failed) return;
      failed = true;
      onFailure(error instanceof Error ? error.message : String(error));
    }
  };
}
