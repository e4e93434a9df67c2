import { join } from 'node:path';
import { styleText } from 'node:util';
import { openCheckpoint } from '../agents/checkpoint.ts';
import type { Progress } from '../agents/train.ts';
import type { ExperimentConfig } from '../experiment/config.ts';
import { smurfConfig } from '../experiment/supervise.ts';
import { type TrainRun, trainRun } from '../experiment/train-run.ts';
import { RunRegistry } from '../runs/registry.ts';
import type { Command, Context } from './command.ts';
import { OPTIONS, parseChoice, parseInteger } from './options.ts';
import { formatDuration, progressLine } from './progress.ts';
import { KERNEL_OPTIONS, loadSeries, openWorkplace, readSettings, requireSymbols } from './workplace.ts';

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
  const best = progress.best === null ? '' : `  best validation ${(100 * progress.best.logReturn).toFixed(2)} %`;
  return progressLine({
    done: progress.steps,
    total: progress.totalSteps,
    unit: 'steps',
    perSecond: progress.stepsPerSecond,
    leftMs: progress.leftMs,
    detail: shown + best,
  });
}

function summarise(context: Context, result: TrainRun, elapsedMs: number) {
  const { run, folder, status, steps, best } = result;
  const at = join(context.storage, folder);
  const json = {
    run: run.name,
    status,
    steps,
    best: best === null ? null : { ...best },
    checkpoints: at,
    elapsedMs: Math.round(elapsedMs),
  };
  const speed = `${Math.round(steps / (elapsedMs / 1000)).toLocaleString('en-US')} steps/s`;
  const lines = [
    `${styleText('bold', run.name)}: ${status} after ${steps.toLocaleString('en-US')} steps in ${formatDuration(elapsedMs)} (${speed})`,
    best === null
      ? 'no validation yet'
      : `best validation: ${(100 * best.logReturn).toFixed(2)} % log return after costs, at step ${best.steps.toLocaleString('en-US')}`,
    status === 'stopped'
      ? `go on:  tradernet train --resume ${run.name}`
      : `next:   tradernet evaluate --checkpoint ${run.name}`,
  ];
  return { text: lines.join('\n'), json };
}

const command: Command = {
  name: 'train',
  summary: 'train a PPO or DQN agent, or a Smurf supervisor',
  options: [
    {
      flags: '--agent <name>',
      doc: 'ppo or dqn',
      parse: parseChoice(['ppo', 'dqn']),
      config: 'training.agent',
    },
    OPTIONS.symbol,
    OPTIONS.venue,
    OPTIONS.timeframe,
    { flags: '--steps <n>', doc: 'environment steps', parse: parseInteger(1), config: 'training.steps' },
    OPTIONS.seed,
    { flags: '--reward <name>', doc: 'market-order, realized, horizon, smurf(NAME), ...', config: 'training.reward' },
    { flags: '--test-from <date>', doc: 'first day of the test fold', config: 'split.testFrom' },
    { flags: '--resume <run>', doc: 'go on with a run that was stopped' },
    { flags: '--smurf [base]', doc: 'train a supervisor on smurf(horizon), gamma 0; or on smurf(base)' },
    ...KERNEL_OPTIONS,
  ],
  examples: [
    'tradernet train --agent ppo --symbol SYNTH --steps 100000 --seed 1',
    'tradernet train --resume ppo-SYNTH-s1-1',
    'tradernet train --smurf --symbol SYNTH',
  ],
  async run(options, context) {
    const workplace = await openWorkplace(options, context);
    try {
      let config: ExperimentConfig = context.config();
      let symbols = options.symbol as readonly string[] | undefined;
      const resume = options.resume as string | undefined;
      if (resume !== undefined) ({ config, symbols } = readSettings(new RunRegistry(workplace.files).open(resume)));
      else if (options.smurf !== undefined)
        config = smurfConfig(config, options.smurf === true ? undefined : String(options.smurf));
      const series = loadSeries(context, requireSymbols(symbols), config);
      const startMs = context.clock.nowMs();
      const result = await trainRun(
        {
          series,
          config,
          ...(resume === undefined ? {} : { resume }),
          notes: { symbols: [...requireSymbols(symbols)] },
          onStart(run, prepared) {
            const { train, validation, test } = prepared.markets[0].split;
            const { name, isa, threads } = workplace.kernels;
            context.say(
              `${run.name}: ${prepared.set.name} (${prepared.setReason}), ${train.to - train.from} / ${validation.to - validation.from} / ${test.to - test.from} bars, kernels ${name} ${isa}, ${threads} thread${threads > 1 ? 's' : ''}`,
            );
          },
          onProgress: (progress) => context.progress(describeProgress(progress)),
        },
        workplace,
      );
      if (result.status === 'finished') openCheckpoint(workplace.files, `${result.folder}/best`);
      const summary = summarise(context, result, context.clock.nowMs() - startMs);
      return { ...summary, exitCode: result.status === 'stopped' ? 130 : 0 };
    } finally {
      workplace.kernels.dispose();
    }
  },
};

export const commands = [command];
