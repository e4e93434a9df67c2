/** Charts as SVG text, for where no script runs: a notebook, a page of documentation. */
import type { Evaluation } from '../evaluation.ts';
import { formatNumber } from '../format.ts';
import { reportData } from './data.ts';
import { selectBars } from './decimate.ts';
import { escapeHtml } from './html.ts';

interface Line {
  readonly label: string;
  readonly colour: string;
  /** One value a point of the panel's x; null or NaN leaves a gap, and marks points that stand alone. */
  readonly values: readonly (number | null)[];
}

interface Panel {
  readonly title: string;
  readonly height: number;
  readonly x: readonly number[];
  readonly formatX: (x: number) => string;
  readonly format: (value: number) => string;
  readonly lines: readonly Line[];
  /** Triangles at (x, y): bought points up, sold down. */
  readonly marks?: readonly { readonly x: number; readonly y: number; readonly bought: boolean }[];
  /** Columns from `from` to `to` (0 to 1), over equal stretches of x. */
  readonly columns?: readonly { readonly colour: string; readonly from: number; readonly to: number }[][];
}

const WIDTH = 880;
const AXIS = 66;
const HEAD = 26;
const FOOT = 22;
const POINTS = 700;
const COLOURS = ['#3b62f6', '#e08a00', '#7c8694', '#a855c7'];
const BUY = '#12a150';
const SELL = '#e04352';
const HOLD = '#d5d9df';

/** About `wanted` round values within [low, high]. */
function ticks(low: number, high: number, wanted: number): number[] {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const values: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) values.push(k * step);
  return values;
}

function drawPanel(panel: Panel, left: number, top: number, width: number): string {
  const { title, height, x, formatX, format, lines, marks = [], columns = [] } = panel;
  const known = (value: number | null): value is number => value !== null && Number.isFinite(value);
  const values = [...lines.flatMap((line) => line.values.filter(known)), ...marks.map((mark) => mark.y)];
  const [lowest, highest] = columns.length > 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const rim = (highest - lowest) * 0.04 || Math.abs(highest) * 0.1 || 1;
  const [low, high] = columns.length > 0 ? [0, 1] : [lowest - rim, highest + rim];
  const [first, last] = [x[0] ?? 0, x[x.length - 1] ?? 1];
  const [x0, x1, y0, y1] = [left + AXIS, left + width - 14, top + height - FOOT, top + HEAD];
  const atX = (value: number) => (x0 + ((value - first) / (last - first || 1)) * (x1 - x0)).toFixed(1);
  const atY = (value: number) => (y0 - ((value - low) / (high - low)) * (y0 - y1)).toFixed(1);
  const parts: string[] = [
    `<text x="${left + 16}" y="${top + 15}" fill="#16191f" font-weight="600">${escapeHtml(title)}</text>`,
  ];
  if (values.length === 0 && columns.length === 0)
    return `${parts[0]}<text x="${x0}" y="${(y0 + y1) / 2}">nothing yet</text>`;

  let legend = x1;
  for (const { label, colour } of [...lines].reverse()) {
    if (lines.length === 1) break;
    legend -= 7.2 * label.length;
    parts.push(`<text x="${legend.toFixed(0)}" y="${top + 15}" fill="${colour}">${escapeHtml(label)}</text>`);
    legend -= 16;
  }
  for (const tick of ticks(low, high, Math.max(2, height / 55)))
    parts.push(
      `<path d="M${x0} ${atY(tick)}H${x1}" stroke="#eceef1"/><text x="${x0 - 7}" y="${Number(atY(tick)) + 4}" text-anchor="end">${escapeHtml(format(tick))}</text>`,
    );
  const labels = Math.max(2, Math.floor((x1 - x0) / 190));
  for (let i = 0; i <= labels; i++) {
    const anchor = i === 0 ? 'start' : i === labels ? 'end' : 'middle';
    const value = first + ((last - first) * i) / labels;
    parts.push(`<text x="${atX(value)}" y="${y0 + 15}" text-anchor="${anchor}">${escapeHtml(formatX(value))}</text>`);
  }
  columns.forEach((stack, i) => {
    const [from, to] = [x0 + ((x1 - x0) * i) / columns.length, x0 + ((x1 - x0) * (i + 1)) / columns.length];
    for (const { colour, from: bottom, to: over } of stack)
      if (over > bottom)
        parts.push(
          `<rect x="${from.toFixed(1)}" y="${atY(over)}" width="${(to - from).toFixed(1)}" height="${(Number(atY(bottom)) - Number(atY(over))).toFixed(1)}" fill="${colour}"/>`,
        );
  });
  for (const { colour, values: own } of lines) {
    let path = '';
    own.forEach((value, i) => {
      if (!known(value)) return;
      const joined = i > 0 && known(own[i - 1]);
      const alone = !joined && !known(own[i + 1] ?? null);
      path += `${joined ? 'L' : 'M'}${atX(x[i])} ${atY(value)}${alone ? 'h.1' : ''}`;
    });
    parts.push(`<path d="${path}" stroke="${colour}" fill="none" stroke-width="1.5" stroke-linejoin="round"/>`);
  }
  for (const { x: at, y, bought } of marks)
    parts.push(
      `<path d="M${atX(at)} ${atY(y)}l-3.5 ${bought ? 7 : -7}h7z" fill="${bought ? BUY : SELL}" fill-opacity=".75"/>`,
    );
  return parts.join('');
}

/** Rows of panels, side by side within a row, as one picture. */
function drawRows(rows: readonly (readonly Panel[])[], label: string): string {
  let top = 12;
  const drawn = rows.map((panels) => {
    const width = WIDTH / panels.length;
    const text = panels.map((panel, i) => drawPanel(panel, i * width, top, width)).join('');
    top += Math.max(...panels.map(({ height }) => height)) + 8;
    return text;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" role="img" aria-label="${escapeHtml(label)}"><rect width="${WIDTH}" height="${top}" rx="10" fill="#fff" stroke="#e3e6ea"/><g font-family="system-ui, sans-serif" font-size="12" fill="#6b7280">${drawn.join('')}</g></svg>`;
}

const share = (value: number): string => `${formatNumber(100 * value, 1)} %`;
const plain = (value: number): string => String(Number(value.toPrecision(3)));

/**
 * A training so far: validation log return, loss, what explores, reward a step.
 * @param metrics rows as `Run.readMetrics` returns them or a progress report has them: `step`, `loss`, ...
 */
export function drawTraining(metrics: readonly Readonly<Record<string, unknown>>[]): string {
  const x = metrics.map((row) => Number(row.step));
  const numbers = (name: string) =>
    metrics.map((row) => (typeof row[name] === 'number' ? (row[name] as number) : null));
  const explores = metrics.some((row) => row.epsilon !== undefined) ? 'epsilon' : 'entropy';
  const panel = (title: string, colour: string, values: (number | null)[], format = plain): Panel => {
    // What isn't in every row is joined over the rows without it.
    const rows = values.flatMap((value, i) => (value === null ? [] : [i]));
    const line = { label: title, colour, values: rows.map((i) => values[i]) };
    const formatX = (step: number) => formatNumber(step, 0);
    return { title, height: 165, x: rows.map((i) => x[i]), formatX, format, lines: [line] };
  };
  return drawRows(
    [
      [
        panel('validation: log return after costs', COLOURS[0], numbers('validation'), share),
        panel('reward a step, scaled', COLOURS[1], numbers('reward')),
      ],
      [panel('loss', COLOURS[2], numbers('loss')), panel(explores, COLOURS[3], numbers(explores))],
    ],
    'progress of the training',
  );
}

/** An evaluation: equity beside what costs no skill, drawdown, price with the trades on it, shares of the actions. */
export function drawEvaluation(evaluation: Evaluation): string {
  const data = reportData(evaluation);
  const seconds: number[] = [];
  for (const step of data.time) seconds.push((seconds.at(-1) ?? 0) + step);
  const bars = selectBars([data.curves[0].values, data.close], POINTS);
  const x = bars.map((bar) => seconds[bar]);
  const formatX = (second: number) => new Date(second * 1000).toISOString().slice(0, 10);
  const curves = data.curves.filter((curve) => curve.shown);
  const lines = (of: (values: readonly number[]) => readonly number[]): Line[] =>
    curves.map(({ label, values }, i) => {
      const all = of(values);
      return { label, colour: COLOURS[i % COLOURS.length], values: bars.map((bar) => all[bar]) };
    });
  const drawdown = (values: readonly number[]): number[] => {
    let peak = values[0];
    return values.map((value) => {
      peak = Math.max(peak, value);
      return value / peak - 1;
    });
  };
  const price: Line = { label: evaluation.symbol, colour: '#4b5563', values: bars.map((bar) => data.close[bar]) };
  const marks = data.fills.map(([second, y, side]) => ({ x: second, y, bought: side > 0 }));
  const { sell, buy } = data.actions;
  const columns = buy.map((bought, i) => {
    const [b, s] = [Math.max(0, bought) / 1000, Math.max(0, sell[i]) / 1000];
    const hold = { colour: HOLD, from: b + s, to: bought < 0 ? 0 : 1 };
    return [{ colour: BUY, from: 0, to: b }, { colour: SELL, from: b, to: b + s }, hold];
  });
  const growth = (value: number) => share(value - 1);
  const panel = (title: string, height: number, format: Panel['format'], own: readonly Line[]): Panel => ({
    ...{ title, height, x, formatX, format, lines: own },
  });
  return drawRows(
    [
      [
        panel(
          'equity, from the start',
          240,
          growth,
          lines((values) => values.map((value) => value / data.equityParts)),
        ),
      ],
      [panel('drawdown', 130, share, lines(drawdown))],
      [{ ...panel(`price, and ${data.fillCount} fills: bought (green), sold (red)`, 210, plain, [price]), marks }],
      [{ ...panel('shares of the actions: BUY (green), SELL (red), HOLD', 100, share, []), columns }],
    ],
    `${evaluation.symbol}: ${evaluation.judgement.verdict}`,
  );
}
