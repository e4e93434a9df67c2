/** Counterfactual ledgers as a table: for the terminal, and as a section of the report. */
import type { Ablation, AblationRow } from './ablation.ts';
import { formatMetric, formatNumber, formatShare, NOTHING } from './format.ts';
import { escapeHtml } from './report/html.ts';
import { formatTable } from './table-text.ts';

const TITLES = [
  'counterfactual (simulated)',
  'return',
  'Sharpe',
  'max drawdown',
  'trades',
  'rule acted',
  'of decisions',
  'positions changed',
  'drawdown avoided',
  'log return paid',
];

function cells(row: AblationRow): string[] {
  const { metrics, acted, label } = row;
  return [
    label,
    formatMetric(metrics.cumulativeReturn, 'share'),
    formatMetric(metrics.sharpe, 'ratio'),
    formatMetric(metrics.maxDrawdown, 'share'),
    formatMetric(metrics.trades, 'count'),
    acted === null ? NOTHING : formatNumber(acted, 0),
    acted === null || row.decisions === 0 ? NOTHING : formatShare(acted / row.decisions),
    row.positionsChanged === null ? NOTHING : formatShare(row.positionsChanged),
    formatShare(row.drawdownAvoided),
    formatNumber(row.returnPaid, 4),
  ];
}

/** A rule that never acted, and without which nothing would have been different. */
function isIdle({ acted, drawdownAvoided, returnPaid }: AblationRow): boolean {
  return acted === 0 && drawdownAvoided === 0 && returnPaid === 0;
}

/** Rules without which nothing would have been different are named below the table. */
export function renderAblation({ rows }: Pick<Ablation, 'rows'>): string {
  const idle = rows.filter(isIdle).map(({ without }) => without);
  const busy = rows.filter((row) => !isIdle(row));
  const table = formatTable(TITLES, busy.map(cells));
  return idle.length === 0 ? table : `${table}\nwithout effect on this fold: ${idle.join(', ')}`;
}

/** A section for `renderReport`. Rules without which nothing would have been different are named below the table. */
export function ablationSection({ rows }: Pick<Ablation, 'rows'>): string {
  const heads = TITLES.map((title) => `<th scope="col">${escapeHtml(title)}</th>`).join('');
  const idle = rows.filter(isIdle).map(({ without }) => without);
  const body = rows
    .filter((row) => !isIdle(row))
    .map((row, i) => {
      const own = i === 0 ? ' class="own"' : '';
      return `<tr>${cells(row)
        .map((cell) => `<td${own}>${escapeHtml(cell)}</td>`)
        .join('')}</tr>`;
    });
  return `<section><h2>What each rule of the shield avoided and cost</h2><div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div><p class="key">Simulated ledgers on the same bars. Avoided and paid: this ledger minus the one with the whole layer.${
    idle.length === 0 ? '' : ` Without effect on this fold: ${escapeHtml(idle.join(', '))}.`
  }</p></section>`;
}
