/** The shapes that the server answers with and the page reads: types alone, so the page takes no code from here. */
import type { Standing } from '../agents/standing.ts';
import type { Json } from '../core/json.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { StoredSeries } from '../market/store.ts';

/** An evaluation without its bars, as a run keeps it. */
export type KeptEvaluation = Omit<Evaluation, 'chart' | 'returns' | 'held'>;

/** What a list shows of one evaluation on a test fold. */
export interface Outcome {
  /** Name among the run's results. */
  readonly result: string;
  /** Names the bars that were looked at: outcomes of one fold can be compared. */
  readonly foldKey: string;
  readonly verdict: string;
  readonly cumulativeReturn: number | null;
  readonly sharpe: number | null;
  readonly maxDrawdown: number | null;
  /** Mean return a year minus holding's: lower, estimate, upper; null where an earlier version kept none. */
  readonly excess: readonly [number, number, number] | null;
  /** Equity over the starting equity, 90 points at most, the first 1. */
  readonly curve: readonly number[];
}

/** A run in the list. */
export interface RunRow {
  readonly name: string;
  /** train, ensemble, baseline, evaluate. */
  readonly kind: string;
  readonly agent: string;
  readonly symbols: readonly string[];
  readonly timeframe: string;
  readonly seed: number;
  /** Of everything that decides the outcome but the seed: runs with the same one are seeds of one configuration. */
  readonly config: string;
  readonly registeredAtMs: number;
  /** `training` while a process holds it; `stopped` where it can be resumed. */
  readonly state: 'training' | 'stopped' | 'finished';
  readonly validation: number | null;
  readonly outcomes: readonly Outcome[];
  /** What can't be read of it, in one line. */
  readonly fault: string | null;
}

/** Everything of a run but its bars. */
export interface RunDetail extends RunRow {
  readonly registration: Json;
  readonly standing: Standing | null;
  readonly metrics: readonly { readonly [name: string]: Json }[];
  readonly evaluations: readonly {
    readonly result: string;
    readonly evaluation: KeptEvaluation | null;
    readonly figures: Json;
  }[];
}

/** The bars of an outcome. */
export interface Bars {
  /** (bars) Unix ms of the opens of the bars at whose closes the returns were known. */
  readonly timeMs: readonly number[];
  readonly returns: readonly number[];
  readonly held: readonly number[] | null;
}

/** A training that is under way, or was stopped. */
export interface Training {
  readonly run: string;
  readonly agent: string;
  readonly symbols: readonly string[];
  readonly timeframe: string;
  readonly seed: number;
  readonly step: number;
  /** Steps in all; null where the run doesn't say. */
  readonly steps: number | null;
  /** null until two reports were seen. */
  readonly stepsPerSecond: number | null;
  readonly leftMs: number | null;
  /** (step, validation log return after costs). */
  readonly validation: readonly (readonly [number, number])[];
  /** (step, loss). */
  readonly loss: readonly (readonly [number, number])[];
  /** Of holding, on the validation fold; null before a validation said it. */
  readonly holding: number | null;
  readonly state: 'training' | 'stopped';
  /** The job of this dashboard that trains it, and so can be stopped; null for another process. */
  readonly job: number | null;
}

/** A command that this dashboard started. */
export interface JobState {
  readonly id: number;
  readonly command: string;
  /** As one would type it. */
  readonly line: string;
  readonly startedMs: number;
  readonly state: 'running' | 'done' | 'failed';
  /** The run that it trains, once it said so. */
  readonly run: string | null;
  /** The last line that it said. */
  readonly said: string;
  /** What it printed with --json; null until it is done. */
  readonly output: Json;
}

/** A bot, read off its journal. */
export interface BotRow {
  readonly name: string;
  /** Kinds of money never mix: a rehearsal's venue is a local one. */
  readonly kind: 'live' | 'paper' | 'rehearsal';
  readonly venue: string;
  readonly timeframeMs: number;
  readonly symbols: readonly string[];
  readonly running: boolean;
  readonly halted: { readonly by: string; readonly reason: string; readonly timeMs: number } | null;
  readonly startedMs: number;
  readonly lastMs: number;
  readonly equity: number | null;
  readonly startingEquity: number | null;
  readonly equityToday: number | null;
  readonly decisions: number;
  readonly alarms: number;
  readonly fault: string | null;
}

/** What is stored of a series, and where it has holes. */
export interface DataRow extends StoredSeries {
  readonly gaps: readonly (readonly [fromMs: number, toMs: number, bars: number])[];
  /** More gaps than are listed. */
  readonly moreGaps: number;
}

/** What a stream of events carries; the page replaces what it has by it. */
export interface Events {
  readonly hello: { readonly version: string; readonly timeMs: number };
  readonly trainings: readonly Training[];
  readonly jobs: readonly JobState[];
  readonly bots: readonly BotRow[];
  /** Grows when the list of runs changed: fetch it again. */
  readonly runs: number;
}

/** A change of a bot's position, as its account booked it. */
export interface Deal {
  /** Open of the bar in which it was filled. */
  readonly timeMs: number;
  /** Signed base quantity. */
  readonly quantity: number;
  /** Signed quote amount, the fee in it. */
  readonly cash: number;
  readonly fee: number;
  readonly price: number;
}

/** So much that was bought and sold again, first in, first out, in quote currency. */
export interface Lot {
  readonly boughtMs: number;
  readonly soldMs: number;
  readonly quantity: number;
  /** Prices each, before fees. */
  readonly cost: number;
  readonly proceeds: number;
  /** Of both sides. */
  readonly fees: number;
  readonly profit: number;
}

export interface BotMarket {
  readonly symbol: string;
  readonly bars: readonly {
    readonly candle: readonly [timeMs: number, open: number, high: number, low: number, close: number, volume: number];
    readonly asked: number;
    readonly done: number;
    readonly behind: readonly number[] | null;
  }[];
  readonly deals: readonly Deal[];
  readonly lots: readonly Lot[];
  /** Cash that no deal explains; 0 where the trade list agrees with the journal. */
  readonly unexplained: number;
  /** The last decision: its record, the account and the shield after it. */
  readonly last: { readonly timeMs: number; readonly record: Json; readonly account: Json; readonly shield: Json };
}

/** A bot whole. */
export interface BotDetail {
  readonly row: BotRow;
  readonly setup: Json;
  readonly checkpoint: string;
  readonly markets: readonly BotMarket[];
  /** (Unix ms, equity over all symbols). */
  readonly curve: readonly (readonly [number, number])[];
  readonly alarms: readonly { readonly timeMs: number; readonly code: string; readonly numbers: Json }[];
  /** Symbols; '' for all. */
  readonly paused: readonly string[];
  readonly records: number;
}
