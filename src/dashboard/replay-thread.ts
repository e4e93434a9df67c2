/** A thread that prepares one replay, so that the server goes on answering meanwhile. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { CandleStore, MARKET_DATABASE } from '../market/store.ts';
import { prepareReplay } from './replay.ts';

const { storage, run, result } = workerData as { storage: string; run: string; result: string };
try {
  using store = CandleStore.open(join(storage, MARKET_DATABASE));
  const bytes = await prepareReplay(new NodeFileSystem(storage), store, { run, result });
  parentPort?.postMessage({ bytes }, [bytes.buffer]);
} catch (error) {
  parentPort?.postMessage({ fault: (error as Error).message });
}
