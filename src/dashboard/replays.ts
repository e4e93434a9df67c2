/** Replays, one at a time in a thread of their own; the newest few are kept. */
import { Worker } from 'node:worker_threads';
import { InputError } from '../core/errors.ts';

const KEPT = 3;
const MOST_WAITING = 8;
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './replay-thread.ts' : './replay-thread.js', import.meta.url);

export class Replays {
  readonly #storage: string;
  readonly #ready = new Map<string, Promise<Uint8Array>>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(storage: string) {
    this.#storage = storage;
  }

  /** @param stamp changes with the evaluation. @throws InputError where it can't be replayed, or too many wait */
  async get(run: string, result: string, stamp: string): Promise<Uint8Array> {
    const key = `${run} ${result} ${stamp}`;
    const known = this.#ready.get(key);
    if (known !== undefined) return known;
    if (this.#waiting >= MOST_WAITING)
      throw new InputError('too many evaluations are being replayed; try again in a while');
    this.#waiting++;
    const made = this.#last.then(() => this.#prepare(run, result));
    this.#last = made.catch(() => {}).finally(() => this.#waiting--);
    this.#ready.set(key, made);
    made.catch(() => this.#ready.delete(key));
    for (const old of [...this.#ready.keys()].slice(0, -KEPT)) this.#ready.delete(old);
    return made;
  }

  #prepare(run: string, result: string): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const thread = new Worker(THREAD, { workerData: { storage: this.#storage, run, result } });
      thread.once('message', ({ bytes, fault }: { bytes?: Uint8Array; fault?: string }) => {
        if (bytes === undefined) reject(new InputError(fault ?? 'the replay failed'));
        else resolve(bytes);
        void thread.terminate();
      });
      thread.once('error', reject);
      thread.once('exit', () => reject(new InputError('the replay ended before its time')));
    });
  }
}
