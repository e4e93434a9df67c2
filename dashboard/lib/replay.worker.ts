/** The thread in which a replay runs: the page stays smooth while a slider moves. */
import { createKernels } from '../../src/nn/index.ts';
import { type Moved, Replay } from './replay.ts';

export type ReplayAsk =
  | { readonly kind: 'start'; readonly buffer: ArrayBuffer }
  | { readonly kind: 'run'; readonly moved: Moved }
  | { readonly kind: 'decision'; readonly bar: number; readonly moved: Moved };

let replay: Replay | null = null;

async function answer(ask: ReplayAsk): Promise<unknown> {
  if (ask.kind === 'start') {
    replay = new Replay(ask.buffer, await createKernels({ kind: 'wasm', threads: 1 }));
    return replay.start();
  }
  if (replay === null) throw new Error('internal error: nothing was loaded');
  return ask.kind === 'run' ? replay.run(ask.moved) : replay.decision(ask.bar, ask.moved);
}

addEventListener('message', async ({ data: { id, ask } }: MessageEvent<{ id: number; ask: ReplayAsk }>) => {
  try {
    postMessage({ id, value: await answer(ask) });
  } catch (error) {
    postMessage({ id, fault: (error as Error).message });
  }
});
