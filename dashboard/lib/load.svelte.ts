/** Something that is fetched: what there is, or why there is nothing. */
import { get } from './api.ts';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state<string | null>(null);
  #asked = 0;

  /** What was there stays until the answer comes. */
  async load(path: string): Promise<void> {
    const asked = ++this.#asked;
    try {
      const value = await get<T>(path);
      if (asked !== this.#asked) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (asked === this.#asked) this.error = (error as Error).message;
    }
  }
}
