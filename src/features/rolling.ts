import type { StreamState } from './state.ts';

/**
 * The last `size` values, always contiguous and oldest first: each value is written twice, `size` apart, so no sum
 * depends on where the ring happens to stand, and a value is a function of its window alone.
 */
export class RollingWindow {
  readonly size: number;
  /** [0] values pushed so far; [1..] the doubled ring. The window is `cells[first .. first + size)` once full. */
  readonly cells: Float64Array;

  constructor(state: StreamState, size: number) {
    this.size = size;
    this.cells = state.cells(1 + 2 * size);
  }

  push(value: number): void {
    const slot = 1 + (this.cells[0] % this.size);
    this.cells[slot] = value;
    this.cells[slot + this.size] = value;
    this.cells[0]++;
  }

  get full(): boolean {
    return this.cells[0] >= this.size;
  }

  get first(): number {
    return 1 + (this.cells[0] % this.size);
  }

  sum(): number {
    const { cells, first, size } = this;
    let sum = 0;
    for (let i = first; i < first + size; i++) sum += cells[i];
    return sum;
  }

  mean(): number {
    return this.sum() / this.size;
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
