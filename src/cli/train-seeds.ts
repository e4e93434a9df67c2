/** `train --seeds`: several trainings side by side, each a run of its own, and the ensemble of them. */
import { join } from 'node:path';
import { styleText } from 'node:util';
import { describeStanding } from '../agents/standing.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { ExperimentConfig } from '../experiment/config.ts';
import { joinRuns } from '../experiment/ensemble-run.ts';
import { hashMarkets } from '../experiment/prepare.ts';
import type { RunContext } from '../experiment/run-context.ts';
import { standingOf } from '../experiment/standing.ts';
import { findTraining } from '../experiment/walk-forward.ts';
import type { Job } from '../runs/pool.ts';
import type { Context, OptionsOf, Output } from './command.ts';
import { formatDuration } from './progress.ts';
import { freeCores, type KERNEL_OPTIONS, loadSeries } from './run-context.ts';
import { placeArguments, runJobs, STOPPED, Stopped, setting, sharedArguments } from './worker-jobs.ts';

interface Task {
  readonly config: ExperimentConfig;
  readonly symbols: readonly string[];
  readonly smurf: boolean;
}

/** Trainings that are there already aren't done again, so the same command goes on where it was stopped. */
export async function trainSeeds(
  seeds: number,
  { config, symbols, smurf }: Task,
  options: OptionsOf<typeof KERNEL_OPTIONS> & { readonly jobs: number | undefined },
  context: Context,
  runContext: RunContext,
): Promise<Output> {
  if (smurf) throw new InputError('--seeds: a supervisor is one agent; leave --seeds or --smurf out');
  const startMs = context.clock.nowMs();
  const series = loadSeries(context, symbols, config);
  const dataHash = hashMarkets(series);
  const parts = Array.from({ length: seeds }, (_, i) => {
    const seed = config.seed + i;
    return { fold: 0, seed, config: { ...config, seed } };
  });
  const find = (part: (typeof parts)[number]) => findTraining(runContext.files, part, symbols, dataHash);
  const jobs = parts.flatMap((part): Job[] => {
    const found = find(part);
    if (found?.finished) return [];
    const fresh = ['--symbol', symbols.join(','), ...sharedArguments(options, context), ...setting('seed', part.seed)];
    const args = found === null ? fresh : ['--resume', found.run.name, ...placeArguments(options, context)];
    return [{ name: `seed ${part.seed}`, args: ['train', ...args] }];
  });
  const workers = options.jobs ?? freeCores();
  context.say(`${seeds} trainings (${seeds - jobs.length} there already), ${workers} at a time`);
  try {
    await runJobs('trained', jobs, workers, context);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return STOPPED;
  }
  const members = parts.map((part) => {
    const found = find(part);
    if (!found?.finished) throw new Error(`internal error: seed ${part.seed} is trained, but not found`);
    return found.run;
  });
  const { run, folder, standing } = joinRuns({ members, series, config, notes: { symbols: [...symbols] } }, runContext);
  const elapsedMs = context.clock.nowMs() - startMs;
  const validations = members.map((member) => standingOf(member)?.candidates.agent ?? null);
  const text = [
    `${styleText('bold', run.name)}: ${seeds} trainings that vote, in ${formatDuration(elapsedMs)}`,
    ...members.map(
      ({ name }, i) =>
        `  ${name}: validation ${validations[i] === null ? 'none' : `${(100 * validations[i]).toFixed(2)} %`}`,
    ),
    ...describeStanding(standing),
    `next:   tradernet evaluate --checkpoint ${run.name}`,
  ].join('\n');
  const json = {
    run: run.name,
    status: 'finished',
    members: members.map(({ name }) => name),
    standing,
    checkpoints: join(context.storage, folder),
    elapsedMs: Math.round(elapsedMs),
  };
  return { text, json: json as unknown as Json };
}
