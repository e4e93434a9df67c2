/** Protective price levels of a position: a signed distance from a price, and how several levels become one. */
import type { ProtectiveLevels } from '../core/shield.ts';

/** The price at which the position has gained `gain` (a share of `price`, negative: lost); NaN when flat. */
export function levelAt(position: number, price: number, gain: number): number {
  if (position > 0) return price * (1 + gain);
  return position < 0 ? price * (1 - gain) : Number.NaN;
}

/** True where `price` is at or on the losing side of `level`. False where there is no level. */
export function isBeyond(position: number, price: number, level: number): boolean {
  return position > 0 ? price <= level : position < 0 && price >= level;
}

/** Of two levels the one that is reached first from inside; NaN is no level. */
export function joinLevels(position: number, a: ProtectiveLevels, b: ProtectiveLevels): ProtectiveLevels {
  const pick = (x: number, y: number, upper: boolean): number => {
    if (Number.isNaN(x)) return y;
    if (Number.isNaN(y)) return x;
    return upper ? Math.max(x, y) : Math.min(x, y);
  };
  const long = position > 0;
  return { stop: pick(a.stop, b.stop, long), target: pick(a.target, b.target, !long) };
}
