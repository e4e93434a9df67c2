import { assert } from '../core/errors.ts';
import { decodeNumber, encodeNumber } from '../core/exact-json.ts';
import type { Json } from '../core/json.ts';

/**
 * The memory of a stream: blocks of numbers, handed out in a fixed order, zero at a fresh start. Because indicators
 * keep nothing elsewhere, saving, restoring and restarting are written once, here.
 */
export class StreamState {
  readonly #blocks: Float64Array[] = [];

  cells(length: number): Float64Array {
    const block = new Float64Array(length);
    this.#blocks.push(block);
    return block;
  }

  clear(): void {
    for (const block of this.#blocks) block.fill(0);
  }

  save(): Json {
    return this.#blocks.map((block) => Array.from(block, encodeNumber));
  }

  /** @throws Error where the state belongs to another list of indicators. */
  restore(saved: Json): void {
    assert(Array.isArray(saved) && saved.length === this.#blocks.length, 'saved stream has another number of blocks');
    this.#blocks.forEach((block, i) => {
      const values = saved[i];
      assert(Array.isArray(values) && values.length === block.length, `saved stream differs in block ${i}`);
      for (let j = 0; j < block.length; j++) block[j] = decodeNumber(values[j]);
    });
  }
}
