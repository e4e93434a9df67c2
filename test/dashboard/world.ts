/** A storage with a little of everything, and the dashboard on it, as `npm run dashboard` serves it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from '../../scripts/dashboard.ts';
import { serveDashboard } from '../../src/dashboard/server.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { systemClock } from '../../src/disk/system-clock.ts';
import { ENVIRONMENT, MAIN, mustRun, TINY_TRAINING } from '../cli/run-cli.ts';

export const TOKEN = 'a-token-of-the-tests-0123456789';
export const PAGE = fileURLToPath(new URL('../../dashboard/build', import.meta.url));
/** Where commands write when they are not told otherwise. */
const STORAGE = 'database/storage';

export interface World {
  readonly folder: string;
  readonly storage: string;
  readonly port: number;
  /** With the token, as the command prints it. */
  readonly url: string;
  run(line: string): Promise<string>;
  /** Ends the server and starts another on the same port. */
  restart(between?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

/** Runs of three agents, one of them evaluated behind a shield, and a bot that rehearsed; nothing with `empty`. */
export async function makeWorld({ empty = false, page = true } = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-dashboard-'));
  const storage = join(folder, STORAGE);
  const run = (line: string) => mustRun([...words(line), '--json'], folder);
  if (!empty) {
    await run('data synth --symbol SYNTH/USDT --bars 6000 --no-trends --signal 0.6');
    await run('data synth --symbol OTHER/USDT --bars 3000 --no-trends --seed 2');
    // The exact one long enough to trade.
    for (const [agent, steps] of [
      ['ppo', 128],
      ['dqn', 128],
      ['exact', 6144],
    ] as const) {
      const line = `train --agent ${agent} --symbol SYNTH/USDT --steps ${steps} --json`;
      await mustRun([...words(line), ...TINY_TRAINING], folder);
      await run(`evaluate --checkpoint ${agent}-SYNTHUSDT-s1-1 --shield balanced --no-counterfactuals --force`);
    }
    await run('evaluate --checkpoint ppo-SYNTHUSDT-s1-1 --shield none --force');
  }
  mkdirSync(storage, { recursive: true });
  if (page) await buildPage();
  const serve = (port: number) =>
    serveDashboard({
      ...{ files: new NodeFileSystem(storage), storage, clock: systemClock, token: TOKEN, port, version: 'test' },
      ...{ page: page ? PAGE : folder, entry: MAIN, cwd: folder, env: ENVIRONMENT, firstJob: null },
    });
  let server = await serve(0);
  const { port } = server;
  return {
    ...{ folder, storage, port, run, url: `http://127.0.0.1:${port}/#token=${TOKEN}` },
    async restart(between) {
      await server.close();
      await between?.();
      server = await serve(port);
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
