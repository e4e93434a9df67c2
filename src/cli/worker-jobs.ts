/** Commands of this program as a pool of workers, for a command that is made of others. */
import { fileURLToPath } from 'node:url';
import { InputError } from '../core/errors.ts';
import { type Job, runPool } from '../runs/pool.ts';
import type { Context, OptionsOf } from './command.ts';
import { formatDuration } from './progress.ts';
import type { KERNEL_OPTIONS } from './run-context.ts';

const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));

/** `--set` of one setting. */
export function setting(path: string, value: unknown): string[] {
  return ['--set', `${path}=${JSON.stringify(value)}`];
}

/** Where a worker finds what is there already, and how much of the machine it gets. */
export function placeArguments({ threads = 1 }: OptionsOf<typeof KERNEL_OPTIONS>, context: Context): string[] {
  const plugins = context.plugins.flatMap((path) => ['--plugin', path]);
  return ['--storage', context.storage, '--threads', String(threads), ...plugins];
}

/** What every worker is told, so that its settings are this command's. */
export function sharedArguments(options: OptionsOf<typeof KERNEL_OPTIONS>, context: Context): string[] {
  const { overrides, configFile } = context;
  return [
    ...placeArguments(options, context),
    ...(configFile === undefined ? [] : ['--config', configFile]),
    ...(options.kernels === undefined ? [] : ['--kernels', options.kernels]),
    ...Object.entries(overrides).flatMap(([path, value]) => (value === undefined ? [] : setting(path, value))),
  ];
}

/** Runs the jobs, showing how far they are. @throws InputError where one of them failed, but as `mayFail` says */
export async function runJobs(
  what: string,
  jobs: readonly Job[],
  workers: number,
  context: Context,
  mayFail: (error: string) => boolean = () => false,
): Promise<void> {
  let done = 0;
  const startMs = context.clock.nowMs();
  const left = () => formatDuration(((context.clock.nowMs() - startMs) / done) * (jobs.length - done));
  const results = await runPool(jobs, {
    workers,
    entry: ENTRY,
    env: { ...context.env, TRADERNET_PROGRESS_MS: '1000' },
    signal: context.signal,
    onProgress: (index, line) => context.progress(`${what} ${done}/${jobs.length}  ${jobs[index].name}: ${line}`),
    onResult: (index, { exitCode, error }) => {
      if (exitCode !== 0 && !mayFail(error)) return;
      done++;
      const rest = done < jobs.length ? `, ${left()} left` : '';
      context.say(`${what} ${done}/${jobs.length}: ${jobs[index].name}${rest}`);
    },
  });
  if (context.signal.aborted) throw new Stopped();
  const failed = results.find(({ exitCode, error }) => exitCode !== 0 && !mayFail(error));
  if (failed !== undefined) throw new InputError(`${failed.job.name}: ${failed.error.replace(/^error: /, '')}`);
}

/** Ctrl-C: what is done is kept. */
export class Stopped extends Error {}

/** What a command says that was stopped and goes on when it is given again. */
export const STOPPED = {
  text: 'stopped; the same command goes on from here',
  json: { status: 'stopped' },
  exitCode: 130,
} as const;
