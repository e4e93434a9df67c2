import { bars, defineIndicator } from './indicator.ts';
import { RollingWindow } from './rolling.ts';

/**
 * Money flow index: Quong and Soudack, "Volume-Weighted RSI: Money Flow", 1989. Of the last `period` moves of the typical
 * price (H + L + C) / 3, the share of price x volume that went with rises, 0 to 100; 50 where nothing flowed.
 */
export const mfi = defineIndicator({
  name: 'mfi',
  docs: 'money flow index: the share of turnover that went with rises, 0 to 100',
  parameters: { period: bars(14, 2, 500) },
  create: ({ period }) => ({
    id: `mfi(${period})`,
    columns: [`mfi_${period}`],
    needs: 'candles',
    warmup: period,
    memory: period,
    start(state) {
      const previous = state.cells(2);
      const rises = new RollingWindow(state, period);
      const falls = new RollingWindow(state, period);
      return ({ high, low, close, volume }, out, at) => {
        const typical = (high + low + close) / 3;
        const flow = typical * volume;
        if (previous[0]++ > 0) {
          rises.push(typical > previous[1] ? flow : 0);
          falls.push(typical < previous[1] ? flow : 0);
        }
        previous[1] = typical;
        if (!rises.full) {
          out[at] = Number.NaN;
          return;
        }
        const [up, down] = [rises.sum(), falls.sum()];
        out[at] = up + down > 0 ? (100 * up) / (up + down) : 50;
      };
    },
  }),
});
