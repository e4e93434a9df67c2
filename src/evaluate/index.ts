/** What other rooms use of evaluation. */
export { type Ablation, type AblationOptions, type AblationRow, ablate } from './ablation.ts';
export { ablationSection, renderAblation } from './ablation-text.ts';
export { type BacktestOptions, backtest } from './backtest.ts';
export { BASELINES, type Baseline, type BaselineContext, backtestBaseline, findBaseline } from './baselines/index.ts';
export {
  type Evaluation,
  type EvaluationOptions,
  evaluate,
  evaluateBaseline,
  evaluatePolicy,
  type Scored,
} from './evaluation.ts';
export { findLeak, findPolicyLeak, testDelay } from './leak-check.ts';
export { barReturns, type Fill, type Ledger, type Trade } from './ledger.ts';
export { METRICS, type Metric, type Metrics, measure } from './metrics.ts';
export { overfittingProbability } from './overfitting.ts';
export { agentPolicy, delayPolicy, type Policy } from './policy.ts';
export { type PurgedFold, purgedFolds } from './purged.ts';
export { renderReport } from './report/html.ts';
export { interquartileMean, summarizeSeeds } from './seeds.ts';
export { deflatedSharpe, minimumTrackRecord, sharpeSample, type Trials } from './sharpe-ratio.ts';
export { embargoRows, type RowRange, rowAt, type Split, splitChronologically, walkForward } from './split.ts';
export { renderTable } from './summary-text.ts';
export { formatTable } from './table-text.ts';
export { countTrials, type Judgement, judge, VERDICTS, type VerdictText } from './verdict.ts';
