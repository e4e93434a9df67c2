import { type IndicatorCase, isWithoutRange } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: {}, instead: (series, row) => (isWithoutRange(series, row - 19, row + 1) ? 0 : null) },
  expected: () => null,
};
