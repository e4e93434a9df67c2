import type { Candle } from '../core/candle.ts';
import { assert } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { IndicatorStep } from './indicator.ts';
import type { FeatureSet } from './sets.ts';
import { StreamState } from './state.ts';

/**
 * A feature set over a stream of closed bars: the one path by which training, evaluation and live get their rows.
 * A gap in time restarts it, so that no value ever spans missing bars.
 */
export class FeatureStream {
  readonly set: FeatureSet;
  readonly timeframeMs: number;
  readonly width: number;
  readonly #state = new StreamState();
  /** [0] bars since the start or the last gap, [1] time of the newest one. */
  readonly #cells = this.#state.cells(2);
  readonly #steps: IndicatorStep[] = [];
  readonly #offsets: number[] = [];

  constructor(set: FeatureSet, timeframeMs: number) {
    this.set = set;
    this.timeframeMs = timeframeMs;
    let offset = 0;
    for (const indicator of set.indicators) {
      this.#steps.push(indicator.start(this.#state, timeframeMs));
      this.#offsets.push(offset);
      offset += indicator.columns.length;
    }
    this.width = offset;
  }

  /** Bars since the start or the last gap. */
  get bars(): number {
    return this.#cells[0];
  }

  /** Open time of the newest bar; NaN before the first. */
  get timeMs(): number {
    return this.#cells[0] === 0 ? Number.NaN : this.#cells[1];
  }

  /**
   * Takes the next closed bar and writes its row, `width` numbers, at `out[at...]`; NaN where a column isn't known.
   * @returns whether the row is complete.
   */
  step(candle: Candle, out: Float64Array, at: number): boolean {
    const cells = this.#cells;
    if (cells[0] > 0 && candle.timeMs !== cells[1] + this.timeframeMs) {
      assert(candle.timeMs > cells[1], `bar ${candle.timeMs} comes after ${cells[1]}`);
      this.reset();
    }
    cells[0]++;
    cells[1] = candle.timeMs;
    for (let i = 0; i < this.#steps.length; i++) this.#steps[i](candle, out, at + this.#offsets[i]);

    let complete = cells[0] > this.set.warmup;
    for (let i = at; i < at + this.width; i++)
      if (!Number.isFinite(out[i])) {
        // An overflow (a price beyond any market) counts as unknown, never as a number.
        out[i] = Number.NaN;
        complete = false;
      }
    return complete;
  }

  reset(): void {
    this.#state.clear();
  }

  save(): Json {
    return { signature: this.set.signature, timeframeMs: this.timeframeMs, state: this.#state.save() };
  }

  /** @throws Error where the state is of another set or timeframe. */
  restore(saved: Json): void {
    assert(saved !== null && typeof saved === 'object' && !Array.isArray(saved), 'a saved stream is an object');
    assert(saved.signature === this.set.signature, `saved stream has columns ${saved.signature}`);
    assert(saved.timeframeMs === this.timeframeMs, `saved stream has bars of ${saved.timeframeMs} ms`);
    this.#state.restore(saved.state);
  }
}
