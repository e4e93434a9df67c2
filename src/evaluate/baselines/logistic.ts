/**
 * Logistic regression on the newest row of the agent's own columns: will the price rise from the next open to the one
 * after the horizon? Fitted on the training fold only, its threshold for trading chosen there, too, through the
 * account. Whatever a network earns beyond it is what the network is for.
 */
import { BUY, HOLD, SELL } from '../../core/action.ts';
import { PLAIN } from '../../core/agent.ts';
import type { CandleSeries } from '../../core/candle.ts';
import { exp, log } from '../../core/math.ts';
import type { ScaledTable } from '../../features/observation.ts';
import { backtest } from '../backtest.ts';
import type { Policy } from '../policy.ts';
import type { RowRange } from '../split.ts';
import type { Baseline, BaselineContext } from './baseline.ts';

/** Bars from the fill to the price that the label compares it with. */
const HORIZON = 1;
/** Penalty on the squared weights, in units of one row's loss; the columns are standardised. */
const RIDGE = 10;
/** Distances of the probability from 1/2 beyond which it trades; the training fold chooses. */
const MARGINS = [0, 0.01, 0.02, 0.05, 0.1, 0.2];
const ITERATIONS = 25;

export interface LogisticModel {
  readonly weights: Float64Array;
  readonly intercept: number;
}

/** Solves the symmetric positive definite A x = b by Cholesky, in place; x is left in `b`. */
function solve(a: Float64Array, b: Float64Array): void {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
}

/**
 * Minimises the sum of log losses + ridge / 2 |w|^2 (the intercept is free) by Newton's method.
 * @param x (rows, width) row-major
 * @param y (rows) 0 or 1
 */
export function fitLogistic(x: Float64Array, y: Uint8Array, width: number, ridge: number): LogisticModel {
  const size = width + 1;
  const theta = new Float64Array(size);
  const row = new Float64Array(size);
  row[width] = 1;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const hessian = new Float64Array(size * size);
    const gradient = new Float64Array(size);
    for (let i = 0; i < width; i++) {
      hessian[i * size + i] = ridge;
      gradient[i] = -ridge * theta[i];
    }
    // A constant label has no finite intercept; this keeps the system solvable.
    hessian[width * size + width] = 1e-9;
    for (let r = 0; r < y.length; r++) {
      let score = theta[width];
      for (let i = 0; i < width; i++) {
        row[i] = x[r * width + i];
        score += theta[i] * row[i];
      }
      const p = 1 / (1 + exp(-score));
      const weight = p * (1 - p);
      for (let i = 0; i < size; i++) {
        gradient[i] += (y[r] - p) * row[i];
        const scaled = weight * row[i];
        for (let j = 0; j <= i; j++) hessian[i * size + j] += scaled * row[j];
      }
    }
    solve(hessian, gradient);
    let largest = 0;
    for (let i = 0; i < size; i++) {
      theta[i] += gradient[i];
      largest = Math.max(largest, Math.abs(gradient[i]));
    }
    if (largest < 1e-10) break;
  }
  return { weights: theta.slice(0, width), intercept: theta[width] };
}

/** The probability of a rise at every decidable row, 1/2 elsewhere, by a model that has seen the training rows only. */
function predict(series: CandleSeries, table: ScaledTable, train: RowRange): Float64Array {
  const { marketWidth, width, data, decidable } = table;
  const { open } = series;
  const rows: number[] = [];
  // The label's last price must lie in the training fold, too.
  for (let row = train.from; row + 1 + HORIZON < train.to; row++) if (decidable[row] === 1) rows.push(row);
  const probabilities = new Float64Array(table.rows).fill(0.5);
  if (rows.length < 2) return probabilities;

  const mean = new Float64Array(marketWidth);
  const deviation = new Float64Array(marketWidth);
  for (let c = 0; c < marketWidth; c++) {
    for (const row of rows) mean[c] += data[row * width + c] / rows.length;
    for (const row of rows) deviation[c] += (data[row * width + c] - mean[c]) * (data[row * width + c] - mean[c]);
    deviation[c] = Math.sqrt(deviation[c] / rows.length) || 1;
  }
  const x = new Float64Array(rows.length * marketWidth);
  const y = new Uint8Array(rows.length);
  rows.forEach((row, r) => {
    for (let c = 0; c < marketWidth; c++) x[r * marketWidth + c] = (data[row * width + c] - mean[c]) / deviation[c];
    y[r] = open[row + 1 + HORIZON] > open[row + 1] ? 1 : 0;
  });
  const { weights, intercept } = fitLogistic(x, y, marketWidth, RIDGE);
  for (let row = 0; row < table.rows; row++) {
    if (decidable[row] === 0) continue;
    let score = intercept;
    for (let c = 0; c < marketWidth; c++) score += (weights[c] * (data[row * width + c] - mean[c])) / deviation[c];
    probabilities[row] = 1 / (1 + exp(-score));
  }
  return probabilities;
}

function thresholdPolicy(probabilities: Float64Array, margin: number): Policy {
  return {
    name: 'logistic',
    decide: (row, obs) => {
      const lean = probabilities[row] - 0.5;
      const wish = lean > margin ? BUY : lean < -margin ? SELL : HOLD;
      return PLAIN[obs.mask[wish] === 1 ? wish : HOLD];
    },
  };
}

/** The margin that earned most on the training fold, costs included. */
function chooseMargin(context: BaselineContext, probabilities: Float64Array, train: RowRange): number {
  const { series, table, account } = context;
  let best = MARGINS[0];
  let bestReturn = Number.NEGATIVE_INFINITY;
  for (const margin of MARGINS) {
    const policy = thresholdPolicy(probabilities, margin);
    const { equity, startingEquity, bars } = backtest({ policy, series, table, account, shield: null, rows: train });
    const earned = log(Math.max(equity[bars - 1], 1e-9 * startingEquity) / startingEquity);
    if (earned > bestReturn) {
      best = margin;
      bestReturn = earned;
    }
  }
  return best;
}

export const logistic: Baseline = {
  name: 'logistic',
  label: 'Logistic regression',
  doc: 'ridge logistic regression on the same columns, fitted and its threshold chosen on the training fold only',
  needs: ['table', 'train'],
  create: (context) => {
    const train = context.train as RowRange;
    const probabilities = predict(context.series, context.table as ScaledTable, train);
    return { policy: thresholdPolicy(probabilities, chooseMargin(context, probabilities, train)) };
  },
};
