import type { StreamState } from './state.ts';

/** Exponential moving average, y += k (x - y), seeded with the first value: k = 2 / (n + 1), or Wilder's 1 / n. */
export class Ema {
  readonly k: number;
  /** [0] values pushed, [1] the average. */
  readonly cells: Float64Array;

  constructor(state: StreamState, k: number) {
    this.k = k;
    this.cells = state.cells(2);
  }

  push(value: number): number {
    const { cells } = this;
    cells[1] = cells[0] === 0 ? value : cells[1] + this.k * (value - cells[1]);
    cells[0]++;
    return cells[1];
  }

  get pushed(): number {
    return this.cells[0];
  }
}

/** The weight of the newest value in an EMA over `n` bars. */
export function emaWeight(n: number): number {
  return 2 / (n + 1);
}
