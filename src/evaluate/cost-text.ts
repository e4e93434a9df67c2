/** A cost study as tables: for the terminal, and as a section of the report. */
import type { CostRow, CostStudy } from './cost-study.ts';
import { formatMetric, formatNumber, formatShare } from './format.ts';
import { escapeHtml } from './report/html.ts';
import { formatTable, htmlTable } from './table-text.ts';

const FIGURES = ['return', 'log return', 'Sharpe', 'trades'];

function figures({ cumulativeReturn, logReturn, sharpe, trades }: CostRow): string[] {
  return [
    formatShare(cumulativeReturn),
    formatMetric(logReturn, 'log'),
    formatMetric(sharpe, 'ratio'),
    formatNumber(trades, 0),
  ];
}

function tables({ curve, delayed, sizes, participation }: CostStudy) {
  const costs = [
    ...curve.map((row) => [`${formatNumber(row.multiple, 1)} x`, ...figures(row)]),
    ['one bar late', ...figures(delayed)],
  ];
  const accounts = sizes.map((row) => [formatNumber(row.startingEquity, 0), ...figures(row)]);
  const title = `account, fills at most ${formatShare(participation)} of a bar's volume`;
  return [
    { titles: ['costs', ...FIGURES], rows: costs },
    { titles: [title, ...FIGURES], rows: accounts },
  ];
}

function summarise({ breakEven, largestAccount, curve }: CostStudy): string {
  const free = curve[0].logReturn ?? 0;
  const even =
    breakEven !== null
      ? `Breaks even at ${formatNumber(breakEven, 2)} times the costs`
      : free > 0
        ? 'Earns at three times the costs'
        : 'Loses without any costs';
  if (largestAccount === null) return even;
  return `${even}; half of the log return is left up to an account of ${formatNumber(largestAccount, 0)}`;
}

/** Lines for the terminal. */
export function renderCosts(study: CostStudy): string {
  return [...tables(study).map(({ titles, rows }) => formatTable(titles, rows)), summarise(study)].join('\n\n');
}

/** A section for `renderReport`. */
export function costSection(study: CostStudy): string {
  const parts = tables(study).map(({ titles, rows }) => htmlTable(titles, rows, escapeHtml));
  return `<section><h2>Costs, delay and size</h2>${parts.join('\n')}<p class="key">Simulated ledgers on the same bars. ${escapeHtml(summarise(study))}. What a fill can't take of an order lapses; stops fill whole.</p></section>`;
}
