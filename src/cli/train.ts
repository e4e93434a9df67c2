import { join } from 'node:path';
import { styleText } from 'node:util';
import { openCheckpoint } from '../agents/checkpoint.ts';
import { describeStanding, NOT_TRAINED } from '../agents/standing.ts';
import type { SupervisionCheck } from '../agents/supervision.ts';
import { type Progress, wholeReturn } from '../agents/train.ts';
import { InputError } from '../core/errors.ts';
import { REWARD_NAMES } from '../env/rewards/index.ts';
import type { ExperimentConfig } from '../experiment/config.ts';
import type { Checkpoint } from '../experiment/evaluate-run.ts';
import { readSettings } from '../experiment/registered-settings.ts';
import type { RunContext } from '../experiment/run-context.ts';
import { smurfConfig, trainSupervisor } from '../experiment/supervise.ts';
import { type TrainRun, type TrainRunOptions, trainRun } from '../experiment/train-run.ts';
import { type Run, RunRegistry } from '../runs/registry.ts';
import { openNamedCheckpoint, settingsFor } from './checkpoints.ts';
import { type Context, defineCommand, type Options, type OptionsOf } from './command.ts';
import { OPTIONS, parseInteger } from './options.ts';
import { formatDuration, progressLine } from './progress.ts';
import { AGENT_OPTION, KERNEL_OPTIONS, loadSeries, openRunContext, requireSymbols } from './run-context.ts';
import { trainSeeds } from './train-seeds.ts';

/** The numbers worth a place on the line, in this order. */
const SHOWN: readonly (readonly [name: string, label: string])[] = [
  ['loss', 'loss'],
  ['entropy', 'entropy'],
  ['epsilon', 'epsilon'],
  ['kl', 'kl'],
  ['explainedVariance', 'expl. var.'],
];

function describeProgress(progress: Progress): string {
  const shown = SHOWN.filter(([name]) => progress.metrics[name] !== undefined)
    .map(([name, label]) => `${label} ${progress.metrics[name].toPrecision(3)}`)
    .join('  ');
  const best = progress.best === null ? '' : `  best validation ${(100 * wholeReturn(progress.best)).toFixed(2)} %`;
  return progressLine({
    done: progress.steps,
    total: progress.totalSteps,
    unit: 'steps',
    perSecond: progress.stepsPerSecond,
    leftMs: progress.leftMs,
    detail: shown + best,
  });
}

type Trained = TrainRun & { readonly integrated?: string | null; readonly verdict?: SupervisionCheck | null };

function summarise(context: Context, result: Trained, elapsedMs: number) {
  const { run, folder, status, steps, updates, best, integrated = null, verdict = null } = result;
  const json = {
    run: run.name,
    status,
    steps,
    updates,
    best: best === null ? null : { ...best },
    checkpoints: join(context.storage, folder),
    supervision: verdict === null ? null : { ...verdict },
    elapsedMs: Math.round(elapsedMs),
  };
  const speed = `${Math.round(steps / (elapsedMs / 1000)).toLocaleString('en-US')} steps/s`;
  const lines = [
    `${styleText('bold', run.name)}: ${status} after ${steps.toLocaleString('en-US')} steps in ${formatDuration(elapsedMs)} (${speed})`,
    best === null
      ? 'not validated: the last agent is the best'
      : `best validation: ${(100 * wholeReturn(best)).toFixed(2)} % log return after costs, at step ${best.steps.toLocaleString('en-US')}`,
    ...(best?.standing ? describeStanding(best.standing) : updates === 0 ? [NOT_TRAINED] : []),
    ...(verdict === null ? [] : [verdict.reason]),
    status === 'stopped'
      ? `go on:  tradernet train --resume ${run.name}`
      : `next:   tradernet evaluate --checkpoint ${run.name}${integrated === null ? '' : '/integrated'}`,
  ];
  return { text: lines.join('\n'), json };
}

const TRAIN_OPTIONS = {
  ...AGENT_OPTION,
  ...OPTIONS.symbol,
  ...OPTIONS.venue,
  ...OPTIONS.timeframe,
  '--steps <n>': { doc: 'environment steps', parse: parseInteger(1), config: 'training.steps' },
  ...OPTIONS.preset,
  ...OPTIONS.seed,
  '--seeds <n>': {
    doc: 'train as many, from --seed on, side by side, as one agent that votes',
    parse: parseInteger(2, 100),
  },
  '--jobs <n>': { doc: 'trainings at a time with --seeds (default: the free cores)', parse: parseInteger(1, 256) },
  '--reward <name>': { doc: REWARD_NAMES, config: 'training.reward' },
  ...OPTIONS.testFrom,
  '--resume <run>': { doc: 'go on with a run that was stopped, or with --steps for longer than it was started for' },
  '--smurf [base]': { doc: 'train a supervisor on smurf(horizon), gamma 0; or on smurf(base)' },
  '--primary <run>': { doc: 'the agent that the supervisor is for; ends in RUN/integrated' },
  '--force': { doc: 'put the supervisor to work whatever it vetoes' },
  ...KERNEL_OPTIONS,
} satisfies Options;

type TrainOptions = OptionsOf<typeof TRAIN_OPTIONS>;

/** What is to be trained: from the flags, or from the run that is resumed. */
interface Task {
  readonly config: ExperimentConfig;
  readonly symbols: readonly string[];
  readonly resume?: string;
  readonly extendTo?: number;
  /** Whether it trains a supervisor, and for whom. */
  readonly smurf: boolean;
  readonly primary: Checkpoint | null;
}

function readTask(options: TrainOptions, runContext: RunContext, context: Context): Task {
  const open = (name: string | undefined) =>
    name === undefined ? null : openNamedCheckpoint(name, runContext, context, '--primary');
  const smurf = options.smurf !== undefined;
  if (options.resume !== undefined) {
    const run = new RunRegistry(runContext.files).open(options.resume);
    requireResumable(run, options, context);
    const settings = readSettings(run);
    const extension = options.steps === undefined ? {} : { extendTo: options.steps };
    const { primary } = (run.registration.notes ?? {}) as { primary?: string };
    return { ...settings, ...extension, resume: run.name, smurf: isSmurf(run), primary: open(primary) };
  }
  const primary = open(options.primary);
  if (primary !== null && !smurf) throw new InputError('--primary is the agent that a supervisor is for: add --smurf');
  if (primary === null) {
    const symbols = requireSymbols(options.symbol);
    return { config: context.config(), symbols, smurf, primary };
  }
  return { ...settingsFor(primary, options, context), smurf, primary };
}

/** A run goes on as it was started: what would change it is refused. @throws InputError naming the first such flag */
function requireResumable(run: Run, options: TrainOptions, context: Context): void {
  const { registration } = run;
  if (registration.kind === 'ensemble')
    throw new InputError(`--resume ${run.name}: is an ensemble; resume its members, or give its 'train --seeds' again`);
  if (registration.kind !== 'train')
    throw new InputError(`--resume ${run.name}: is no training but '${registration.kind}'`);
  const settings = Object.entries(context.overrides).filter(
    ([path, value]) => value !== undefined && path !== 'training.steps',
  );
  const flags = (['symbol', 'smurf', 'primary', 'seeds'] as const).filter((name) => options[name] !== undefined);
  const [first] = [...flags.map((name) => `--${name}`), ...settings.map(([path]) => path)];
  if (first !== undefined)
    throw new InputError(
      `--resume ${run.name} goes on as the run was started, so ${first} can't be given; --steps, --force, --threads and --kernels can. Leave it out, or start a new run`,
    );
}

function isSmurf(run: Run): boolean {
  return /^smurf/.test(readSettings(run).config.training.reward);
}

export const train = defineCommand({
  options: TRAIN_OPTIONS,
  examples: [
    'tradernet train --agent ppo --symbol SYNTH --steps 100000 --seed 1',
    'tradernet train --agent exact --symbol SYNTH --seeds 3',
    'tradernet train --resume ppo-SYNTH-s1-1',
    'tradernet train --smurf --primary ppo-SYNTH-s1-1',
  ],
  async run(options, context) {
    const runContext = await openRunContext(options, context);
    try {
      const { config, symbols, primary, smurf, resume, extendTo } = readTask(options, runContext, context);
      if (options.seeds !== undefined)
        return await trainSeeds(options.seeds, { config, symbols, smurf }, options, context, runContext);
      const base = options.smurf === true ? undefined : options.smurf;
      const startMs = context.clock.nowMs();
      const training: TrainRunOptions = {
        series: loadSeries(context, symbols, config),
        config: smurf && resume === undefined ? smurfConfig(config, base) : config,
        ...(resume === undefined ? {} : { resume }),
        ...(extendTo === undefined ? {} : { extendTo }),
        ...(smurf ? { validate: null } : {}),
        notes: { symbols: [...symbols] },
        onStart(run, prepared) {
          const { train, validation, test } = prepared.markets[0].split;
          const { name, isa, threads } = runContext.kernels;
          context.say(
            `${run.name}: ${prepared.set.name} (${prepared.setReason}), ${train.to - train.from} / ${validation.to - validation.from} / ${test.to - test.from} bars, kernels ${name} ${isa}, ${threads} thread${threads > 1 ? 's' : ''}`,
          );
        },
        onProgress: (progress) => context.progress(describeProgress(progress)),
      };
      const result: Trained =
        primary === null
          ? await trainRun(training, runContext)
          : await trainSupervisor({ ...training, primary, force: options.force }, runContext);
      if (result.status === 'finished') openCheckpoint(runContext.files, `${result.folder}/best`);
      const summary = summarise(context, result, context.clock.nowMs() - startMs);
      return { ...summary, exitCode: result.status === 'stopped' ? 130 : 0 };
    } finally {
      runContext.kernels.dispose();
    }
  },
});
