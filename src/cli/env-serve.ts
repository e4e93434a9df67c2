import { readSync, writeSync } from 'node:fs';
import type { Json } from '../core/json.ts';
import { EnvironmentChannel, type Pipes } from '../env/environment-channel.ts';
import { prepareMarkets } from '../experiment/prepare.ts';
import { createTrainingEnv } from '../experiment/training-env.ts';
import { defineCommand } from './command.ts';
import { OPTIONS, parseInteger } from './options.ts';
import { loadSeries, requireSymbols } from './run-context.ts';

const still = new Int32Array(new SharedArrayBuffer(4));

/** As much as the pipe takes or gives now; a full or empty one is asked again a little later, an end is 0. */
function patiently(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF' || code === 'EPIPE') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(still, 0, 0, 0.2);
    }
  }
}

/** Whole buffers over stdin and stdout. @returns false where the other end is gone */
function whole(bytes: Uint8Array, transfer: (at: number) => number): boolean {
  for (let at = 0; at < bytes.length; ) {
    const count = patiently(() => transfer(at));
    if (count === 0) return false;
    at += count;
  }
  return true;
}
const pipes: Pipes = {
  read: (bytes) => whole(bytes, (at) => readSync(0, bytes, at, bytes.length - at, null)),
  write: (bytes) => whole(bytes, (at) => writeSync(1, bytes, at, bytes.length - at)),
};

export const serveEnvironment = defineCommand({
  options: {
    ...OPTIONS.symbol,
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    ...OPTIONS.seed,
    '--count <n>': { doc: 'environments that step together', parse: parseInteger(1), default: 1 },
  },
  examples: ['tradernet env serve --symbol SYNTH --count 64 < /dev/null'],
  async run({ symbol, count }, context) {
    const config = context.config();
    const prepared = prepareMarkets(loadSeries(context, requireSymbols(symbol), config), config);
    const env = createTrainingEnv(config, prepared, count);
    const { columns, marketWidth } = prepared.markets[0].table;
    const about: { readonly [key: string]: Json } = {
      ...{ columns: [...columns], marketColumns: marketWidth, seed: config.seed },
      ...{ reward: config.training.reward, episodeBars: config.training.episodeBars },
    };
    // The channel is stdin and stdout, so nothing listens and nobody else can speak.
    new EnvironmentChannel(env, prepared.markets[0].table.extraScale, pipes).serve(about);
    return { text: '', json: null };
  },
});
