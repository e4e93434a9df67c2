/** An evaluation as a terminal shows it. */
import type { Evaluation, Scored } from './evaluation.ts';
import { formatMetric, formatNumber, formatShare, formatTime, formatTimeframe, NOTHING } from './format.ts';
import { METRICS } from './metrics/index.ts';
import { formatTable } from './table-text.ts';

/** What the comparison shows of each policy; the subject's full list follows. */
const COMPARED = [
  ['cumulativeReturn', 'return'],
  ['sharpe', 'Sharpe'],
  ['maxDrawdown', 'max drawdown'],
  ['volatility', 'volatility'],
  ['exposure', 'exposure'],
  ['trades', 'trades'],
  ['winRate', 'win rate'],
  ['feesPaid', 'fees'],
] as const;

function compare(scored: readonly Scored[]): string {
  const unitOf = new Map(METRICS.map(({ name, unit }) => [name, unit]));
  const rows = scored.map(({ label, metrics }) => [
    label,
    ...COMPARED.map(([name]) => formatMetric(metrics[name], unitOf.get(name) ?? 'ratio')),
  ]);
  return formatTable(['policy', ...COMPARED.map(([, title]) => title)], rows);
}

/** Peak, trough and recovery of the maximum drawdown in words. */
export function describeDrawdown({ drawdown, metrics }: Scored, timeframeMs: number): string {
  if (metrics.maxDrawdown === 0) return 'never below a peak';
  const { peakMs, troughMs, recoveredMs } = drawdown;
  const end = recoveredMs === null ? 'not recovered' : `recovered ${formatTime(recoveredMs, timeframeMs)}`;
  return `${formatTime(peakMs, timeframeMs)} to ${formatTime(troughMs, timeframeMs)}, ${end}`;
}

/** The whole evaluation as lines of text, the verdict first. */
export function renderTable(evaluation: Evaluation): string {
  const { subject, baselines, judgement, timeframeMs, randomRank, account } = evaluation;
  const { alpha, beta, superior, seeds, meanReturn, excessReturn, deflatedSharpe, minimumBars } = judgement;
  const from = formatTime(evaluation.fromMs, timeframeMs);
  const to = formatTime(evaluation.toMs, timeframeMs);
  const interval = ({ estimate, lower, upper }: typeof meanReturn) =>
    `${formatShare(estimate)} a year (95 %: ${formatShare(lower)} to ${formatShare(upper)})`;
  const acted = Object.entries(subject.verdicts)
    .map(([rule, counts]) => ({ rule, counts: [counts.deny, counts['reduce-only'], counts.halt] }))
    .filter(({ counts }) => counts.some((count) => count > 0))
    .map(({ rule, counts }) => [rule, ...counts.map((count) => formatNumber(count, 0))]);
  return [
    `Verdict: ${judgement.verdict}`,
    `  ${judgement.reason}`,
    '',
    `${evaluation.venue} ${evaluation.symbol} ${formatTimeframe(timeframeMs)}, ${evaluation.fold} fold: ${formatNumber(evaluation.bars, 0)} bars, ${from} to ${to} UTC, seed ${evaluation.seed}`,
    '',
    compare([subject, ...baselines]),
    '',
    formatTable(
      [subject.label, ''],
      METRICS.map(({ name, label, unit }) => [label, formatMetric(subject.metrics[name], unit)]),
    ),
    '',
    `Maximum drawdown        ${describeDrawdown(subject, timeframeMs)}`,
    `Costs charged           fee ${formatShare(account.feeRate)}, slippage ${formatShare(account.slippageRate)}, each side`,
    `Mean return             ${interval(meanReturn)}`,
    `Beyond its market share ${interval(alpha)}, beta ${formatNumber(beta.estimate, 2)}`,
    `Minus buy and hold      ${interval(excessReturn)}`,
    `Luck alone is this good ${superior === null ? NOTHING : `in ${formatShare(superior.p)} of cases`}, ${judgement.trials} ${judgement.trials === 1 ? 'configuration' : 'configurations'} looked at, ${seeds.seen} of ${seeds.asked} seeds`,
    `Deflated Sharpe ratio   ${deflatedSharpe === null ? NOTHING : formatNumber(deflatedSharpe, 3)} after ${judgement.trials} ${judgement.trials === 1 ? 'trial' : 'trials'} on this fold; it decides nothing`,
    `Bars to prove it        ${minimumBars === null ? 'no number of bars would' : formatNumber(minimumBars, 0)}`,
    `Beats random trading    ${randomRank === null ? NOTHING : `${formatShare(randomRank)} of policies with the same turnover`}`,
    ...(acted.length === 0
      ? []
      : [
          '',
          formatTable(['rule (those that acted)', 'deny', 'reduce-only', 'halt'], acted),
          `overridden decisions: ${formatNumber(subject.overridden, 0)}`,
        ]),
    ...(subject.haltedMs === null ? [] : [`halted by the shield at ${formatTime(subject.haltedMs, timeframeMs)}`]),
    ...(subject.endedMs === null ? [] : [`the account came to its end at ${formatTime(subject.endedMs, timeframeMs)}`]),
  ].join('\n');
}
