/**
 * One block of memory that holds everything a kernel implementation works on: parameters, activations, programs.
 * An operand is then a number (its offset), the same for JavaScript, WebAssembly and native code. Arrays that nobody
 * holds any more come back by themselves; `free` is for those who will not wait for that.
 */
const ALIGN = 16; // floats: one cache line, one AVX-512 vector

/** A first-fit allocator over a buffer. Offsets and lengths are counted in elements. */
export class Memory {
  readonly buffer: ArrayBufferLike;
  /** Bytes of an element: 4, or 8 for the float64 oracle. */
  readonly elementBytes: 4 | 8;
  #free: { start: number; length: number }[];
  #used = new Map<number, number>();
  #collected = new FinalizationRegistry<number>((start) => this.#release(start));

  /** Hands out elements from `start` to the end of `buffer`; offset 0 stays unused, it means "absent" in an op. */
  constructor(buffer: ArrayBufferLike, start = ALIGN, elementBytes: 4 | 8 = 4) {
    this.buffer = buffer;
    this.elementBytes = elementBytes;
    const first = Math.ceil(Math.max(start, ALIGN) / ALIGN) * ALIGN;
    this.#free = [{ start: first, length: Math.floor(buffer.byteLength / elementBytes) - first }];
  }

  /** A zeroed view of `length` floats that begins on a cache line. */
  alloc(length: number): Float32Array {
    // One spare line keeps two arrays of a power of two from mapping onto the same cache sets.
    const need = (Math.ceil(length / ALIGN) + 1) * ALIGN;
    const block = this.#free.find((f) => f.length >= need);
    if (!block) {
      throw new Error(
        `kernels: out of memory: ${need * this.elementBytes} bytes asked of ${this.buffer.byteLength}; use a smaller batch`,
      );
    }
    const start = block.start;
    block.start += need;
    block.length -= need;
    this.#used.set(start, need);
    const view = this.elementBytes === 4 ? new Float32Array(this.buffer, start * 4, length) : this.#wide(start, length);
    this.#collected.register(view, start, view);
    return view.fill(0);
  }

  /** Code outside only reads and writes elements, so float64 passes for float32 there. */
  #wide(start: number, length: number): Float32Array {
    return new Float64Array(this.buffer, start * 8, length) as unknown as Float32Array;
  }

  /** Gives a view that `alloc` returned back; any other array is ignored. */
  free(view: Float32Array): void {
    if (this.#collected.unregister(view)) this.#release(view.byteOffset / this.elementBytes);
  }

  #release(start: number): void {
    const length = this.#used.get(start);
    if (length === undefined) return;
    this.#used.delete(start);
    const at = this.#free.findIndex((f) => f.start > start);
    this.#free.splice(at < 0 ? this.#free.length : at, 0, { start, length });
    for (let i = this.#free.length - 1; i > 0; i--) {
      const left = this.#free[i - 1];
      if (left.start + left.length !== this.#free[i].start) continue;
      left.length += this.#free[i].length;
      this.#free.splice(i, 1);
    }
  }
}
