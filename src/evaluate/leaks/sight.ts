/**
 * What every decision of a history saw, stage by stage: import, trends, features, scaler, window, account. Two sights of
 * the same past must be equal whatever came later; the first stage that differs is where the future came in.
 */
import type { AccountConfig } from '../../core/account.ts';
import type { CandleSeries } from '../../core/candle.ts';
import type { Shield } from '../../core/shield.ts';
import { type ScaledTable, scaleTable } from '../../features/observation.ts';
import type { Scaler } from '../../features/scaler.ts';
import type { FeatureTable } from '../../features/table.ts';
import { DAY_MS } from '../../market/calendar.ts';
import { formatCandleRows } from '../../market/csv-export.ts';
import { requireClean } from '../../market/import/candles.ts';
import { readCandleCsv } from '../../market/import/series.ts';
import type { SeriesKey } from '../../market/series.ts';
import { joinTrends } from '../../market/trends.ts';
import { backtest } from '../backtest.ts';
import type { Policy } from '../policy.ts';
import type { RowRange } from '../split.ts';
import type { Inputs } from './perturbations.ts';

/** One step on the way from a file to a decision. Row i is known at the close of the bar that opens at `timeMs[i]`. */
export interface Stage {
  readonly name: 'import' | 'trends' | 'features' | 'scaler' | 'decision';
  readonly columns: readonly string[];
  /** null where the rows are no bars: then all of them are known from the start. */
  readonly timeMs: Float64Array | null;
  /** (rows, columns) row-major. */
  readonly data: Float64Array;
}

/** What is looked at: how features come from candles, a scaler from features, and requests from windows. */
export interface Subject {
  features(series: CandleSeries, inputs: Inputs): FeatureTable;
  /** Fitted anew, or a checkpoint's. */
  scaler(table: FeatureTable): Scaler;
  readonly window: number;
  readonly extraColumns?: readonly string[];
  readonly account: AccountConfig;
  policy(series: CandleSeries, table: ScaledTable): Policy;
  shield(): Shield | null;
}

/** Through the words of a CSV file, as every user's candles come. */
function importAgain({ candles, trends }: Inputs, key: SeriesKey, hasTrades: boolean): CandleSeries {
  const text = [...formatCandleRows(candles, hasTrades)].join('');
  const lastMs = candles.reduce((last, { timeMs }) => Math.max(last, timeMs), 0);
  const file = readCandleCsv(new TextEncoder().encode(text), {
    name: 'candles',
    ...key,
    policy: 'drop',
    // Days needn't begin at midnight.
    dayStartMs: key.timeframeMs < DAY_MS ? 0 : candles[0].timeMs % DAY_MS,
    nowMs: lastMs + 2 * key.timeframeMs,
  });
  requireClean(file);
  return joinTrends(file.series, trends);
}

/** FNV-1a over the bytes of the window, so that its older rows count too. */
function hashValues(values: Float32Array): number {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function seeDecisions(subject: Subject, series: CandleSeries, table: ScaledTable, decided: RowRange): Stage {
  const { width, window } = table;
  const columns = [...table.columns, 'window', 'clipped share', 'equity', 'position', 'request', 'final'];
  const data = new Float64Array(series.length * columns.length).fill(Number.NaN);
  const policy = subject.policy(series, table);
  const watched: Policy = {
    name: policy.name,
    decide(row, obs, account) {
      const at = row * columns.length;
      const newest = (window - 1) * width;
      for (let c = 0; c < width; c++) data[at + c] = obs.values[newest + c];
      const decision = policy.decide(row, obs, account);
      data.set(
        [hashValues(obs.values), table.clippedShare[row], account.equity, account.position, decision.action],
        at + width,
      );
      return decision;
    },
  };
  backtest({
    ...{ policy: watched, series, table, account: subject.account, shield: subject.shield() },
    rows: { from: Math.max(0, decided.from), to: Math.min(series.length, decided.to) },
    watch: (row, asked, shielded) => {
      data[(row + 1) * columns.length - 1] = shielded?.final ?? asked.action;
    },
  });
  return { name: 'decision', columns, timeMs: series.timeMs, data };
}

/** All stages, in order. */
export interface Sight {
  readonly series: CandleSeries;
  readonly features: FeatureTable;
  readonly stages: readonly Stage[];
}

/** @throws InputError where the inputs can't be read or are too few */
export function lookThrough(options: {
  readonly inputs: Inputs;
  readonly key: SeriesKey;
  readonly hasTrades: boolean;
  readonly subject: Subject;
  /** Rows of the bars that are decided; the account starts anew at the first. */
  readonly decided: RowRange;
}): Sight {
  const { inputs, key, hasTrades, subject, decided } = options;
  const series = importAgain(inputs, key, hasTrades);
  const { timeMs, length } = series;
  const rowsOf = (columns: readonly (Float64Array | null)[]) => {
    const data = new Float64Array(length * columns.length);
    columns.forEach((column, c) => {
      for (let i = 0; i < length; i++) data[i * columns.length + c] = column === null ? Number.NaN : column[i];
    });
    return data;
  };
  const features = subject.features(series, inputs);
  const scaler = subject.scaler(features);
  const { window, extraColumns } = subject;
  const table = scaleTable(features, scaler, { window, ...(extraColumns === undefined ? {} : { extraColumns }) });
  const fitted = [scaler.shift, scaler.factor, scaler.low, scaler.high].flatMap((values) => Array.from(values));
  const stages: Stage[] = [
    {
      name: 'import',
      columns: ['time', 'open', 'high', 'low', 'close', 'volume', 'trades'],
      timeMs,
      data: rowsOf([timeMs, series.open, series.high, series.low, series.close, series.volume, series.trades]),
    },
    { name: 'trends', columns: ['trends'], timeMs, data: rowsOf([series.trends]) },
    { name: 'features', columns: features.columns, timeMs, data: features.data },
    { name: 'scaler', columns: features.columns, timeMs: null, data: Float64Array.from(fitted) },
    seeDecisions(subject, series, table, decided),
  ];
  return { series, features, stages };
}
