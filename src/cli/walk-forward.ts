import { fileURLToPath } from 'node:url';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import type { ExperimentConfig } from '../experiment/config.ts';
import { hashMarkets } from '../experiment/prepare.ts';
import {
  findTraining,
  type Part,
  planParts,
  readScores,
  type Score,
  summarizeProfiles,
} from '../experiment/walk-forward.ts';
import { renderWalkForward } from '../experiment/walk-forward-text.ts';
import { type Job, runPool } from '../runs/pool.ts';
import { type Run, RunRegistry } from '../runs/registry.ts';
import type { Profile } from '../shield/index.ts';
import type { Command, Context } from './command.ts';
import { OPTIONS, parseChoice, parseInteger, parseNumber } from './options.ts';
import { parseProfiles } from './shield.ts';
import { freeCores, KERNEL_OPTIONS, loadSeries, requireSymbols } from './workplace.ts';

const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));

/** What every worker is told, so that its settings are this command's. */
function sharedArguments(options: Record<string, unknown>, context: Context): string[] {
  const { set, config, kernels } = options as { set: Record<string, unknown>; config?: string; kernels?: string };
  return [
    ...['--storage', context.storage, '--threads', String(options.threads ?? 1)],
    ...(config === undefined ? [] : ['--config', config]),
    ...(kernels === undefined ? [] : ['--kernels', kernels]),
    ...Object.entries(set).flatMap(([path, value]) => (value === undefined ? [] : setting(path, value))),
  ];
}

function setting(path: string, value: unknown): string[] {
  return ['--set', `${path}=${JSON.stringify(value)}`];
}

/** Runs the jobs, showing how far they are. @throws InputError where one of them failed */
async function runJobs(what: string, jobs: readonly Job[], workers: number, context: Context): Promise<Json[]> {
  let done = 0;
  const results = await runPool(jobs, {
    workers,
    entry: ENTRY,
    env: { ...context.env, TRADERNET_PROGRESS_MS: '1000' },
    signal: context.signal,
    onProgress: (index, line) => context.progress(`${what} ${done}/${jobs.length}  ${jobs[index].name}: ${line}`),
    onResult: (index, { exitCode }) => {
      if (exitCode === 0) context.say(`${what} ${++done}/${jobs.length}: ${jobs[index].name}`);
    },
  });
  if (context.signal.aborted) throw new Stopped();
  const failed = results.find(({ exitCode }) => exitCode !== 0);
  if (failed !== undefined) throw new InputError(`${failed.job.name}: ${failed.error.replace(/^error: /, '')}`);
  return results.map(({ output }) => output);
}

/** Ctrl-C: what is done is kept. */
class Stopped extends Error {}

/** Profile spec can't be without a supervisor, and a walk-forward trains none. */
function shieldOf({ shield }: ExperimentConfig, profile: Profile): ExperimentConfig['shield'] {
  return { ...shield, profile, rules: profile === 'spec' ? { ...shield.rules, smurf: false } : shield.rules };
}

const command: Command = {
  name: 'walk-forward',
  summary: 'train on several folds and seeds; what the shield does to drawdown, with intervals',
  options: [
    { flags: '--agent <name>', doc: 'ppo or dqn', parse: parseChoice(['ppo', 'dqn']), config: 'training.agent' },
    OPTIONS.symbol,
    OPTIONS.venue,
    OPTIONS.timeframe,
    { flags: '--folds <n>', doc: 'test folds, one after the other', parse: parseInteger(1, 100), default: 4 },
    { flags: '--seeds <n>', doc: 'seeds of each fold, from --seed on', parse: parseInteger(1, 1000), default: 3 },
    OPTIONS.seed,
    { flags: '--steps <n>', doc: 'of each training', parse: parseInteger(1), config: 'training.steps' },
    {
      flags: '--shield <profiles>',
      doc: 'profiles separated by commas; none is always among them',
      parse: parseProfiles,
      default: ['cautious', 'balanced', 'spec'],
    },
    { flags: '--test-share <x>', doc: 'of the bars, for all test folds', parse: parseNumber(0.05, 0.9), default: 0.5 },
    { flags: '--workers <n>', doc: 'trainings at a time (default: the free cores)', parse: parseInteger(1, 256) },
    ...KERNEL_OPTIONS,
  ],
  examples: ['tradernet walk-forward --agent ppo --symbol SYNTH --folds 4 --seeds 3 --steps 50000'],
  async run(options, context) {
    const config = context.config();
    const symbols = requireSymbols(options.symbol as string[] | undefined);
    const series = loadSeries(context, symbols, config);
    const dataHash = hashMarkets(series);
    const files = new NodeFileSystem(context.storage);
    const plan = { folds: Number(options.folds), seeds: Number(options.seeds), testShare: Number(options.testShare) };
    const parts = planParts(series, config, plan);
    const profiles = [...new Set<Profile>(['none', ...(options.shield as Profile[])])];
    const workers = Number(options.workers ?? freeCores());
    const shared = sharedArguments(options, context);
    const nameOf = ({ fold, seed }: Part) => `fold ${fold + 1} seed ${seed}`;

    const train = (part: Part): Job[] => {
      const found = findTraining(files, part, symbols, dataHash);
      if (found?.finished) return [];
      const { seed, split } = part.config;
      const fresh = [
        ...['--symbol', symbols.join(','), ...shared, ...setting('seed', seed)],
        ...Object.entries(split).flatMap(([name, value]) => setting(`split.${name}`, value)),
      ];
      const known = ['--storage', context.storage, '--threads', String(options.threads ?? 1)];
      return [
        {
          name: nameOf(part),
          args: ['train', ...(found === null ? fresh : ['--resume', found.run.name, ...known])],
        },
      ];
    };
    const runOf = (part: Part): Run => {
      const found = findTraining(files, part, symbols, dataHash);
      if (!found?.finished) throw new Error(`internal error: ${nameOf(part)} is trained, but not found`);
      return found.run;
    };
    const evaluate = (part: Part, run: Run): Job[] =>
      profiles.flatMap((profile) => {
        const shield = shieldOf(config, profile);
        if (readScores(run, part, shield, symbols) !== null) return [];
        const { rules, exits } = shield;
        return [
          {
            name: `${nameOf(part)} ${profile}`,
            args: [
              ...['evaluate', '--checkpoint', run.name, '--shield', profile, '--no-counterfactuals'],
              ...[...setting('shield.rules', rules), ...setting('shield.exits', exits)],
              ...['--storage', context.storage, '--threads', '1'],
            ],
          },
        ];
      });

    try {
      const trainings = parts.flatMap(train);
      context.say(`${parts.length} trainings (${parts.length - trainings.length} there already), ${workers} at a time`);
      await runJobs('trained', trainings, workers, context);
      const trained = parts.map((part) => ({ part, run: runOf(part) }));
      const evaluations = trained.flatMap(({ part, run }) => evaluate(part, run));
      await runJobs('evaluated', evaluations, workers, context);
      const scores = trained.flatMap(({ part, run }) =>
        profiles.flatMap((profile): Score[] => readScores(run, part, shieldOf(config, profile), symbols) ?? []),
      );
      const { bootstrapSamples: resamples } = config.evaluation;
      const summaries = summarizeProfiles(scores, profiles, { resamples, seed: config.seed });
      const folds = parts
        .filter(({ seed }) => seed === config.seed)
        .map(({ config: { split } }, fold) => ({ fold: fold + 1, ...split }));
      const text = [
        ...folds.map(({ fold, testFrom, testTo }) => `fold ${fold}: tested from ${testFrom} to ${testTo ?? 'the end'}`),
        ...(profiles.includes('spec') ? ['profile spec without smurf: no supervisor is trained here'] : []),
        '',
        renderWalkForward(summaries),
        '',
        `${new RunRegistry(files).list().length} runs in the registry; 'tradernet runs list' shows them`,
      ].join('\n');
      return { text, json: { ...plan, symbols, folds, profiles: summaries, scores } as unknown as Json };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return { text: 'stopped; the same command goes on from here', json: { status: 'stopped' }, exitCode: 130 };
    }
  },
};

export const commands = [command];
