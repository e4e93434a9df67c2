import { choice, defineIndicator } from './indicator.ts';

/**
 * The Google Trends score that was published at the bar's close. With `missing: 'zero'` (the published set) bars
 * without one count as 0; with `missing: 'refuse'` such a bar gives no complete row.
 */
export const trends = defineIndicator({
  name: 'trends',
  docs: 'Google Trends score; bars without one are refused, or count as 0',
  parameters: { missing: choice('refuse', 'zero') },
  create: ({ missing }) => ({
    id: `trends(missing-${missing})`,
    columns: ['trends'],
    needs: missing === 'zero' ? 'candles' : 'trends',
    warmup: 0,
    memory: 0,
    start() {
      return (candle, out, at) => {
        out[at] = missing === 'zero' && Number.isNaN(candle.trends) ? 0 : candle.trends;
      };
    },
  }),
});
