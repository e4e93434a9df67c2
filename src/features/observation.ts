import { requireSameColumns, type Scaler, scaleRow } from './scaler.ts';
import type { FeatureTable } from './table.ts';

/** The account's columns follow the market's in an observation; each holds the decision time's value at every position. */
export const ACCOUNT_COLUMNS = ['units_held', 'unrealised_log_return', 'bars_in_trade', 'drawdown_from_peak'] as const;
/** The account's columns for who must not see how it came to hold what it holds. */
export const UNITS_COLUMNS = [ACCOUNT_COLUMNS[0]] as const;

/** Scaled rows in the layout of an observation, so that a window is one contiguous slice. */
export interface ScaledTable {
  /** The market's columns, then ACCOUNT_COLUMNS and the shield's where the observation has them. */
  readonly columns: readonly string[];
  /** Canonical text of the columns with their options, window and account columns included: what a checkpoint hashes. */
  readonly signature: string;
  /** Columns of a row, account columns included. */
  readonly width: number;
  /** Columns of the market alone. */
  readonly marketWidth: number;
  /** Bars in a window. */
  readonly window: number;
  readonly rows: number;
  /** (rows, width) row-major; 0 in rows that aren't complete and in the account's columns. */
  readonly data: Float32Array;
  /** (rows) 1 where the last `window` rows are complete and without a gap: an agent may decide there. */
  readonly decidable: Uint8Array;
  /** What the columns that aren't the market's are multiplied by where an observation is written. */
  readonly extraScale: number;
  /** (rows) share of the row's market columns that the scaler clipped, 0..1. */
  readonly clippedShare: Float32Array;
  /** (rows) the bar's open, Unix milliseconds UTC. */
  readonly timeMs: Float64Array;
}

export interface ObservationOptions {
  /** Bars in a window; default 12. */
  readonly window?: number;
  /**
   * Columns that aren't the market's: one value each, which holds at every position of a window. None, UNITS_COLUMNS, or
   * ACCOUNT_COLUMNS (default), which a masking shield's may follow.
   */
  readonly extraColumns?: readonly string[];
}

/** The signature of an observation: the set's, the window, and the columns that follow. */
export function observationSignature(setSignature: string, window: number, extras: readonly string[]): string {
  return `${setSignature};window=${window};account=${extras.length > 0 ? extras.join(',') : 'none'}`;
}

/**
 * Scales a whole table once, in the layout of observations. (rows, width), width with the account's columns.
 * @throws InputError where the scaler was fitted on other columns.
 * @example
 * scaleTable(features, scaler).window; // => 12
 */
export function scaleTable(table: FeatureTable, scaler: Scaler, options: ObservationOptions = {}): ScaledTable {
  requireSameColumns(scaler, table.set.signature, table.columns);
  const { window = 12, extraColumns: extras = ACCOUNT_COLUMNS } = options;
  const marketWidth = table.width;
  const width = marketWidth + extras.length;
  const { rows, timeMs, timeframeMs } = table;
  const data = new Float32Array(rows * width);
  const decidable = new Uint8Array(rows);
  const clippedShare = new Float32Array(rows);
  let run = 0;
  for (let i = 0; i < rows; i++) {
    if (table.complete[i] === 0) {
      run = 0;
      continue;
    }
    run = run > 0 && timeMs[i] === timeMs[i - 1] + timeframeMs ? run + 1 : 1;
    decidable[i] = run >= window ? 1 : 0;
    clippedShare[i] = scaleRow(scaler, table.data, i * marketWidth, data, i * width) / marketWidth;
  }
  const columns = [...table.columns, ...extras];
  const signature = observationSignature(table.set.signature, window, extras);
  const extraScale = scaler.accountScale;
  return { columns, signature, width, marketWidth, window, rows, data, decidable, extraScale, clippedShare, timeMs };
}

/**
 * The one builder of observations: writes the window that ends with `row`, (window, width) row-major, newest bar
 * last, at `out[outAt...]`. Where the table has account columns, `account[accountAt...]`, scaled, fills them at every
 * position; null leaves them 0. The caller sees to it that the row is decidable.
 * @example
 * const values = new Float32Array(table.window * table.width);
 * writeObservation(table, 1500, new Float32Array([0, 0, 0, 0]), 0, values, 0);
 * values.length; // => 276
 */
export function writeObservation(
  table: Pick<ScaledTable, 'data' | 'width' | 'marketWidth' | 'window' | 'extraScale'>,
  row: number,
  account: Float32Array | null,
  accountAt: number,
  out: Float32Array,
  outAt: number,
): void {
  const { data, width, marketWidth, window, extraScale } = table;
  const from = (row - window + 1) * width;
  const count = window * width;
  for (let i = 0; i < count; i++) out[outAt + i] = data[from + i];
  if (account === null) return;
  for (let c = 0; c < width - marketWidth; c++) {
    const value = account[accountAt + c] * extraScale;
    for (let i = outAt + marketWidth + c; i < outAt + count; i += width) out[i] = value;
  }
}

/** Writes the columns that follow the market's, one value each, into every row of a window (window, width). */
export function spreadColumns(
  columns: Float32Array,
  values: Float32Array,
  { width, marketWidth, extraScale }: Pick<ScaledTable, 'width' | 'marketWidth' | 'extraScale'>,
): void {
  const extras = width - marketWidth;
  const { length } = values;
  for (let c = 0; c < extras; c++) {
    const value = columns[c] * extraScale;
    for (let i = marketWidth + c; i < length; i += width) values[i] = value;
  }
}
