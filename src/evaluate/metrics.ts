/**
 * The measures of a ledger, in the order in which tables show them. Bar returns are simple, the risk-free rate is 0,
 * and a year is 365.25 days, since these markets never close. A measure without a value (a Sharpe ratio of a flat
 * line, a win rate without trades) is null.
 */
import { ACTION_COUNT, BUY, HOLD, SELL } from '../core/action.ts';
import { exp, log } from '../core/math.ts';
import { maximumDrawdown } from './drawdown.ts';
import { barReturns, type Ledger } from './ledger.ts';
import { mean, variance } from './moments.ts';
import { barsPerYear } from './sharpe-ratio.ts';

export type MetricUnit = 'share' | 'ratio' | 'log' | 'quote' | 'count' | 'bars' | 'bits' | 'per year';

export interface Metric {
  readonly name: string;
  readonly label: string;
  readonly unit: MetricUnit;
  /** Which way is good; null where neither is. */
  readonly better: 'higher' | 'lower' | null;
  readonly doc: string;
  /** null where the ledger has no such value. */
  compute(ledger: Ledger): number | null;
}

/**
 * The value of each metric by its name; null where it has none, as the Sharpe ratio of an account that never moved.
 */
export type Metrics = Readonly<Record<string, number | null>>;

const YEAR_DOC = 'annualised with bars of this length in 365.25 days';

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function logReturn(ledger: Ledger): number {
  return log(ledger.equity[ledger.bars - 1] / ledger.startingEquity);
}

/** sqrt(mean(min(r, 0)^2)) over all bars: the deviation below a target of 0. */
function downsideDeviation(returns: Float64Array): number {
  let sum = 0;
  for (const r of returns) if (r < 0) sum += r * r;
  return Math.sqrt(sum / returns.length);
}

/**
 * Mean of the worst `tail` of the returns; the boundary return counts with the part of it that lies in the tail
 * (Acerbi and Tasche, "On the coherence of expected shortfall", 2002).
 */
export function expectedShortfall(returns: Float64Array, tail: number): number {
  const sorted = returns.toSorted();
  const size = tail * sorted.length;
  const whole = Math.floor(size);
  let sum = 0;
  for (let i = 0; i < whole; i++) sum += sorted[i];
  if (whole < sorted.length) sum += (size - whole) * sorted[whole];
  return sum / size;
}

function meanExposure(ledger: Ledger): number {
  let sum = 0;
  for (let i = 0; i < ledger.bars; i++) {
    const equity = ledger.equity[i];
    if (equity > 0) sum += Math.abs(ledger.position[i] * ledger.close[i]) / equity;
  }
  return sum / ledger.bars;
}

/** Share of each final action among the bars on which the policy was asked; null where it never was. */
function actionShares(ledger: Ledger): number[] | null {
  const counts = new Array<number>(ACTION_COUNT).fill(0);
  let asked = 0;
  for (let i = 0; i < ledger.bars; i++) {
    if (ledger.decided[i] === 0) continue;
    counts[ledger.actions[i]]++;
    asked++;
  }
  return asked === 0 ? null : counts.map((count) => count / asked);
}

function profitFactor(ledger: Ledger): number | null {
  let won = 0;
  let lost = 0;
  for (const trade of ledger.trades) {
    if (trade.profit > 0) won += trade.profit;
    else lost -= trade.profit;
  }
  return lost === 0 ? null : won / lost;
}

function shareOf(action: number): (ledger: Ledger) => number | null {
  return (ledger) => actionShares(ledger)?.[action] ?? null;
}

/** A metric of the bar returns; null where there are none. */
function ofReturns(compute: (returns: Float64Array, perYear: number, ledger: Ledger) => number) {
  return (ledger: Ledger) => {
    const returns = barReturns(ledger);
    return returns.length < 2 ? null : finite(compute(returns, barsPerYear(ledger.timeframeMs), ledger));
  };
}

/** Every metric, in the order of the tables; one more is a line here. */
export const METRICS: readonly Metric[] = [
  {
    name: 'cumulativeReturn',
    label: 'Cumulative return',
    unit: 'share',
    better: 'higher',
    doc: 'final equity / starting equity - 1',
    compute: (ledger) => ledger.equity[ledger.bars - 1] / ledger.startingEquity - 1,
  },
  {
    name: 'logReturn',
    label: 'Log return',
    unit: 'log',
    better: 'higher',
    doc: 'ln(final equity / starting equity)',
    compute: (ledger) => finite(logReturn(ledger)),
  },
  {
    name: 'sharpe',
    label: 'Sharpe ratio',
    unit: 'ratio',
    better: 'higher',
    doc: `mean / standard deviation (ddof 1) of simple bar returns, risk-free rate 0, ${YEAR_DOC}`,
    compute: ofReturns((returns, perYear) => (mean(returns) / Math.sqrt(variance(returns))) * Math.sqrt(perYear)),
  },
  {
    name: 'sortino',
    label: 'Sortino ratio',
    unit: 'ratio',
    better: 'higher',
    doc: `mean / downside deviation (target 0, all bars in the denominator), ${YEAR_DOC}`,
    compute: ofReturns((returns, perYear) => (mean(returns) / downsideDeviation(returns)) * Math.sqrt(perYear)),
  },
  {
    name: 'maxDrawdown',
    label: 'Maximum drawdown',
    unit: 'share',
    better: 'lower',
    doc: 'deepest fall of marked-to-market equity from a peak before it, as a share of the peak',
    compute: (ledger) => maximumDrawdown(ledger.equity).depth,
  },
  {
    name: 'calmar',
    label: 'Calmar ratio',
    unit: 'ratio',
    better: 'higher',
    doc: 'compound return a year / maximum drawdown',
    compute: ofReturns((returns, perYear, ledger) => {
      const perYearReturn = exp((logReturn(ledger) * perYear) / returns.length) - 1;
      return perYearReturn / maximumDrawdown(ledger.equity).depth;
    }),
  },
  {
    name: 'volatility',
    label: 'Volatility',
    unit: 'share',
    better: 'lower',
    doc: `standard deviation (ddof 1) of simple bar returns, ${YEAR_DOC}`,
    compute: ofReturns((returns, perYear) => Math.sqrt(variance(returns) * perYear)),
  },
  {
    name: 'cvar5',
    label: 'CVaR 5 % (bar)',
    unit: 'share',
    better: 'higher',
    doc: 'mean of the worst 5 % of simple bar returns',
    compute: ofReturns((returns) => expectedShortfall(returns, 0.05)),
  },
  {
    name: 'turnover',
    label: 'Turnover',
    unit: 'per year',
    better: null,
    doc: 'quote amount traded (both sides) / mean equity, a year',
    compute: ofReturns(
      (returns, perYear, ledger) => ((ledger.turnover / mean(ledger.equity)) * perYear) / returns.length,
    ),
  },
  {
    name: 'exposure',
    label: 'Exposure',
    unit: 'share',
    better: null,
    doc: 'mean over bars of the absolute value of the position at the close / equity',
    compute: meanExposure,
  },
  {
    name: 'trades',
    label: 'Trades',
    unit: 'count',
    better: null,
    doc: 'closed trades, each from flat to flat',
    compute: (ledger) => ledger.trades.length,
  },
  {
    name: 'winRate',
    label: 'Win rate',
    unit: 'share',
    better: 'higher',
    doc: 'share of closed trades that ended with a profit after costs',
    compute: ({ trades }) =>
      trades.length === 0 ? null : trades.filter((trade) => trade.profit > 0).length / trades.length,
  },
  {
    name: 'profitFactor',
    label: 'Profit factor',
    unit: 'ratio',
    better: 'higher',
    doc: 'sum of the profits of winning trades / sum of the losses of losing ones',
    compute: profitFactor,
  },
  {
    name: 'barsPerTrade',
    label: 'Bars per trade',
    unit: 'bars',
    better: null,
    doc: 'mean bars from the first fill of a trade to its last',
    compute: ({ trades }) => (trades.length === 0 ? null : mean(trades.map((trade) => trade.exitRow - trade.entryRow))),
  },
  {
    name: 'feesPaid',
    label: 'Fees paid',
    unit: 'quote',
    better: 'lower',
    doc: 'fees of all fills',
    compute: (ledger) => ledger.feesPaid,
  },
  {
    name: 'slippagePaid',
    label: 'Slippage paid',
    unit: 'quote',
    better: 'lower',
    doc: 'difference of all fills to their undisturbed price',
    compute: (ledger) => ledger.slippagePaid,
  },
  {
    name: 'sellShare',
    label: 'SELL share',
    unit: 'share',
    better: null,
    doc: 'share of SELL among the final actions',
    compute: shareOf(SELL),
  },
  {
    name: 'buyShare',
    label: 'BUY share',
    unit: 'share',
    better: null,
    doc: 'share of BUY among the final actions',
    compute: shareOf(BUY),
  },
  {
    name: 'holdShare',
    label: 'HOLD share',
    unit: 'share',
    better: null,
    doc: 'share of HOLD among the final actions',
    compute: shareOf(HOLD),
  },
  {
    name: 'actionEntropy',
    label: 'Action entropy',
    unit: 'bits',
    better: null,
    doc: 'entropy of the shares of the final actions; 0 for a constant policy, log2(3) = 1.585 at most',
    compute: (ledger) => {
      const shares = actionShares(ledger);
      return shares?.reduce((sum, p) => (p > 0 ? sum - (p * log(p)) / Math.LN2 : sum), 0) ?? null;
    },
  },
];

/**
 * Every registered metric of a ledger.
 * @example
 * measure(ledger).trades; // => 1
 */
export function measure(ledger: Ledger): Metrics {
  return Object.fromEntries(METRICS.map((metric) => [metric.name, metric.compute(ledger)]));
}
