import type { SeriesKey } from '../market/series.ts';
import { configSchema } from './config.ts';
import { formatTimeframe } from './options.ts';
import { shellWord } from './shell-word.ts';

/** The line that proposes to train on stored candles: it works as it stands, in any shell. */
export function proposeTraining({ venue, symbol, timeframeMs }: SeriesKey): string {
  const { market } = configSchema.parse({});
  const length = formatTimeframe(timeframeMs);
  const flags = [
    `--symbol ${shellWord(symbol)}`,
    ...(venue === market.venue ? [] : [`--venue ${shellWord(venue)}`]),
    ...(length === market.timeframe ? [] : [`--timeframe ${length}`]),
  ];
  return `next:  tradernet train ${flags.join(' ')}`;
}
