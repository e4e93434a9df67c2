import type { StreamState } from './state.ts';

/**
 * The last `size` values, always contiguous and oldest first: each value is written twice, `size` apart, so no sum
 * depends on where the ring happens to stand, and a value is a function of its window alone.
 */
export class RollingWindow {
  readonly size: number;
  /** [0] values pushed, [1] slot of the next one, [2..] the doubled ring. */
  readonly cells: Float64Array;

  constructor(state: StreamState, size: number) {
    this.size = size;
    this.cells = state.cells(2 + 2 * size);
  }

  push(value: number): void {
    const { cells, size } = this;
    const slot = cells[1] | 0;
    cells[2 + slot] = value;
    cells[2 + slot + size] = value;
    cells[1] = slot + 1 === size ? 0 : slot + 1;
    cells[0]++;
  }

  get full(): boolean {
    return this.cells[0] >= this.size;
  }

  /** Once full, the window is `cells[first .. first + size)`. */
  get first(): number {
    return 2 + (this.cells[1] | 0);
  }

  /** In four lanes, so that an addition needn't wait for the one before it. */
  sum(): number {
    const { cells, first, size } = this;
    const end = first + size;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = first;
    for (; i + 3 < end; i += 4) {
      a += cells[i];
      b += cells[i + 1];
      c += cells[i + 2];
      d += cells[i + 3];
    }
    for (; i < end; i++) a += cells[i];
    return a + b + (c + d);
  }

  mean(): number {
    return this.sum() / this.size;
  }

  /** Mean of |x - mean|. The window's size is even. */
  meanDeviation(mean: number): number {
    const { cells, first, size } = this;
    let even = 0;
    let odd = 0;
    for (let i = first; i < first + size; i += 2) {
      even += Math.abs(cells[i] - mean);
      odd += Math.abs(cells[i + 1] - mean);
    }
    return (even + odd) / size;
  }

  /** Population variance. The window's size is even. */
  variance(mean: number): number {
    const { cells, first, size } = this;
    let even = 0;
    let odd = 0;
    for (let i = first; i < first + size; i += 2) {
      even += (cells[i] - mean) * (cells[i] - mean);
      odd += (cells[i + 1] - mean) * (cells[i + 1] - mean);
    }
    return (even + odd) / size;
  }
}

/**
 * The largest of the last `size` values, and where in the window it first stood, in amortised constant time: a deque
 * of candidates that falls from front to back, kept in a ring. Push negated values for the smallest.
 */
export class RollingMax {
  readonly size: number;
  /** [0] values pushed, [1] slot of the front, [2] candidates; then their numbers, then their values. */
  readonly cells: Float64Array;

  constructor(state: StreamState, size: number) {
    this.size = size;
    this.cells = state.cells(3 + 2 * size);
  }

  push(value: number): void {
    const { cells, size } = this;
    const number = cells[0]++;
    let front = cells[1] | 0;
    let count = cells[2] | 0;
    if (count > 0 && cells[3 + front] <= number - size) {
      front = front + 1 === size ? 0 : front + 1;
      count--;
    }
    // Equal values stay, so that the front is the first of them.
    while (count > 0) {
      let back = front + count - 1;
      if (back >= size) back -= size;
      if (cells[3 + size + back] >= value) break;
      count--;
    }
    let slot = front + count;
    if (slot >= size) slot -= size;
    cells[3 + slot] = number;
    cells[3 + size + slot] = value;
    cells[1] = front;
    cells[2] = count + 1;
  }

  get full(): boolean {
    return this.cells[0] >= this.size;
  }

  get value(): number {
    return this.cells[3 + this.size + this.cells[1]];
  }

  /** Place of the maximum in the window, 0 = the oldest; its first place among equals. */
  get index(): number {
    return this.cells[3 + this.cells[1]] - (this.cells[0] - this.size);
  }
}
