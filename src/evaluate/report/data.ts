/** What the report's script draws: few enough points, as whole numbers, so that the file stays small. */
import type { Chart, Evaluation } from '../evaluation.ts';
import type { TradeExit } from '../ledger.ts';
import { selectBars } from './decimate.ts';

const MOST_POINTS = 6000;
const MOST_FILLS = 3000;
const ACTION_STRETCHES = 96;
/** Equity is sent as a whole number of these parts of the starting equity. */
const EQUITY_PARTS = 1e5;
/** Curves that say nothing in a picture: a flat line, and the one that repeats buy and hold. */
const UNDRAWN = ['flat', 'always-buy', 'always-sell'];
/** Shown from the start; the others at a click. */
const SHOWN = ['buy-and-hold', 'volatility-matched'];

export interface ReportData {
  readonly timeframeMs: number;
  readonly equityParts: number;
  /** Unix seconds of each point, as the difference to the one before. */
  readonly time: readonly number[];
  /** Significant digits kept. */
  readonly close: readonly number[];
  /** The subject first. */
  readonly curves: readonly { readonly label: string; readonly shown: boolean; readonly values: readonly number[] }[];
  /** Per mille of equity, signed. */
  readonly exposure: readonly number[];
  /** Equal stretches of the fold: per mille of SELL and BUY among the decisions in each; -1 without any. */
  readonly actions: { readonly sell: readonly number[]; readonly buy: readonly number[] };
  /** (Unix seconds, price, 1 bought or -1 sold, index into `reasons`). */
  readonly fills: readonly (readonly [number, number, number, number])[];
  readonly reasons: readonly string[];
  /** Fills that there were; more than are drawn where there are too many. */
  readonly fillCount: number;
}

const REASONS: readonly TradeExit[] = ['signal', 'flatten', 'stop', 'target', 'liquidation', 'ruin', 'end'];

function round6(value: number): number {
  return Number(value.toPrecision(6));
}

/** Shares of the actions over equal stretches of the fold. */
function actionStretches(actions: readonly number[]): { sell: number[]; buy: number[] } {
  const stretches = Math.min(ACTION_STRETCHES, actions.length);
  const sell: number[] = [];
  const buy: number[] = [];
  for (let s = 0; s < stretches; s++) {
    const counts = [0, 0, 0];
    const from = Math.floor((actions.length * s) / stretches);
    const to = Math.floor((actions.length * (s + 1)) / stretches);
    for (let i = from; i < to; i++) if (actions[i] >= 0) counts[actions[i]]++;
    const asked = counts[0] + counts[1] + counts[2];
    sell.push(asked === 0 ? -1 : Math.round((1000 * counts[0]) / asked));
    buy.push(asked === 0 ? -1 : Math.round((1000 * counts[1]) / asked));
  }
  return { sell, buy };
}

function selectFills(chart: Chart, tick: (index: number) => number): [number, number, number, number][] {
  const { fills } = chart;
  const step = Math.max(1, Math.ceil(fills.length / MOST_FILLS));
  return fills
    .filter((_, i) => i % step === 0)
    .map(({ index, price, quantity, reason }) => [
      tick(index),
      round6(price),
      quantity > 0 ? 1 : -1,
      REASONS.indexOf(reason),
    ]);
}

export function reportData(evaluation: Evaluation): ReportData {
  const { chart, timeframeMs, account } = evaluation;
  const [subject, ...others] = chart.curves;
  const bars = selectBars([subject.equity, chart.close], MOST_POINTS);
  const tick = (index: number) => Math.round(chart.timeMs[index] / 1000);
  const drawn = [subject, ...others.filter(({ name }) => !UNDRAWN.includes(name))];
  return {
    timeframeMs,
    equityParts: EQUITY_PARTS,
    time: bars.map((bar, i) => tick(bar) - (i === 0 ? 0 : tick(bars[i - 1]))),
    close: bars.map((bar) => round6(chart.close[bar])),
    curves: drawn.map(({ name, label, equity }) => ({
      label,
      shown: name === subject.name || SHOWN.includes(name),
      values: bars.map((bar) => Math.round((EQUITY_PARTS * equity[bar]) / account.startingEquity)),
    })),
    exposure: bars.map((bar) => Math.round(1000 * chart.exposure[bar])),
    actions: actionStretches(chart.actions),
    fills: selectFills(chart, tick),
    reasons: REASONS,
    fillCount: chart.fills.length,
  };
}
