/** What a bot did beside the backtest of the same bars, and whether it still does what was promised of it. */
import { bet } from '../shield/rules/drift.ts';
import type { Ledger } from './ledger.ts';
import { mean, variance } from './moments.ts';

/** A bot's equity at the closes that it decided on. */
export interface Recorded {
  /** (bars) opens, ascending. */
  readonly timeMs: ArrayLike<number>;
  readonly equity: ArrayLike<number>;
}

export interface DriftFigures {
  /** Bars that both have; and those of the backtest on which the bot made no decision. */
  readonly bars: number;
  readonly missed: number;
  /** Open of the first bar at which the equities are not the same, to the bit; null where none is. */
  readonly firstDifferenceMs: number | null;
  /** The largest distance, as a share of the backtest's equity, and where. */
  readonly furthest: number;
  readonly furthestMs: number | null;
  /** From the first to the last bar that both have. */
  readonly botReturn: number;
  readonly backtestReturn: number;
}

/** The backtest's last bar is left out, since it closes there what the bot may still hold. */
export function compareWithBacktest(recorded: Recorded, ledger: Ledger): DriftFigures {
  const known = new Map(Array.from(recorded.timeMs, (timeMs, i) => [timeMs, recorded.equity[i]]));
  let [bars, missed, furthest] = [0, 0, 0];
  let [firstDifferenceMs, furthestMs]: [number | null, number | null] = [null, null];
  const ends = { bot: [Number.NaN, Number.NaN], backtest: [Number.NaN, Number.NaN] };
  for (let i = 0; i < ledger.bars - 1; i++) {
    const timeMs = ledger.timeMs[i];
    const own = known.get(timeMs);
    if (own === undefined) {
      missed++;
      continue;
    }
    const theirs = ledger.equity[i];
    if (bars++ === 0) [ends.bot[0], ends.backtest[0]] = [own, theirs];
    [ends.bot[1], ends.backtest[1]] = [own, theirs];
    if (Object.is(own, theirs)) continue;
    firstDifferenceMs ??= timeMs;
    const distance = Math.abs(own / theirs - 1);
    if (distance <= furthest) continue;
    furthest = distance;
    furthestMs = timeMs;
  }
  return {
    ...{ bars, missed, firstDifferenceMs, furthest, furthestMs },
    botReturn: ends.bot[1] / ends.bot[0] - 1,
    backtestReturn: ends.backtest[1] / ends.backtest[0] - 1,
  };
}

/** What was promised: a mean simple return a bar, and the bet that is best against no edge at all. */
export interface PromisedMean {
  readonly promised: number;
  readonly lambda: number;
}

/** Largest bet: no bar may gain more than 1 / lambda. */
const LARGEST_BET = 10;
/** Odds at which a promise counts as broken: by Ville's inequality a false alarm in at most one case of twenty. */
export const STOP_AT = 20;

/** The promise in the returns of an evaluation; null where it promised nothing. */
export function promiseOf(returns: ArrayLike<number>): PromisedMean | null {
  const promised = mean(returns);
  const spread = variance(returns);
  if (!(promised > 0 && spread > 0)) return null;
  return { promised, lambda: Math.min(LARGEST_BET, promised / spread) };
}

/** The evidence against a promise (`shield/rules/drift.ts`). */
export interface Evidence extends PromisedMean {
  readonly now: number;
  readonly highest: number;
  /** Open of the bar at whose close it reached `STOP_AT`; null where it never did. */
  readonly brokenMs: number | null;
}

export function weighPromise({ timeMs, equity }: Recorded, promise: PromisedMean): Evidence {
  let [now, highest]: [number, number] = [1, 1];
  let brokenMs: number | null = null;
  for (let i = 1; i < equity.length; i++) {
    now = bet(now, promise, equity[i] / equity[i - 1] - 1);
    highest = Math.max(highest, now);
    if (now >= STOP_AT) brokenMs ??= timeMs[i];
  }
  return { ...promise, now, highest, brokenMs };
}
