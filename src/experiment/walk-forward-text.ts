/** A walk-forward as a terminal shows it. */
import type { Interval } from '../evaluate/bootstrap.ts';
import { formatNumber, formatShare, NOTHING } from '../evaluate/format.ts';
import { renderRegimes } from '../evaluate/outlook-text.ts';
import { formatTable } from '../evaluate/table-text.ts';
import type { Measure, ProfileSummary } from './walk-forward.ts';
import type { FoldsVerdict } from './walk-forward-verdict.ts';

const FORMATS: Readonly<Record<Measure, (value: number) => string>> = {
  cumulativeReturn: formatShare,
  sharpe: (value) => formatNumber(value, 2),
  maxDrawdown: formatShare,
};

function formatInterval({ estimate, lower, upper }: Interval, measure: Measure): string {
  const format = FORMATS[measure];
  return `${format(estimate)} (${format(lower)} to ${format(upper)})`;
}

/** What the difference of the maximum drawdown says, in words. */
function describeDifference({ profile, minusNone, lowerDrawdown }: ProfileSummary): string {
  if (minusNone === null) return '';
  const { lower, upper } = minusNone.maxDrawdown;
  const says = upper < 0 ? 'is lower' : lower > 0 ? 'is higher' : 'may be the same';
  return `${profile}: the maximum drawdown ${says}; lower in ${formatShare(lowerDrawdown ?? 0)} of the pairs`;
}

/** One verdict on a configuration over all folds, with what became of each. */
function describeVerdict({ profile, symbol, judgement, foldReturns, regimes }: FoldsVerdict): string[] {
  const { verdict, reason, alpha, superior } = judgement;
  return [
    `${symbol}, shield ${profile}: ${verdict}`,
    `  ${reason}`,
    `  beyond its market share ${formatShare(alpha.estimate)} a year (95 %: ${formatShare(alpha.lower)} to ${formatShare(alpha.upper)}, ${foldReturns.length === 1 ? 'over the bars of one fold' : `t over ${foldReturns.length} folds`}), luck ${superior === null ? NOTHING : formatShare(superior.p)}`,
    `  fold by fold ${foldReturns.map(formatShare).join(', ')}`,
    ...renderRegimes(regimes),
  ];
}

/** What is told of one agent. */
export interface AgentSummary {
  readonly agent: string;
  readonly verdicts: readonly FoldsVerdict[];
  readonly profiles: readonly ProfileSummary[];
  /** Probability of backtest overfitting, see `judgeChoice`; null where it can't be told. */
  readonly overfitting: number | null;
}

export function renderWalkForward({ agent, verdicts, profiles: summaries, overfitting }: AgentSummary): string {
  const profiles = summaries.map(({ profile, measures, meanTrades }) => [
    profile,
    formatShare(measures.cumulativeReturn.mean),
    formatInterval(measures.cumulativeReturn.interquartile, 'cumulativeReturn'),
    formatInterval(measures.sharpe.interquartile, 'sharpe'),
    formatShare(measures.maxDrawdown.mean),
    formatInterval(measures.maxDrawdown.interquartile, 'maxDrawdown'),
    formatNumber(meanTrades, 1),
  ]);
  const compared = summaries.flatMap(({ profile, minusNone }) =>
    minusNone === null
      ? []
      : [
          [
            profile,
            formatInterval(minusNone.maxDrawdown, 'maxDrawdown'),
            formatInterval(minusNone.cumulativeReturn, 'cumulativeReturn'),
            formatInterval(minusNone.sharpe, 'sharpe'),
          ],
        ],
  );
  return [
    '',
    `== ${agent}`,
    ...verdicts.flatMap(describeVerdict),
    'interquartile means (95 % intervals over seeds, stratified by fold)',
    formatTable(
      ['shield', 'mean return', 'return', 'Sharpe', 'mean max drawdown', 'max drawdown', 'mean trades'],
      profiles,
    ),
    ...(compared.length === 0
      ? []
      : [
          '',
          'minus the same runs without a shield: mean (95 % interval over folds and seeds)',
          formatTable(['shield', 'max drawdown', 'return', 'Sharpe'], compared),
          '',
          ...summaries.map(describeDifference).filter((line) => line !== ''),
        ]),
    ...(overfitting === null
      ? []
      : [
          '',
          `the profile with the best Sharpe ratio is below the median afterwards in ${formatShare(overfitting)} of the ways to`,
          'halve these bars (probability of backtest overfitting; at 50 % the choice among them says nothing)',
        ]),
  ].join('\n');
}
