/**
 * How long to wait before the next attempt: firstMs x 2^failures, at most longestMs.
 * @param failures attempts that failed in a row before the one that failed last
 */
export function backoffMs(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * (1 << Math.min(failures, 16)));
}
