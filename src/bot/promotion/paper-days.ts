import type { Condition } from './condition.ts';

const DAY_MS = 86_400_000;

/**
 * Traded on paper, on the same venue, for long enough, and every journal replays without a difference. What counts is
 * the bars that were decided as they came: time in which no bot ran is none, and that of two bots side by side is one.
 */
export const paperDays: Condition = {
  name: 'paper-days',
  doc: 'enough verified days of paper trading on the same venue, for each symbol',
  check({ paper, symbols, timeframeMs, requiredPaperDays }) {
    const differing = paper.filter(({ differences }) => differences > 0).length;
    if (differing > 0) return `${differing} of its paper journals differ from their replay; see 'tradernet verify'`;
    for (const symbol of symbols) {
      const bars = new Set(paper.flatMap(({ fresh }) => fresh.get(symbol) ?? []));
      const days = (bars.size * timeframeMs) / DAY_MS;
      if (days < requiredPaperDays)
        return `${symbol} has ${days.toFixed(1)} verified days on paper, ${requiredPaperDays} are asked for; run 'tradernet paper'`;
    }
    return null;
  },
};
