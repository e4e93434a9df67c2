/** Several finished trainings of one configuration as one agent, judged on the validation fold like any other. */
import { saveCheckpoint, withStanding } from '../agents/checkpoint.ts';
import { EnsembleAgent } from '../agents/ensemble.ts';
import { hasCheckpoint, loadAgent, type Standing } from '../agents/index.ts';
import type { CandleSeries } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import { type Run, RunRegistry } from '../runs/registry.ts';
import type { ExperimentConfig } from './config.ts';
import { type Prepared, prepareMarkets } from './prepare.ts';
import { CHECKPOINTS, type RunContext } from './run-context.ts';
import { keepStanding, standingOf } from './standing.ts';
import { registerTraining } from './train-run.ts';
import { validateAgent } from './validation.ts';

export interface EnsembleRunOptions {
  /** Finished trainings of `config`, each from a seed of its own. */
  readonly members: readonly Run[];
  readonly series: readonly CandleSeries[];
  readonly config: ExperimentConfig;
  /** Said in the registration beside what the system knows itself. */
  readonly notes?: { readonly [key: string]: Json };
}

export interface EnsembleRun {
  readonly run: Run;
  readonly prepared: Prepared;
  /** Folder of best/ in the storage. */
  readonly folder: string;
  readonly standing: Standing;
}

/** An ensemble of the members' best agents, registered as a run of its own; one that is there already is found again. */
export function joinRuns(options: EnsembleRunOptions, runContext: RunContext): EnsembleRun {
  const { members, series, config, notes } = options;
  const { files, kernels } = runContext;
  const names = members.map(({ name }) => name);
  const prepared = prepareMarkets(series, config);
  const found = new RunRegistry(files).list().find((run) => isEnsembleOf(run, names));
  const known = found === undefined ? null : standingOf(found);
  if (found !== undefined && known !== null && hasCheckpoint(files, `${CHECKPOINTS}/${found.name}/best`))
    return { run: found, prepared, folder: `${CHECKPOINTS}/${found.name}`, standing: known };

  const agent = new EnsembleAgent(names.map((name) => loadAgent(files, `${CHECKPOINTS}/${name}/best`, kernels)));
  try {
    const updates = Math.min(...members.map((run) => standingOf(run)?.updates ?? 0));
    const { standing } = validateAgent(agent, prepared, config, updates);
    const own = { config, decisive: { ensemble: names.length }, notes: { ...notes, members: names } };
    const run = found ?? registerTraining('ensemble', own, prepared, runContext);
    const folder = `${CHECKPOINTS}/${run.name}`;
    saveCheckpoint(files, `${folder}/best`, withStanding(agent.checkpointFiles(), standing));
    keepStanding(run, prepared, standing);
    return { run, prepared, folder, standing };
  } finally {
    agent.dispose();
  }
}

function isEnsembleOf({ registration }: Run, names: readonly string[]): boolean {
  const { members } = (registration.notes ?? {}) as { readonly members?: readonly string[] };
  return registration.kind === 'ensemble' && members?.join() === names.join();
}
