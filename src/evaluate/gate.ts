/**
 * The gate between a validation and an order: what an agent earned on bars that neither trained nor chose it must be
 * unlikely to be luck. Returns are summed over a day's worth of bars, so that those that belong to one trade count once.
 */
import { log } from '../core/math.ts';

/** Bars in a sum; the t that opens the gate; the share of a fold, its oldest bars, that chooses what is judged. */
export const GATE = { bars: 24, needed: 2, choosing: 1 / 3 } as const;

/**
 * Cuts an equity curve in two: what the best of several is chosen by, and the later bars, on which it is judged. The best
 * of ten on some bars looks better there than it is; on bars that chose nothing, t is what it says.
 */
export function cutForGate(equity: Float64Array): { readonly choosing: Float64Array; readonly judging: Float64Array } {
  const cut = Math.floor((equity.length - 1) * GATE.choosing);
  return { choosing: equity.subarray(0, cut + 1), judging: equity.subarray(cut) };
}

/**
 * t = mean / (deviation / sqrt(n)) of the log returns in sums of GATE.bars bars, deviation with ddof 1; 0 where nothing
 * moved. What is left of a curve after its last whole sum is left out.
 * @param curves equity at each close, a curve a market
 */
export function gateStatistic(curves: readonly Float64Array[]): { readonly t: number; readonly sums: number } {
  const sums = curves.flatMap((equity) => {
    const whole = Math.floor((equity.length - 1) / GATE.bars);
    return Array.from({ length: whole }, (_, i) => {
      const [from, to] = [equity[i * GATE.bars], equity[(i + 1) * GATE.bars]];
      return from > 0 && to > 0 ? log(to / from) : log(1e-9);
    });
  });
  const n = sums.length;
  if (n < 2) return { t: 0, sums: n };
  const mean = sums.reduce((total, x) => total + x, 0) / n;
  const variance = sums.reduce((total, x) => total + (x - mean) * (x - mean), 0) / (n - 1);
  return { t: variance > 0 ? mean / Math.sqrt(variance / n) : 0, sums: n };
}
