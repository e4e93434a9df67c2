import { longestUnderWater } from '../drawdown.ts';
import type { Metric } from './metric.ts';

/**
 * Bailey and Lopez de Prado, "Stop-outs under serial correlation and the triple penance rule" (Journal of Risk 18(2),
 * 2015): the time under water is how long an account takes to come back to a peak.
 */
export const drawdownBars: Metric = {
  name: 'drawdownBars',
  label: 'Longest drawdown',
  unit: 'bars',
  better: 'lower',
  doc: 'bars from a peak to the close that reached it again, or to the end where none did; the longest such stretch',
  compute: ({ equity }) => longestUnderWater(equity),
};

export const underWater: Metric = {
  name: 'underWater',
  label: 'Time under water',
  unit: 'share',
  better: 'lower',
  doc: 'share of the closes at which equity was below an earlier peak',
  compute: ({ equity, bars }) => {
    let peak = Number.NEGATIVE_INFINITY;
    let below = 0;
    for (const value of equity) {
      if (value < peak) below++;
      else peak = value;
    }
    return below / bars;
  },
};
