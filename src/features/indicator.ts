import type { Candle } from '../core/candle.ts';
import type { StreamState } from './state.ts';

/** Takes one closed bar and writes the indicator's columns at `out[at...]`; NaN while it warms up. */
export type IndicatorStep = (candle: Candle, out: Float64Array, at: number) => void;

/** One indicator, ready to run: what it is called, what it needs, and its streaming step, which is its only implementation. */
export interface Indicator {
  /** Unique; names the options too, as in `aroon(high-low)`. Part of the column list that a checkpoint is bound to. */
  readonly id: string;
  readonly columns: readonly string[];
  /** What the source must have beyond prices and volume. */
  readonly needs: 'candles' | 'trades' | 'trends';
  /** Bars after a start or a gap that give no value: bar number `warmup` (from 0) is the first with one. */
  readonly warmup: number;
  /** Bars of the past that a value still depends on; for recursive averages, until older bars weigh under 0.1 %. */
  readonly memory: number;
  /** A fresh stream. All that it remembers lives in cells of `state`; zeroed cells mean a fresh start. */
  start(state: StreamState, timeframeMs: number): IndicatorStep;
}

/** What stands in the brackets of an indicator's text: one of a few words, the first by default, or a number of bars. */
export type Parameter =
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'bars'; readonly default: number; readonly least: number; readonly most: number };

export function choice<const Choice extends string>(...choices: readonly [Choice, ...Choice[]]) {
  return { kind: 'choice', choices } as const;
}

export function bars(standard: number, least: number, most: number) {
  return { kind: 'bars', default: standard, least, most } as const;
}

type ArgumentOf<One extends Parameter> = One extends { readonly choices: readonly (infer Choice)[] } ? Choice : number;

/** What an indicator's file exports: its name in the text of a feature set, its parameters, and how it is made of them. */
export interface IndicatorType<Parameters extends Readonly<Record<string, Parameter>> = Record<string, Parameter>> {
  /** As in `tradernet21 + atr(14)`. */
  readonly name: string;
  /** One line for the table of indicators. */
  readonly docs: string;
  /** In the order of the brackets. */
  readonly parameters: Parameters;
  create(args: { readonly [Name in keyof Parameters]: ArgumentOf<Parameters[Name]> }): Indicator;
}

/** An indicator, with the types of its arguments read off its parameters. */
export function defineIndicator<const Parameters extends Readonly<Record<string, Parameter>>>(
  definition: IndicatorType<Parameters>,
): IndicatorType<Parameters> {
  return definition;
}

/** Bars after which a recursive average with weight `k` on the newest bar gives all older ones less than 0.1 %. */
export function decayBars(k: number): number {
  let bars = 0;
  for (let weight = 1; weight > 1e-3; weight *= 1 - k) bars++;
  return bars;
}
