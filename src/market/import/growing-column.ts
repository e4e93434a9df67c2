const BLOCK = 1 << 16;

/** Numbers that are added one by one, millions of them, without ever being copied. */
export class GrowingColumn {
  readonly #blocks: (Float64Array | Int32Array)[] = [];
  readonly #kind: Float64ArrayConstructor | Int32ArrayConstructor;
  length = 0;

  constructor(kind: Float64ArrayConstructor | Int32ArrayConstructor) {
    this.#kind = kind;
  }

  push(value: number): void {
    const at = this.length++;
    const block = at >>> 16;
    if (block === this.#blocks.length) this.#blocks.push(new this.#kind(BLOCK));
    this.#blocks[block][at & (BLOCK - 1)] = value;
  }

  get(index: number): number {
    return this.#blocks[index >>> 16][index & (BLOCK - 1)];
  }
}
