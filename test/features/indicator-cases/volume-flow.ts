import { volumeFlow } from '../../../src/features/volume-flow.ts';
import { columnsOf, type IndicatorCase } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: { unit: 'volume', difference: 'first' }, inPrice: true },
  /** From the first differences in units of volume, which the golden numbers cover. */
  expected: (series, { unit, difference }) => {
    if (unit === 'volume' && difference === 'first') return null;
    return columnsOf(volumeFlow.create({ unit: 'volume', difference: 'first' }), series).map((first) =>
      first.map((value, i) => {
        const change = difference === 'first' ? value : value - (first[i - 1] ?? Number.NaN);
        if (unit === 'volume') return change;
        if (i < 19) return Number.NaN;
        const mean = series.volume.subarray(i - 19, i + 1).reduce((sum, x) => sum + x, 0) / 20;
        return mean > 0 ? change / mean : 0;
      }),
    );
  },
};
