/**
 * The whole examination of a policy on a fold it never saw: its ledger beside those of all baselines, and the verdict.
 * The result is plain JSON; the terminal table and the report are made of it alone.
 */
import type { AccountConfig } from '../core/account.ts';
import type { Agent } from '../core/agent.ts';
import type { CandleSeries } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import type { Shield } from '../core/shield.ts';
import type { ScaledTable } from '../features/observation.ts';
import type { Trial } from '../runs/registry.ts';
import { backtest } from './backtest.ts';
import { type Bands, drawBands } from './bands.ts';
import { type BaselineContext, isPossible } from './baselines/baseline.ts';
import { BASELINES, backtestBaseline, findBaseline } from './baselines/index.ts';
import { backtestRandom, matchTurnover } from './baselines/random.ts';
import { maximumDrawdown } from './drawdown.ts';
import { testDelay } from './leak-check.ts';
import { barReturns, type Ledger, type TradeExit, type VerdictCounts } from './ledger.ts';
import { type JudgedBars, type Looker, NO_LOOKS, sortLooks } from './looks.ts';
import { type Metrics, measure } from './metrics/index.ts';
import { monthlyReturns, type YearOfMonths } from './monthly.ts';
import { agentPolicy, type Policy } from './policy.ts';
import { describeRegimes, type Regime } from './regimes.ts';
import type { RowRange } from './split.ts';
import { type Judgement, judge } from './verdict.ts';

/** Random policies of the same turnover that the subject is ranked among. */
const RANDOM_PATHS = 50;

/** A ledger's figures, without its bars. */
export interface Scored {
  readonly name: string;
  readonly label: string;
  readonly doc: string;
  readonly metrics: Metrics;
  /** Unix ms of the opens of the bars of the maximum drawdown; `recoveredMs` is null where the peak wasn't reached again. */
  readonly drawdown: { readonly peakMs: number; readonly troughMs: number; readonly recoveredMs: number | null };
  readonly overridden: number;
  readonly noOps: number;
  readonly borrowPaid: number;
  readonly verdicts: Readonly<Record<string, VerdictCounts>>;
  /** How the trades ended: count by reason. */
  readonly exits: Readonly<Partial<Record<TradeExit, number>>>;
  readonly endedMs: number | null;
  readonly haltedMs: number | null;
}

/** What the report draws. Index i is the bar that opens at `timeMs[i]`. */
export interface Chart {
  readonly timeMs: readonly number[];
  readonly close: readonly number[];
  readonly curves: readonly { readonly name: string; readonly label: string; readonly equity: readonly number[] }[];
  /** Signed value of the subject's position / equity at the close. */
  readonly exposure: readonly number[];
  /** Final actions of the subject, -1 where nobody was asked. */
  readonly actions: readonly number[];
  readonly fills: readonly {
    readonly index: number;
    readonly quantity: number;
    readonly price: number;
    readonly reason: TradeExit;
  }[];
}

/**
 * The whole examination of a policy on a fold, as plain JSON: the terminal table and the report are made of it alone.
 */
export interface Evaluation {
  readonly schema: 1;
  readonly venue: string;
  readonly symbol: string;
  readonly timeframeMs: number;
  /** `test`, or what else was looked at. */
  readonly fold: string;
  /** Opens of the first and the last bar. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly bars: number;
  readonly account: AccountConfig;
  readonly seed: number;
  readonly judgement: Judgement;
  readonly subject: Scored;
  readonly baselines: readonly Scored[];
  /** Baselines that this evaluation can't have. */
  readonly skipped: readonly string[];
  /** Share of random policies of the same turnover that earned less; null without turnover. */
  readonly randomRank: number | null;
  /** What ran: checkpoint, data hash, config, kernels. */
  readonly provenance: Readonly<Record<string, Json>>;
  /** Simple returns of the subject, bar by bar, and buy-and-hold's. */
  readonly returns: readonly number[];
  readonly held: readonly number[];
  readonly monthly: readonly YearOfMonths[];
  /** What the same bars could have come to in another order. */
  readonly bands: Bands;
  /** What it did in falling and rising, calm and stormy weeks; empty where there are too few bars. */
  readonly regimes: readonly Regime[];
  readonly chart: Chart;
}

export interface EvaluationOptions {
  readonly series: CandleSeries;
  readonly table: ScaledTable | null;
  readonly split: { readonly train: RowRange | null; readonly test: RowRange };
  readonly account: AccountConfig;
  readonly shield: Shield | null;
  readonly seed: number;
  /** Rounds of the bootstrap behind the verdict. */
  readonly resamples?: number;
  /** What else has looked at these bars, and what is judged among it; default: nothing. */
  readonly looks?: Looker & { readonly trials: readonly Trial[] };
  /** Seeds that the subject stands for: the members of an ensemble. Default: 1. */
  readonly ownSeeds?: number;
  /** Why no verdict can be given on these bars; default: nothing is in the way. */
  readonly obstacle?: string | null;
  /** Default `test`. */
  readonly fold?: string;
  readonly provenance?: Readonly<Record<string, Json>>;
}

function score(ledger: Ledger, label: string, doc: string): Scored {
  const { peak, trough, recovery } = maximumDrawdown(ledger.equity);
  const timeOf = (row: number | null) => (row === null ? null : ledger.timeMs[row - ledger.firstRow]);
  const exits: Partial<Record<TradeExit, number>> = {};
  for (const { exit } of ledger.trades) exits[exit] = (exits[exit] ?? 0) + 1;
  return {
    name: ledger.name,
    label,
    doc,
    metrics: measure(ledger),
    drawdown: {
      peakMs: ledger.timeMs[peak],
      troughMs: ledger.timeMs[trough],
      recoveredMs: recovery === null ? null : ledger.timeMs[recovery],
    },
    overridden: ledger.overridden,
    noOps: ledger.noOps,
    borrowPaid: ledger.borrowPaid,
    verdicts: ledger.verdicts,
    exits,
    endedMs: timeOf(ledger.endedRow),
    haltedMs: timeOf(ledger.haltedRow),
  };
}

function chartOf(subject: Ledger, label: string, others: readonly { ledger: Ledger; label: string }[]): Chart {
  const curves = [{ ledger: subject, label }, ...others];
  return {
    timeMs: Array.from(subject.timeMs),
    close: Array.from(subject.close),
    curves: curves.map(({ ledger, label }) => ({ name: ledger.name, label, equity: Array.from(ledger.equity) })),
    exposure: Array.from(subject.position, (position, i) =>
      subject.equity[i] > 0 ? (position * subject.close[i]) / subject.equity[i] : 0,
    ),
    actions: Array.from(subject.actions, (action, i) => (subject.decided[i] === 1 ? action : -1)),
    fills: subject.fills.map(({ row, ...fill }) => ({ index: row - subject.firstRow, ...fill })),
  };
}

function rankAmongRandom(context: BaselineContext, subject: Ledger): number | null {
  if (subject.turnover === 0) return null;
  const rate = matchTurnover(context, subject);
  const final = subject.equity[subject.bars - 1];
  let below = 0;
  for (let path = 0; path < RANDOM_PATHS; path++) {
    const { equity, bars } = backtestRandom(context, rate, context.seed + 1000 + path);
    if (equity[bars - 1] < final) below++;
  }
  return below / RANDOM_PATHS;
}

/** What looks like an edge is tried one bar late before it is called one. */
function judgeSubject(
  options: EvaluationOptions,
  subject: Ledger,
  holding: Ledger,
  makePolicy: (() => Policy) | null,
): Judgement {
  const { series, table, account, split, seed, resamples, looks, obstacle = null, ownSeeds = 1 } = options;
  const bars: JudgedBars = {
    market: `${series.venue}:${series.symbol}`,
    timeframeMs: series.timeframeMs,
    timeMs: subject.timeMs,
    held: barReturns(holding),
  };
  const sorted = looks === undefined ? NO_LOOKS : sortLooks(bars, looks.trials, looks);
  const known = { seed, looks: sorted, obstacle, ownSeeds, ...(resamples === undefined ? {} : { resamples }) };
  const judgement = judge(subject, holding, known);
  if (judgement.verdict !== 'edge' || makePolicy === null) return judgement;
  const { kept } = testDelay({ makePolicy, series, table, account, rows: split.test });
  return judge(subject, holding, { ...known, keptWhenLate: kept });
}

function examine(
  options: EvaluationOptions,
  subject: Ledger,
  label: string,
  doc: string,
  makePolicy: (() => Policy) | null,
): Evaluation {
  const { series, table, split, account, seed, fold = 'test', provenance = {} } = options;
  const { train, test } = split;
  const context: BaselineContext = { series, table, account, train, test, reference: subject, seed };
  const possible = BASELINES.filter((baseline) => isPossible(baseline, context));
  const others = possible.map((baseline) => ({ ...baseline, ledger: backtestBaseline(baseline, context) }));
  const holding = others[possible.indexOf(findBaseline('buy-and-hold'))].ledger;
  // A baseline isn't put beside itself.
  const beside = others.filter(({ name }) => name !== subject.name);
  const judgement = judgeSubject(options, subject, holding, makePolicy);
  const returns = barReturns(subject);
  return {
    schema: 1,
    venue: series.venue,
    symbol: series.symbol,
    timeframeMs: series.timeframeMs,
    fold,
    fromMs: subject.timeMs[0],
    toMs: subject.timeMs[subject.bars - 1],
    bars: subject.bars,
    account,
    seed,
    judgement,
    subject: score(subject, label, doc),
    baselines: beside.map(({ ledger, label, doc }) => score(ledger, label, doc)),
    skipped: BASELINES.filter((baseline) => !possible.includes(baseline)).map(({ name }) => name),
    randomRank: rankAmongRandom(context, subject),
    provenance,
    returns: Array.from(returns),
    held: Array.from(barReturns(holding)),
    monthly: monthlyReturns(subject),
    bands: drawBands(returns, judgement.meanBlock, seed),
    regimes: describeRegimes(returns, barReturns(holding), series.timeframeMs),
    chart: chartOf(subject, label, beside),
  };
}

/**
 * An agent, behind the shield where there is one, through the test rows.
 * @throws InputError where the table isn't of the series, or the test fold has no bar that can be decided on
 * @example
 * const split = splitChronologically(series.timeMs, { trainShare: 0.6, validationShare: 0.2 }, 50);
 * const options = { agent, series, table, split, account: DEFAULT_ACCOUNT, shield: createShield(), seed: 1 };
 * evaluate(options).judgement.verdict === 'edge'; // => false
 */
export function evaluate(options: EvaluationOptions & { readonly agent: Agent; readonly label?: string }): Evaluation {
  const { agent, label = agent.kind.toUpperCase() } = options;
  return evaluatePolicy({ ...options, policy: agentPolicy(agent), label, doc: `the ${agent.kind} agent, greedy` });
}

/**
 * Any policy, as `evaluate` does an agent.
 * @example
 * const policy: Policy = { name: 'holds', decide: () => ({ action: HOLD, probabilities: null, qValues: null }) };
 * const split = splitChronologically(series.timeMs, { trainShare: 0.6, validationShare: 0.2 }, 50);
 * const { judgement } = evaluatePolicy({
 *   ...{ policy, label: 'Holds', doc: 'never trades', series, table: null, split, account: DEFAULT_ACCOUNT, shield: null },
 *   seed: 1,
 * });
 * judgement.verdict === 'edge'; // => false
 */
export function evaluatePolicy(
  options: EvaluationOptions & { readonly policy: Policy; readonly label: string; readonly doc: string },
): Evaluation {
  const { series, table, split, account, shield, policy, label, doc } = options;
  const ledger = backtest({ policy, series, table, account, shield, rows: split.test });
  return examine(options, ledger, label, doc, () => policy);
}

/**
 * A baseline by its name, without a shield. @throws InputError for an unknown name or one that needs an agent
 * @example
 * const split = splitChronologically(series.timeMs, { trainShare: 0.6, validationShare: 0.2 }, 50);
 * const { subject } = evaluateBaseline({
 *   ...{ name: 'buy-and-hold', series, table: null, split, account: DEFAULT_ACCOUNT, shield: null },
 *   seed: 1,
 * });
 * subject.metrics.trades; // => 1
 */
export function evaluateBaseline(options: EvaluationOptions & { readonly name: string }): Evaluation {
  const { series, table, split, account, seed, name } = options;
  const baseline = findBaseline(name);
  const { train, test } = split;
  const ledger = backtestBaseline(baseline, { series, table, account, train, test, reference: null, seed });
  return examine(options, ledger, baseline.label, baseline.doc, null);
}
