import { defineIndicator } from './indicator.ts';

const HOUR_MS = 3_600_000;

/** Hour of the bar's end, UTC, 0-23. */
export const hour = defineIndicator({
  name: 'hour',
  docs: "hour of the bar's end, UTC",
  parameters: {},
  create: () => ({
    id: 'hour',
    columns: ['hour'],
    needs: 'candles',
    warmup: 0,
    memory: 0,
    start(_state, timeframeMs) {
      return (candle, out, at) => {
        out[at] = Math.floor((candle.timeMs + timeframeMs) / HOUR_MS) % 24;
      };
    },
  }),
});
