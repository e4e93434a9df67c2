import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { FeatureTable } from './table.ts';

export type ScalingMethod = 'min-max' | 'standardise';

/**
 * y = clip((x - shift) * factor), column by column. `min-max` maps the range of the training rows to [0, 1];
 * `standardise` to mean 0 and a deviation of `scale`. Both clip at the range that the training rows had (a standardised
 * value at a number of deviations, too), so what lies outside is new to the agent, and is counted. A constant column
 * becomes 0.
 */
export interface Scaler {
  readonly method: ScalingMethod;
  readonly columns: readonly string[];
  /** Columns with their options; a table with another signature is refused. */
  readonly signature: string;
  readonly shift: Float64Array;
  readonly factor: Float64Array;
  /** Smallest and largest scaled value. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** What the account's columns are multiplied by, so that they are as large as the market's. */
  readonly accountScale: number;
  /** What it was fitted on: open time of the first and the last row used, and how many complete rows lie between. */
  readonly fitted: { readonly fromMs: number; readonly toMs: number; readonly rows: number };
}

export interface ScalerOptions {
  /** Deviation of a standardised column, and the factor of the account's columns; default 1. */
  readonly scale?: number;
  /** Deviations beyond which a standardised value says nothing more; default 10. */
  readonly clip?: number;
}

/**
 * Fits on the complete rows of [from, to), which must be training rows only.
 * @throws InputError where there are fewer than two.
 * @example
 * fitScaler(features, 0, 1000, 'standardise').fitted.rows <= 1000; // => true
 */
export function fitScaler(
  table: FeatureTable,
  from: number,
  to: number,
  method: ScalingMethod,
  options: ScalerOptions = {},
): Scaler {
  const { clip = 10 } = options;
  const scale = method === 'min-max' ? 1 : (options.scale ?? 1);
  const { width, data, complete } = table;
  const least = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  let rows = 0;
  let first = -1;
  let last = -1;
  for (let i = Math.max(from, 0); i < Math.min(to, table.rows); i++) {
    if (complete[i] === 0) continue;
    if (first < 0) first = i;
    last = i;
    rows++;
    for (let c = 0; c < width; c++) {
      const x = data[i * width + c];
      if (x < least[c]) least[c] = x;
      if (x > most[c]) most[c] = x;
      // Welford, Technometrics 4(3), 1962: no cancellation in columns far from 0.
      const step = x - mean[c];
      mean[c] += step / rows;
      squares[c] += step * (x - mean[c]);
    }
  }
  if (rows < 2)
    throw new InputError(
      `only ${rows} complete rows to fit a scaler on; ${table.set.name} warms up for ${table.set.warmup} bars, so give it more data`,
    );

  const shift = new Float64Array(width);
  const factor = new Float64Array(width);
  const low = new Float64Array(width);
  const high = new Float64Array(width);
  for (let c = 0; c < width; c++) {
    const constant = least[c] === most[c];
    if (method === 'min-max') {
      shift[c] = least[c];
      factor[c] = constant ? 0 : 1 / (most[c] - least[c]);
      high[c] = constant ? 0 : 1;
    } else {
      shift[c] = mean[c];
      factor[c] = constant ? 0 : scale / Math.sqrt(squares[c] / rows);
      low[c] = Math.max((least[c] - mean[c]) * factor[c], -clip * scale);
      high[c] = Math.min((most[c] - mean[c]) * factor[c], clip * scale);
    }
  }
  const fitted = { fromMs: table.timeMs[first], toMs: table.timeMs[last], rows };
  const { columns, set } = table;
  return { method, columns, signature: set.signature, shift, factor, low, high, accountScale: scale, fitted };
}

/**
 * Scales the complete row at `data[at...]` into `out[outAt...]`.
 * @returns how many columns lay outside the training range and were clipped.
 */
export function scaleRow(scaler: Scaler, data: Float64Array, at: number, out: Float32Array, outAt: number): number {
  const { shift, factor, low, high } = scaler;
  let clipped = 0;
  for (let c = 0; c < shift.length; c++) {
    const y = (data[at + c] - shift[c]) * factor[c];
    // A hair of rounding at the training range's own edge isn't new to the agent.
    const slack = 1e-9 * (high[c] - low[c]);
    if (y < low[c] - slack || y > high[c] + slack || (factor[c] === 0 && data[at + c] !== shift[c])) clipped++;
    out[outAt + c] = Math.max(low[c], Math.min(high[c], y));
  }
  return clipped;
}

/** @throws InputError where the scaler was fitted on other columns; prints both. */
export function requireSameColumns(scaler: Scaler, signature: string, columns: readonly string[]): void {
  if (scaler.signature === signature) return;
  throw new InputError(
    `the scaler was fitted on other columns: it has [${scaler.columns.join(', ')}] (${scaler.signature}), the data has [${columns.join(', ')}] (${signature})`,
  );
}

/**
 * As a checkpoint keeps it; every number survives to the last bit.
 * @example
 * scalerFromJson(scalerToJson(scaler)); // => scaler
 */
export function scalerToJson(scaler: Scaler): Json {
  const { method, columns, signature, shift, factor, low, high, accountScale, fitted } = scaler;
  const list = (values: Float64Array) => Array.from(values);
  return {
    ...{ method, columns: [...columns], signature },
    ...{ shift: list(shift), factor: list(factor), low: list(low), high: list(high) },
    // As it was saved before there was one.
    ...(accountScale === 1 ? {} : { accountScale }),
    fitted: { ...fitted },
  };
}

function requirePart(condition: unknown, what: string): asserts condition {
  if (!condition) throw new InputError(`not a saved scaler (${what}); fit it anew by training again`);
}

/**
 * @throws InputError where the JSON isn't a scaler.
 * @example
 * scalerFromJson(scalerToJson(scaler)); // => scaler
 */
export function scalerFromJson(json: Json): Scaler {
  requirePart(json !== null && typeof json === 'object' && !Array.isArray(json), 'not an object');
  const { method, columns, signature, accountScale = 1, fitted } = json;
  requirePart(method === 'min-max' || method === 'standardise', `method ${JSON.stringify(method ?? null)}`);
  requirePart(typeof signature === 'string', 'no signature');
  requirePart(Array.isArray(columns) && columns.every((name) => typeof name === 'string'), 'no columns');
  requirePart(typeof accountScale === 'number' && Number.isFinite(accountScale), 'accountScale is no number');
  requirePart(fitted !== null && typeof fitted === 'object' && !Array.isArray(fitted), 'no fitted rows');
  const list = (key: string): Float64Array => {
    const values = json[key];
    requirePart(Array.isArray(values) && values.length === columns.length, `${key} has another length`);
    requirePart(
      values.every((value) => typeof value === 'number' && Number.isFinite(value)),
      `${key} isn't all numbers`,
    );
    return Float64Array.from(values as number[]);
  };
  return {
    ...{ method, columns: columns as string[], signature },
    ...{ shift: list('shift'), factor: list('factor'), low: list('low'), high: list('high') },
    accountScale,
    fitted: { fromMs: Number(fitted.fromMs), toMs: Number(fitted.toMs), rows: Number(fitted.rows) },
  };
}
