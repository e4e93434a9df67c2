import { InputError } from '../core/errors.ts';

/**
 * One block of memory that holds everything a kernel implementation works on: parameters, activations, programs.
 * An operand is then a number (its offset), the same for JavaScript, WebAssembly and native code. Arrays that nobody
 * holds any more come back by themselves; `free` is for those who will not wait for that.
 */
const ALIGN = 16; // floats: one cache line, one AVX-512 vector

interface Block {
  readonly start: number;
  readonly length: number;
}

export interface MemoryOptions {
  /** First element to hand out; element 0 never is, it means "absent" in an op. */
  readonly start?: number;
  /** The element after the last; default: the buffer's end. */
  readonly end?: number;
  /** Bytes of an element: 4, or 8 for the float64 oracle. */
  readonly elementBytes?: 4 | 8;
}

/** A first-fit allocator over a part of a buffer. Offsets and lengths are counted in elements. */
export class Memory {
  readonly buffer: ArrayBufferLike;
  readonly elementBytes: 4 | 8;
  /** Both in order of their starts. */
  readonly #free: Block[];
  readonly #used: Block[] = [];
  #collected = new FinalizationRegistry<number>((start) => this.#release(start));

  constructor(buffer: ArrayBufferLike, { start = 0, end, elementBytes = 4 }: MemoryOptions = {}) {
    this.buffer = buffer;
    this.elementBytes = elementBytes;
    const first = Math.ceil(Math.max(start, ALIGN) / ALIGN) * ALIGN;
    this.#free = [{ start: first, length: (end ?? Math.floor(buffer.byteLength / elementBytes)) - first }];
  }

  /** A zeroed view of `length` floats that begins on a cache line. */
  alloc(length: number): Float32Array {
    if (!Number.isInteger(length) || length < 0) {
      throw new Error(`kernels: an array of ${length} floats; give a whole number`);
    }
    // One spare line keeps two arrays of a power of two from mapping onto the same cache sets, and is what kernels read
    // in whole vectors past an array's end.
    const need = (Math.ceil(length / ALIGN) + 1) * ALIGN;
    const at = this.#free.findIndex((f) => f.length >= need);
    if (at < 0) {
      throw new InputError(
        `kernels: out of memory: ${need * this.elementBytes} bytes asked of ${this.buffer.byteLength}; use a smaller batch`,
      );
    }
    const { start, length: room } = this.#free[at];
    this.#free[at] = { start: start + need, length: room - need };
    this.#used.splice(firstAfter(this.#used, start), 0, { start, length: need });
    const view = this.elementBytes === 4 ? new Float32Array(this.buffer, start * 4, length) : this.#wide(start, length);
    this.#collected.register(view, start, view);
    return view.fill(0);
  }

  /** Code outside only reads and writes elements, so float64 passes for float32 there. */
  #wide(start: number, length: number): Float32Array {
    return new Float64Array(this.buffer, start * 8, length) as unknown as Float32Array;
  }

  /** Whether `view` is an array that `alloc` returned and nobody gave back, or a part of one. */
  holds(view: Float32Array): boolean {
    if (view.buffer !== this.buffer || view.BYTES_PER_ELEMENT !== this.elementBytes) return false;
    const start = view.byteOffset / this.elementBytes;
    const block = this.#used[firstAfter(this.#used, start) - 1];
    return block !== undefined && start + view.length <= block.start + block.length - ALIGN;
  }

  /** Gives a view that `alloc` returned back; any other array is ignored. */
  free(view: Float32Array): void {
    if (this.#collected.unregister(view)) this.#release(view.byteOffset / this.elementBytes);
  }

  #release(start: number): void {
    const at = firstAfter(this.#used, start) - 1;
    if (this.#used[at]?.start !== start) return;
    const [block] = this.#used.splice(at, 1);
    this.#free.splice(firstAfter(this.#free, start), 0, block);
    for (let i = this.#free.length - 1; i > 0; i--) {
      const [left, right] = [this.#free[i - 1], this.#free[i]];
      if (left.start + left.length !== right.start) continue;
      this.#free.splice(i - 1, 2, { start: left.start, length: left.length + right.length });
    }
  }
}

/** Index of the first block that starts after `start`. */
function firstAfter(blocks: readonly Block[], start: number): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle].start > start) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Programs get this part of the memory; of address space, that is: pages are only taken when touched. */
const PROGRAM_SHARE = 1 / 8;

/** Two memories in one buffer from element `start` on, so that whatever is written to arrays leaves programs alone. */
export function divideMemory(buffer: ArrayBufferLike, start: number): { arrays: Memory; programs: Memory } {
  const cut = start + Math.floor((buffer.byteLength / 4) * PROGRAM_SHARE);
  return { programs: new Memory(buffer, { start, end: cut }), arrays: new Memory(buffer, { start: cut }) };
}
