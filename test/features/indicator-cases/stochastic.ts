import { type IndicatorCase, isWithoutRange } from './indicator-case.ts';

export const indicatorCase: IndicatorCase = {
  golden: { args: {}, instead: (series, row) => (isWithoutRange(series, row - 13, row + 1) ? 50 : null) },
  expected: () => null,
};
