/**
 * An evaluation as one HTML file that needs nothing else: no network, no library. What is text is escaped, the same
 * evaluation gives the same bytes, and a content security policy forbids the page to fetch anything.
 */
import type { Json } from '../../core/json.ts';
import type { Interval } from '../bootstrap.ts';
import type { Evaluation } from '../evaluation.ts';
import { formatMetric, formatNumber, formatShare, formatTime, formatTimeframe, NOTHING } from '../format.ts';
import { METRICS } from '../metrics/index.ts';
import { describeDrawdown } from '../summary-text.ts';
import type { VerdictText } from '../verdict.ts';
import { drawReport } from './client.ts';
import { type ReportData, reportData } from './data.ts';
import { STYLE } from './style.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]);
}

/** JSON that can't end the script element it lies in. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}

const TONES: Readonly<Record<VerdictText, string>> = {
  edge: 'edge',
  'no evidence of an edge': 'none',
  'worse than holding': 'worse',
  'too little data to judge': 'little',
  'suspicious: look for a leak': 'worse',
  "can't be judged": 'little',
};

/** An interval as a bar on a line with 0 on it. */
function drawInterval({ estimate, lower, upper }: Interval): string {
  const reach = 1.15 * Math.max(Math.abs(lower), Math.abs(upper), 1e-9);
  const at = (value: number) => (50 + (50 * value) / reach).toFixed(2);
  const tone = lower > 0 ? 'var(--good)' : upper < 0 ? 'var(--bad)' : 'var(--calm)';
  const width = ((50 * (upper - lower)) / reach).toFixed(2);
  return `<svg role="img" aria-label="interval from ${formatShare(lower)} to ${formatShare(upper)}"><line x1="0" x2="100%" y1="13" y2="13" stroke="var(--edge)"/><line x1="50%" x2="50%" y1="3" y2="23" stroke="var(--cross)"/><rect x="${at(lower)}%" width="${width}%" y="8" height="10" rx="5" fill="${tone}" opacity=".35"/><circle cx="${at(estimate)}%" cy="13" r="5" fill="${tone}"/></svg>`;
}

function evidence(title: string, interval: Interval): string {
  const { estimate, lower, upper } = interval;
  return `<div><h3>${escapeHtml(title)}</h3><strong>${formatShare(estimate)}</strong>${drawInterval(interval)}<p>95 % interval ${formatShare(lower)} to ${formatShare(upper)}</p></div>`;
}

function verdictSection({ judgement, randomRank, subject }: Evaluation): string {
  const { verdict, reason, alpha, beta, superior, meanReturn, deflatedSharpe, trials, minimumBars, seeds } = judgement;
  const deflated = deflatedSharpe === null ? NOTHING : formatNumber(deflatedSharpe, 3);
  const proof =
    minimumBars === null ? 'No number of bars would prove it.' : `Proof takes ${formatNumber(minimumBars, 0)} bars.`;
  const rank =
    randomRank === null
      ? 'It never traded.'
      : `Beats ${formatNumber(100 * randomRank, 0)} % of random policies of the same turnover.`;
  const luck = superior === null ? NOTHING : formatShare(superior.p);
  const looked = `${trials} ${trials === 1 ? 'configuration has' : 'configurations have'} looked`;
  const seedsSaid = `${seeds.seen} of ${seeds.asked} seeds.`;
  return `<section class="verdict ${TONES[verdict]}">
<p class="word">${escapeHtml(verdict)}</p>
<p class="why">${escapeHtml(`${subject.label}: ${reason}.`)}</p>
<div class="evidence">
${evidence('Mean return a year', meanReturn)}
${evidence(`Beyond its share of the market (beta ${formatNumber(beta.estimate, 2)})`, alpha)}
<div><h3>Luck alone is this good</h3><strong>${luck}</strong><p>${looked}; evidence is at most 5 %.</p><p>${seedsSaid}</p></div>
<div><h3>Deflated Sharpe ratio, ${trials} ${trials === 1 ? 'trial' : 'trials'} on this fold</h3><strong>${deflated}</strong><p>Printed, and decides nothing. ${proof}</p><p>${rank}</p></div>
</div>
</section>`;
}

function tile(label: string, value: string, note: string, tone = ''): string {
  return `<div class="tile"><span>${escapeHtml(label)}</span><b class="${tone}">${escapeHtml(value)}</b><small>${escapeHtml(note)}</small></div>`;
}

function tiles({ subject, baselines }: Evaluation): string {
  const { metrics } = subject;
  const holding = baselines.find(({ name }) => name === 'buy-and-hold')?.metrics ?? metrics;
  const metric = (name: string, of = metrics) =>
    formatMetric(of[name], METRICS.find((m) => m.name === name)?.unit ?? 'ratio');
  const sign = (value: number | null) => (value === null || value === 0 ? '' : value > 0 ? 'up' : 'down');
  const held = (name: string) => `holding ${metric(name, holding)}`;
  return `<section class="tiles">
${tile('Return', metric('cumulativeReturn'), held('cumulativeReturn'), sign(metrics.cumulativeReturn))}
${tile('Sharpe ratio', metric('sharpe'), held('sharpe'), sign(metrics.sharpe))}
${tile('Max drawdown', metric('maxDrawdown'), held('maxDrawdown'))}
${tile('Volatility', metric('volatility'), held('volatility'))}
${tile('CVaR 5 %', metric('cvar5'), held('cvar5'))}
${tile('Trades', metric('trades'), `${metric('winRate')} won`)}
${tile('Exposure', metric('exposure'), `${metric('barsPerTrade')} bars/trade`)}
${tile('Fees', metric('feesPaid'), `${metric('turnover')} turnover`)}
</section>`;
}

function chartSection(data: ReportData): string {
  const buttons = data.curves.map(
    ({ label, shown }, index) =>
      `<button type="button" data-curve="${index}" aria-pressed="${shown}" style="--swatch: var(--curve-${index % 8})"><i></i>${escapeHtml(label)}</button>`,
  );
  const panel = (id: string, title: string) => `<h3>${title}</h3><canvas id="${id}"></canvas>`;
  const thinned =
    data.fills.length < data.fillCount
      ? ` Of ${formatNumber(data.fillCount, 0)} fills ${formatNumber(data.fills.length, 0)} are drawn.`
      : '';
  return `<section>
<div class="legend">${buttons.join('')}<span class="tools"><button type="button" id="whole" hidden>Whole fold</button><button type="button" id="log" aria-pressed="false">Log scale</button></span></div>
<div id="charts" tabindex="0" role="img" aria-label="Equity, drawdown, price with trades, exposure and actions over time; arrow keys move the crosshair">
${panel('equity', 'Return since the start')}
${panel('drawdown', 'Drawdown')}
${panel('price', 'Price, with what was bought ▲ and sold ▼')}
${panel('exposure', 'Position, % of equity')}
${panel('actions', 'Share of the actions')}
<canvas id="axis"></canvas>
<div id="tip" hidden></div>
</div>
<p class="key">Drag to zoom, double-click for the whole fold. Orange marks are stops, targets and closings by the shield or by liquidation.${thinned} All times UTC.</p>
</section>`;
}

function metricsSection({ subject, baselines }: Evaluation): string {
  const policies = [subject, ...baselines];
  const heads = policies.map(
    ({ label, doc }, i) =>
      `<th scope="col"${i === 0 ? ' class="own"' : ''}><abbr title="${escapeHtml(doc)}">${escapeHtml(label)}</abbr></th>`,
  );
  const rows = METRICS.map(({ name, label, unit, doc }) => {
    const cells = policies.map(
      ({ metrics }, i) => `<td${i === 0 ? ' class="own"' : ''}>${formatMetric(metrics[name], unit)}</td>`,
    );
    return `<tr><td><abbr title="${escapeHtml(doc)}">${escapeHtml(label)}</abbr></td>${cells.join('')}</tr>`;
  });
  return `<section><h2>Measures</h2><div class="scroll"><table><thead><tr><th></th>${heads.join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div></section>`;
}

function shieldSection({ subject, timeframeMs }: Evaluation): string {
  const rules = Object.entries(subject.verdicts);
  if (rules.length === 0) return '';
  const rows = rules.map(([rule, counts]) => {
    const cells = [counts.deny, counts['reduce-only'], counts.halt].map(
      (count) => `<td>${count === 0 ? NOTHING : formatNumber(count, 0)}</td>`,
    );
    return `<tr><td>${escapeHtml(rule)}</td>${cells.join('')}</tr>`;
  });
  const halted = subject.haltedMs === null ? '' : ` It halted at ${formatTime(subject.haltedMs, timeframeMs)}.`;
  return `<section><h2>Shield</h2><div class="scroll"><table><thead><tr><th>Rule</th><th>denied</th><th>reduce only</th><th>halt</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div><p class="key">${formatNumber(subject.overridden, 0)} decisions were overridden.${halted}</p></section>`;
}

/** One row a value; what is nested is joined with dots. */
function flatten(value: Json, name: string): [string, string][] {
  if (value === null || typeof value !== 'object') return [[name, String(value)]];
  if (Array.isArray(value))
    return [[name, value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ')]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, name === '' ? key : `${name}.${key}`));
}

function ranSection(evaluation: Evaluation): string {
  const { account, provenance, seed, subject, timeframeMs } = evaluation;
  const exits = Object.entries(subject.exits).map(([reason, count]) => `${reason} ${count}`);
  const rows: [string, string][] = [
    ['maximum drawdown', describeDrawdown(subject, timeframeMs)],
    ['trades ended by', exits.length === 0 ? NOTHING : exits.join(', ')],
    ['requests without effect', formatNumber(subject.noOps, 0)],
    ...(subject.endedMs === null
      ? []
      : [['account at its end', formatTime(subject.endedMs, timeframeMs)] as [string, string]]),
    ['seed', String(seed)],
    ...flatten(provenance as Json, ''),
    ...flatten(account as unknown as Json, 'account'),
  ];
  return `<section class="ran"><h2>What ran</h2><table><tbody>
${rows.map(([name, value]) => `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`).join('\n')}
</tbody></table></section>`;
}

/** Title and dates of the page; also what a browser's tab shows. */
function titleOf({ subject, symbol, venue, timeframeMs }: Evaluation): string {
  return `${subject.label} on ${venue} ${symbol} ${formatTimeframe(timeframeMs)}`;
}

/**
 * The report as the text of an HTML file, below 2 MB whatever the length of the fold.
 * @param more sections of HTML that come after the measures, already escaped
 * @example
 * const split = splitChronologically(series.timeMs, { trainShare: 0.6, validationShare: 0.2 }, 50);
 * const options = { series, table: null, split, account: DEFAULT_ACCOUNT, shield: null, seed: 1 };
 * const holding = evaluateBaseline({ ...options, name: 'buy-and-hold' });
 * renderReport(holding).startsWith('<!doctype html>'); // => true
 */
export function renderReport(evaluation: Evaluation, more: readonly string[] = []): string {
  const { fold, fromMs, toMs, bars, timeframeMs } = evaluation;
  const data = reportData(evaluation);
  const title = titleOf(evaluation);
  const shield = shieldSection(evaluation);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="generator" content="TraderNet-CRv2">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>${escapeHtml(title)}</h1><p>${escapeHtml(fold)} fold, ${formatNumber(bars, 0)} bars, ${formatTime(fromMs, timeframeMs)} to ${formatTime(toMs, timeframeMs)} UTC</p></header>
${verdictSection(evaluation)}
${tiles(evaluation)}
${chartSection(data)}
${metricsSection(evaluation)}
${more.join('\n')}
<div class="pair">${shield}${ranSection(evaluation)}</div>
<footer>Simulated. A decision uses closed bars only and fills at the open of the next one, with fee and slippage; equity is marked at closes; what is open at the end is closed with costs. Intervals: stationary bootstrap, 95 %. A result of the past is no promise.</footer>
</main>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>(${drawReport.toString()})(JSON.parse(document.getElementById('data').textContent));</script>
</body>
</html>
`;
}
