import type { Condition } from './condition.ts';

const DAY_MS = 86_400_000;

/** Traded on paper, on the same venue, for long enough, and every journal replays without a difference. */
export const paperDays: Condition = {
  name: 'paper-days',
  doc: 'enough verified days of paper trading on the same venue, for each symbol',
  check({ paper, symbols, requiredPaperDays }) {
    const differing = paper.filter(({ differences }) => differences > 0).length;
    if (differing > 0) return `${differing} of its paper journals differ from their replay; see 'tradernet verify'`;
    for (const symbol of symbols) {
      const spans = paper.filter((journal) => journal.symbols.includes(symbol)).map(({ spanMs }) => spanMs);
      const days = spans.reduce((sum, spanMs) => sum + spanMs, 0) / DAY_MS;
      if (days < requiredPaperDays)
        return `${symbol} has ${days.toFixed(1)} verified days on paper, ${requiredPaperDays} are asked for; run 'tradernet paper'`;
    }
    return null;
  },
};
