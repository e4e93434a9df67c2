/**
 * Which bars of a long series to draw: in each of equally long stretches the first bar and the extremes of every curve
 * that leads, so that no peak and no trough is lost.
 * @param leaders curves whose extremes are kept, all of one length
 * @returns ascending indices; all of them where there are no more than `limit`
 */
export function selectBars(leaders: readonly (readonly number[])[], limit: number): number[] {
  const { length } = leaders[0];
  if (length <= limit) return Array.from({ length }, (_, i) => i);
  const chosen = new Set([0, length - 1]);
  const stretches = Math.max(1, Math.floor(limit / (1 + 2 * leaders.length)));
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((length * stretch) / stretches);
    const to = Math.floor((length * (stretch + 1)) / stretches);
    chosen.add(from);
    for (const curve of leaders) {
      let low = from;
      let high = from;
      for (let i = from + 1; i < to; i++) {
        if (curve[i] < curve[low]) low = i;
        if (curve[i] > curve[high]) high = i;
      }
      chosen.add(low);
      chosen.add(high);
    }
  }
  return [...chosen].sort((a, b) => a - b);
}
