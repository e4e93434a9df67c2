import { type Metric, ofReturns } from './metric.ts';

/**
 * Mean of the worst `tail` of the returns; the boundary return counts with the part of it that lies in the tail
 * (Acerbi and Tasche, "On the coherence of expected shortfall", 2002).
 */
export function expectedShortfall(returns: Float64Array, tail: number): number {
  const sorted = returns.toSorted();
  const size = tail * sorted.length;
  const whole = Math.floor(size);
  let sum = 0;
  for (let i = 0; i < whole; i++) sum += sorted[i];
  if (whole < sorted.length) sum += (size - whole) * sorted[whole];
  return sum / size;
}

export const cvar5: Metric = {
  name: 'cvar5',
  label: 'CVaR 5 % (bar)',
  unit: 'share',
  better: 'higher',
  doc: 'mean of the worst 5 % of simple bar returns',
  compute: ofReturns((returns) => expectedShortfall(returns, 0.05)),
};
