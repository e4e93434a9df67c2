/** Months, regimes and Monte Carlo bands of an evaluation: for the terminal, and as a section of the report. */
import type { Evaluation } from './evaluation.ts';
import { formatNumber, formatShare, NOTHING } from './format.ts';
import type { Regime } from './regimes.ts';
import { escapeHtml } from './report/html.ts';
import { formatTable, htmlTable } from './table-text.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const BANDS = [
  ['cumulativeReturn', 'return'],
  ['maxDrawdown', 'max drawdown'],
] as const;

type Outlook = Pick<Evaluation, 'monthly' | 'bands' | 'regimes' | 'subject'>;

const percent = (value: number | null) => (value === null ? NOTHING : formatNumber(100 * value, 1));

function monthRows({ monthly }: Outlook): string[][] {
  return monthly.map(({ year, months, whole }) => [String(year), ...months.map(percent), percent(whole)]);
}

function bandRows({ bands, subject }: Outlook): string[][] {
  return BANDS.map(([name, title]) => {
    const { low, middle, high } = bands[name];
    return [title, ...[subject.metrics[name] ?? 0, low, middle, high].map(formatShare)];
  });
}

const REGIME_TITLES = ['weeks in which the market was', 'bars', 'holding', 'return', 'Sharpe'];

function regimeRows(regimes: readonly Regime[]): string[][] {
  return regimes.map(({ name, bars, held, made, sharpe }) => [
    ...[name, formatNumber(bars, 0), formatShare(held), formatShare(made)],
    sharpe === null ? NOTHING : formatNumber(sharpe, 2),
  ]);
}

/** Lines for the terminal; none without regimes. */
export function renderRegimes(regimes: readonly Regime[]): string[] {
  return regimes.length === 0 ? [] : [formatTable(REGIME_TITLES, regimeRows(regimes)), ''];
}

const MONTH_TITLES = ['% by month', ...MONTHS, 'year'];
const BAND_TITLES = ['had the bars come in another order', 'was', '5 %', 'median', '95 %'];

function losing({ bands }: Outlook): string {
  return `${formatShare(bands.losing)} of ${formatNumber(bands.paths, 0)} paths lost money`;
}

/** Lines for the terminal. */
export function renderOutlook(outlook: Outlook): string {
  return [
    formatTable(MONTH_TITLES, monthRows(outlook)),
    '',
    ...renderRegimes(outlook.regimes),
    formatTable(BAND_TITLES, bandRows(outlook)),
    losing(outlook),
  ].join('\n');
}

/** A section for `renderReport`. */
export function outlookSection(outlook: Outlook): string {
  return `<section><h2>Month by month, and by chance</h2>${htmlTable(MONTH_TITLES, monthRows(outlook), escapeHtml)}
${outlook.regimes.length === 0 ? '' : htmlTable(REGIME_TITLES, regimeRows(outlook.regimes), escapeHtml)}
${htmlTable(BAND_TITLES, bandRows(outlook), escapeHtml)}<p class="key">Paths of the stationary bootstrap over the bars of this fold; ${losing(outlook)}. Months are UTC.</p></section>`;
}
