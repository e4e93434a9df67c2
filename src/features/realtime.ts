import type { Candle } from '../core/candle.ts';
import { assert } from '../core/errors.ts';
import { decodeNumber, encodeNumber } from '../core/exact-json.ts';
import type { Json } from '../core/json.ts';
import { ACCOUNT_COLUMNS, type ObservationOptions, observationSignature, writeObservation } from './observation.ts';
import { requireSameColumns, type Scaler, scaleRow } from './scaler.ts';
import type { FeatureSet } from './sets.ts';
import { FeatureStream } from './stream.ts';

/** What one closed candle gives. The arrays are borrowed until the next candle. */
export interface RealTimeRow {
  readonly timeMs: number;
  /** (market columns) unscaled; NaN where a column isn't known. */
  readonly row: Float64Array;
  readonly complete: boolean;
  /** Whether the window is whole: as many complete rows without a gap as it has bars. */
  readonly decidable: boolean;
  /** (window, width) scaled, newest last; account columns blank (see `observe`). Valid where decidable. */
  readonly values: Float32Array;
  readonly clippedShare: number;
  /** Bars missing between this candle and the one before. */
  readonly gapBars: number;
}

/**
 * The indicators on the fly, by the same stream, scaler and observation builder as in training.
 * @example
 * const live = new RealTimeFeatureEng(featureSet('tradernet19'), scaler, series.timeframeMs);
 * for (let row = 0; row < 500; row++) live.update(candleAt(series, row));
 * const now = new Float32Array(live.window * live.width);
 * live.observe(new Float32Array(4), now);
 * now.every(Number.isFinite); // => true
 */
export class RealTimeFeatureEng {
  readonly columns: readonly string[];
  /** Equal to the signature of the training's ScaledTable. */
  readonly signature: string;
  readonly window: number;
  /** Columns of a window's row, account columns included. */
  readonly width: number;
  readonly marketWidth: number;
  readonly #stream: FeatureStream;
  readonly #scaler: Scaler;
  /** The last `window` scaled rows, newest last: a table of one window. */
  readonly #rows: Float32Array;
  readonly #raw: Float64Array;
  readonly #values: Float32Array;
  /** Complete rows without a gap up to now. */
  #run = 0;

  constructor(set: FeatureSet, scaler: Scaler, timeframeMs: number, options: ObservationOptions = {}) {
    requireSameColumns(scaler, set.signature, set.columns);
    const { window = 12 } = options;
    const { extraColumns: extras = ACCOUNT_COLUMNS } = options;
    this.window = window;
    this.columns = [...set.columns, ...extras];
    this.signature = observationSignature(set.signature, window, extras);
    this.width = this.columns.length;
    this.marketWidth = set.columns.length;
    this.#stream = new FeatureStream(set, timeframeMs);
    this.#scaler = scaler;
    this.#rows = new Float32Array(window * this.width);
    this.#raw = new Float64Array(this.marketWidth).fill(Number.NaN);
    this.#values = new Float32Array(window * this.width);
  }

  /** Open time of the newest candle; NaN before the first. */
  get timeMs(): number {
    return this.#stream.timeMs;
  }

  /** As of a ScaledTable: what the columns that follow the market's are multiplied by. */
  get extraScale(): number {
    return this.#scaler.accountScale;
  }

  /** Takes the next closed candle; a repeated or older one is an error of the caller. */
  update(candle: Candle): RealTimeRow {
    const { timeframeMs } = this.#stream;
    const before = this.#stream.timeMs;
    const gapBars = Number.isNaN(before) ? 0 : Math.max(0, (candle.timeMs - before) / timeframeMs - 1);
    const complete = this.#stream.step(candle, this.#raw, 0);
    this.#run = complete ? (gapBars > 0 ? 1 : this.#run + 1) : 0;

    this.#rows.copyWithin(0, this.width);
    const newest = (this.window - 1) * this.width;
    this.#rows.fill(0, newest);
    const clipped = complete ? scaleRow(this.#scaler, this.#raw, 0, this.#rows, newest) : 0;
    this.observe(null, this.#values);
    return {
      timeMs: candle.timeMs,
      row: this.#raw,
      complete,
      decidable: this.#run >= this.window,
      values: this.#values,
      clippedShare: Math.fround(clipped / this.marketWidth),
      gapBars,
    };
  }

  /** Writes the current window with the account's columns, (window, width), into `out`. */
  observe(account: Float32Array | null, out: Float32Array): void {
    const { width, marketWidth, window, extraScale } = this;
    writeObservation({ data: this.#rows, width, marketWidth, window, extraScale }, window - 1, account, 0, out, 0);
  }

  save(): Json {
    const rows = Array.from(this.#rows, encodeNumber);
    return { signature: this.signature, run: this.#run, stream: this.#stream.save(), rows };
  }

  /** @throws Error where the state is of other columns or another window. */
  restore(saved: Json): void {
    assert(saved !== null && typeof saved === 'object' && !Array.isArray(saved), 'a saved state is an object');
    assert(saved.signature === this.signature, `saved state has columns ${saved.signature}`);
    const { rows } = saved;
    assert(Array.isArray(rows) && rows.length === this.#rows.length, 'saved window has another shape');
    this.#stream.restore(saved.stream);
    this.#run = Number(saved.run);
    for (let i = 0; i < rows.length; i++) this.#rows[i] = decodeNumber(rows[i]);
  }
}
