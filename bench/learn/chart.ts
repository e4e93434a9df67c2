/** The chart of the README: what the agents reach, of what can be reached; a row a world, a bar an agent. */
import { median, type Row, type Summary, summariseAll } from './results.ts';

const WIDTH = 760;
const LEFT = 150;
const BAR = 9;
const TOP = 52;
const SCALE = WIDTH - LEFT - 120;

const COLOURS: Readonly<Record<string, string>> = {
  exact: '#1a7f37',
  ppo: '#2f81f7',
  dqn: '#8957e5',
  logistic: '#9a6700',
};

/** A bar: a share of the bound, with the same agent's of another checkout as a tick. */
interface Bar {
  readonly name: string;
  readonly share: number;
  readonly before: number | null;
}

/** Rows of the defaults alone: no ablations, no short markets, no real candles. */
function defaultsOf(rows: readonly Row[]): Row[] {
  return rows.filter(({ settings, steps, world }) => settings.length === 0 && steps === null && !/^real|@/.test(world));
}

const format = (value: number) => `${(100 * value).toFixed(0)} %`;

/** SVG text; readable on light and dark pages. */
export function drawChart(all: readonly Row[]): string {
  const rows = defaultsOf(all);
  const summaries = summariseAll(rows);
  const worlds = [...new Set(summaries.map(({ world }) => world))];
  const old = summaries.find(({ code }) => code !== 'now')?.code;
  const parts: string[] = [];
  let y = TOP;
  for (const world of worlds) {
    const own = summaries.filter((one) => one.world === world);
    const now = own.filter(({ code }) => code === 'now');
    if (now.length === 0) continue;
    const bars = barsOf(now, own, rows);
    const height = Math.max(18, bars.length * (BAR + 2));
    parts.push(`<text x="${LEFT - 10}" y="${y + height / 2 + 4}" text-anchor="end">${world}</text>`);
    if (bars.length === 0) {
      const figures = now.map(({ agent, meanLogReturn }) => `${agent} ${meanLogReturn.toFixed(2)}`);
      const before = own
        .filter(({ code }) => code !== 'now')
        .map(({ agent, meanLogReturn }) => `${agent} ${meanLogReturn.toFixed(2)}`);
      const text = `nothing to earn; mean log return ${figures.join(', ')}${before.length > 0 ? ` (before: ${before.join(', ')})` : ''}`;
      parts.push(`<text class="small" x="${LEFT}" y="${y + height / 2 + 4}">${text}</text>`);
    }
    bars.forEach(({ name, share, before }, i) => {
      const top = y + i * (BAR + 2);
      const width = Math.max(0, Math.min(1.08, share)) * SCALE;
      parts.push(
        `<rect x="${LEFT}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" fill="${COLOURS[name]}" rx="2"/>`,
      );
      parts.push(
        `<text class="tiny" x="${(LEFT + width + 5).toFixed(1)}" y="${top + BAR - 1}">${format(share)}</text>`,
      );
      if (before !== null) {
        const x = LEFT + Math.max(0, Math.min(1.08, before)) * SCALE;
        parts.push(`<line class="before" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${top}" y2="${top + BAR}"/>`);
      }
    });
    y += height + 12;
  }
  const legend = Object.entries(COLOURS).map(
    ([name, colour], i) =>
      `<rect x="${LEFT + i * 90}" y="26" width="10" height="10" fill="${colour}"/><text class="small" x="${LEFT + 15 + i * 90}" y="35">${name}</text>`,
  );
  const marks = old === undefined ? '' : `<text class="small" x="${LEFT + 375}" y="35">| before this version</text>`;
  const one = LEFT + SCALE;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" font-family="system-ui, sans-serif" font-size="13">
<style>text{fill:#1f2328}.small{font-size:11px}.tiny{font-size:9px}line{stroke:#6e7781}.before{stroke:#d1242f;stroke-width:2}@media (prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
<text x="${LEFT}" y="16">What the agents reach, of what can be reached (median share of the bound's log return)</text>
${legend.join('\n')}${marks}
<line x1="${one}" x2="${one}" y1="${TOP - 6}" y2="${y - 6}" stroke-dasharray="3 3"/>
${parts.join('\n')}
</svg>
`;
}

/** In the order of the colours; none where the law leaves nothing to earn. */
function barsOf(now: readonly Summary[], own: readonly Summary[], rows: readonly Row[]): Bar[] {
  const bars = now.flatMap(({ agent, share }): Bar[] => {
    const before = own.find((one) => one.agent === agent && one.code !== 'now')?.share ?? null;
    return share === null ? [] : [{ name: agent, share, before }];
  });
  if (bars.length === 0) return [];
  const seen = rows.filter(({ world, code }) => world === now[0].world && code === 'now');
  const logistic = median(seen.map(({ logistic, bound }) => logistic.logReturn / bound!.logReturn));
  const order = Object.keys(COLOURS);
  return [...bars, { name: 'logistic', share: logistic, before: null }].toSorted(
    (a, b) => order.indexOf(a.name) - order.indexOf(b.name),
  );
}
