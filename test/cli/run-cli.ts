/** The command line as a user has it: a process of its own, in a folder of its own. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CASES, NAMES } from '../agents/agent-cases.ts';

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Without colours, keys or settings of the machine; compiled code is kept, which halves the time of a start. */
export const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  NODE_COMPILE_CACHE: join(tmpdir(), 'tradernet-compile-cache'),
  NODE_DISABLE_COLORS: '1',
};

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runCli(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    ...{ cwd, env: { ...ENVIRONMENT, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (data) => (output[name] += data));
  return new Promise((done) => child.on('close', (code) => done({ code, ...output })));
}

/** Runs a command that must succeed and returns its stdout. */
export async function mustRun(args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, cwd);
  if (code !== 0) throw new Error(`tradernet ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Flags of a training that takes a moment: a tiny network, short rollouts, a checkpoint every 64 steps. */
export const TINY_TRAINING = [
  ...['--kernels', 'wasm', '--threads', '1'],
  ...[
    ...NAMES.flatMap((name) =>
      Object.entries(CASES[name].small).map(([key, value]) => `${name}.${key}=${JSON.stringify(value)}`),
    ),
    ...['training.validateEvery=64', 'training.checkpointEvery=64', 'training.episodeBars=50'],
  ].flatMap((setting) => ['--set', setting]),
];

/** SHA-256 of every file under `folder` by its path; without SQLite's log, which a reader makes and removes. */
export function hashFiles(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !/-(wal|shm)$/.test(path));
  return Object.fromEntries(
    paths
      .sort()
      .map((path) => [
        path.slice(folder.length + 1),
        createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16),
      ]),
  );
}
