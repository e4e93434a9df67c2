import { type IndicatorCase, isStill, rollingOf } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { period: 14 }, instead: ({ close }, row) => (isStill(close.slice(row - 13, row + 1)) ? 50 : null) },
  expected: ({ close, length }, { period }) => {
    const n = Number(period);
    const rsi = rollingOf(length, n, (_, to) => {
      let [up, down] = [0, 0];
      for (let i = 1; i <= to; i++) {
        const move = close[i] - close[i - 1];
        up = (up * (n - 1) + Math.max(move, 0)) / n;
        down = (down * (n - 1) + Math.max(-move, 0)) / n;
      }
      return down === 0 ? 100 : (100 * up) / (up + down);
    });
    return [
      rollingOf(length, 2 * n - 1, (_, to) => {
        const seen = rsi.slice(to - n + 1, to + 1);
        const [low, high] = [Math.min(...seen), Math.max(...seen)];
        return high - low < 1e-9 ? 50 : (100 * (rsi[to] - low)) / (high - low);
      }),
    ];
  },
};
