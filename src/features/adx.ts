import { decayBars, defineIndicator } from './indicator.ts';

// What each cell of the state holds.
const BARS = 0;
const HIGH = 1;
const LOW = 2;
const UP = 3;
const DOWN = 4;
const AVERAGE = 5;

const PERIOD = 14;

/**
 * Wilder's average directional index over 14 bars, 0-100. Both directional indicators share the true range as their
 * divisor, so it cancels in DX = 100 |up - down| / (up + down), and only the smoothed movements are kept.
 * Sums begin with bars 1-14, the average of 14 DX with bar 27. DX is 0 where nothing moved.
 */
export const adx = defineIndicator({
  name: 'adx',
  docs: "Wilder's average directional index over 14 bars",
  parameters: {},
  create: () => ({
    id: 'adx',
    columns: ['adx'],
    needs: 'candles',
    warmup: 2 * PERIOD - 1,
    memory: 1 + 2 * decayBars(1 / PERIOD),
    start(state) {
      const cells = state.cells(6);
      return (candle, out, at) => {
        const bar = cells[BARS]++;
        const rise = candle.high - cells[HIGH];
        const fall = cells[LOW] - candle.low;
        cells[HIGH] = candle.high;
        cells[LOW] = candle.low;
        out[at] = Number.NaN;
        if (bar === 0) return;

        const keep = bar <= PERIOD ? 1 : 1 - 1 / PERIOD;
        cells[UP] = keep * cells[UP] + (rise > fall && rise > 0 ? rise : 0);
        cells[DOWN] = keep * cells[DOWN] + (fall > rise && fall > 0 ? fall : 0);
        if (bar < PERIOD) return;

        const moved = cells[UP] + cells[DOWN];
        const index = moved > 0 ? (100 * Math.abs(cells[UP] - cells[DOWN])) / moved : 0;
        if (bar < 2 * PERIOD) {
          cells[AVERAGE] += index / PERIOD;
          if (bar < 2 * PERIOD - 1) return;
        } else {
          cells[AVERAGE] += (index - cells[AVERAGE]) / PERIOD;
        }
        out[at] = cells[AVERAGE];
      };
    },
  }),
});
