/** The page's side of a replay: asks the thread, one answer a question. */
import { ask } from './api.ts';
import type { Decision, Moved, Pass, ReplayStart } from './replay.ts';
import type { ReplayAsk } from './replay.worker.ts';

export class ReplayClient {
  readonly #worker = new Worker(new URL('./replay.worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #next = 1;

  constructor() {
    this.#worker.addEventListener(
      'message',
      ({ data }: MessageEvent<{ id: number; value?: unknown; fault?: string }>) => {
        const waiting = this.#waiting.get(data.id);
        this.#waiting.delete(data.id);
        if (data.fault !== undefined) waiting?.reject(new Error(data.fault));
        else waiting?.resolve(data.value as never);
      },
    );
    this.#worker.addEventListener('error', (event) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message || 'the thread failed'));
      this.#waiting.clear();
    });
  }

  /** @throws Error with the server's or the thread's words */
  async start(run: string, result: string): Promise<ReplayStart> {
    const response = await ask(`runs/${encodeURIComponent(run)}/replay/${encodeURIComponent(result)}`);
    if (!response.ok) throw new Error(((await response.json()) as { error: string }).error);
    const buffer = await response.arrayBuffer();
    return this.#ask({ kind: 'start', buffer }, [buffer]);
  }

  run(moved: Moved): Promise<Pass> {
    return this.#ask({ kind: 'run', moved });
  }

  decision(bar: number, moved: Moved): Promise<Decision | null> {
    return this.#ask({ kind: 'decision', bar, moved });
  }

  close(): void {
    this.#worker.terminate();
  }

  #ask<T>(question: ReplayAsk, transfer: Transferable[] = []): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ask: question }, transfer);
    });
  }
}
