import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import type { ExperimentConfig } from '../experiment/config.ts';
import { isResting, weightsOf } from '../experiment/evaluate-run.ts';
import { hashMarkets } from '../experiment/prepare.ts';
import { judgeChoice } from '../experiment/profile-choice.ts';
import { standingOf } from '../experiment/standing.ts';
import {
  findSupervisor,
  findTraining,
  type Part,
  planParts,
  readScores,
  type Score,
  summarizeProfiles,
} from '../experiment/walk-forward.ts';
import { renderWalkForward } from '../experiment/walk-forward-text.ts';
import type { Job } from '../runs/pool.ts';
import { type Run, RunRegistry } from '../runs/registry.ts';
import type { Profile } from '../shield/index.ts';
import { defineCommand } from './command.ts';
import { OPTIONS, parseInteger, parseNumber } from './options.ts';
import { AGENT_OPTION, freeCores, KERNEL_OPTIONS, loadSeries, requireSymbols } from './run-context.ts';
import { parseProfiles } from './shield.ts';
import { placeArguments, runJobs, STOPPED, Stopped, setting, sharedArguments } from './worker-jobs.ts';

/** Profile spec asks for a supervisor; where there is none it does without. */
function shieldOf({ shield }: ExperimentConfig, profile: Profile, supervisor: string | null) {
  const rules = profile === 'spec' && supervisor === null ? { ...shield.rules, smurf: false as const } : shield.rules;
  return { ...shield, profile, rules };
}

/** A part that is trained; `supervisor` is the run of its supervisor where there is one that was accepted. */
interface Trained {
  readonly part: Part;
  readonly run: Run;
  readonly supervisor: string | null;
}

export const walkForward = defineCommand({
  options: {
    ...AGENT_OPTION,
    ...OPTIONS.symbol,
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    '--folds <n>': { doc: 'test folds, one after the other', parse: parseInteger(1, 100), default: 4 },
    '--seeds <n>': { doc: 'seeds of each fold, from --seed on', parse: parseInteger(1, 1000), default: 3 },
    ...OPTIONS.preset,
    ...OPTIONS.seed,
    '--steps <n>': { doc: 'of each training', parse: parseInteger(1), config: 'training.steps' },
    '--shield <profiles>': {
      doc: 'profiles separated by commas; none is always among them',
      parse: parseProfiles,
      default: ['cautious', 'balanced', 'spec'],
    },
    '--test-share <x>': { doc: 'of the bars, for all test folds', parse: parseNumber(0.05, 0.9), default: 0.5 },
    '--smurf': { doc: 'train a supervisor for each agent too; the profiles use it where it is accepted' },
    '--force': { doc: 'let agents act whose gate is closed' },
    '--workers <n>': { doc: 'trainings at a time (default: the free cores)', parse: parseInteger(1, 256) },
    ...KERNEL_OPTIONS,
  },
  examples: ['tradernet walk-forward --agent ppo --symbol SYNTH --folds 4 --seeds 3 --steps 50000'],
  async run(options, context) {
    const config = context.config();
    const symbols = requireSymbols(options.symbol);
    const series = loadSeries(context, symbols, config);
    const dataHash = hashMarkets(series);
    const files = new NodeFileSystem(context.storage);
    const plan = { folds: options.folds, seeds: options.seeds, testShare: options.testShare };
    const parts = planParts(series, config, plan);
    const profiles = [...new Set<Profile>(['none', ...options.shield])];
    const workers = options.workers ?? freeCores();
    const shared = sharedArguments(options, context);
    const known = placeArguments(options, context);
    const nameOf = ({ fold, seed }: Part) => `fold ${fold + 1} seed ${seed}`;

    const train = (part: Part): Job[] => {
      const found = findTraining(files, part, symbols, dataHash);
      if (found?.finished) return [];
      const { seed, split } = part.config;
      const fresh = [
        ...['--symbol', symbols.join(','), ...shared, ...setting('seed', seed)],
        ...Object.entries(split).flatMap(([name, value]) => setting(`split.${name}`, value)),
      ];
      return [
        {
          name: nameOf(part),
          args: ['train', ...(found === null ? fresh : ['--resume', found.run.name, ...known])],
        },
      ];
    };
    const supervise = (part: Part, run: Run): Job[] => {
      const found = findSupervisor(files, run);
      if (found !== null && found.status !== 'unfinished') return [];
      const task = found === null ? ['--smurf', '--primary', run.name] : ['--resume', found.run.name];
      return [{ name: `${nameOf(part)} supervisor`, args: ['train', ...task, ...known] }];
    };
    const runOf = (part: Part): Run => {
      const found = findTraining(files, part, symbols, dataHash);
      if (!found?.finished) throw new Error(`internal error: ${nameOf(part)} is trained, but not found`);
      return found.run;
    };
    const supervisorOf = (run: Run): string | null => {
      const found = options.smurf ? findSupervisor(files, run) : null;
      return found?.status === 'accepted' || found?.status === 'forced' ? found.run.name : null;
    };
    const read = ({ part, run, supervisor }: Trained, profile: Profile): Score[] | null => {
      const weights = supervisor === null || profile === 'none' ? null : weightsOf(files, supervisor);
      return readScores(run, part, shieldOf(config, profile, supervisor), symbols, weights, options.force);
    };
    const evaluate = (one: Trained): Job[] =>
      profiles.flatMap((profile) => {
        if (read(one, profile) !== null) return [];
        const { part, run, supervisor } = one;
        const shield = shieldOf(config, profile, supervisor);
        const { rules, exits } = shield;
        return [
          {
            name: `${nameOf(part)} ${profile}`,
            args: [
              ...['evaluate', '--checkpoint', run.name, '--shield', profile, '--no-counterfactuals'],
              ...[...setting('shield.rules', rules), ...setting('shield.exits', exits), ...known],
              ...(options.force ? ['--force'] : []),
              ...(supervisor === null || profile === 'none' ? [] : ['--supervisor', supervisor]),
            ],
          },
        ];
      });

    try {
      const trainings = parts.flatMap(train);
      context.say(`${parts.length} trainings (${parts.length - trainings.length} there already), ${workers} at a time`);
      await runJobs('trained', trainings, workers, context);
      const primaries = parts.map((part) => ({ part, run: runOf(part) }));
      if (options.smurf) {
        const supervisions = primaries.flatMap(({ part, run }) => supervise(part, run));
        // A supervisor that is refused is a result.
        await runJobs('supervised', supervisions, workers, context, (error) => /supervisor of \S+ refused/.test(error));
      }
      const trained = primaries.map((one) => ({ ...one, supervisor: supervisorOf(one.run) }));
      const evaluations = trained.flatMap(evaluate);
      await runJobs('evaluated', evaluations, workers, context);
      const scores = trained.flatMap((one) => profiles.flatMap((profile): Score[] => read(one, profile) ?? []));
      const supervised = trained.filter(({ supervisor }) => supervisor !== null).length;
      const resting = trained.filter(({ run }) => isResting({ standing: standingOf(run) }, options.force)).length;
      const { bootstrapSamples: resamples } = config.evaluation;
      const summaries = summarizeProfiles(scores, profiles, { resamples, seed: config.seed });
      const overfitting = judgeChoice(scores, profiles);
      const folds = parts
        .filter(({ seed }) => seed === config.seed)
        .map(({ config: { split } }, fold) => ({ fold: fold + 1, ...split }));
      const text = [
        ...folds.map(({ fold, testFrom, testTo }) => `fold ${fold}: tested from ${testFrom} to ${testTo ?? 'the end'}`),
        options.smurf
          ? `${supervised} of ${trained.length} supervisors were accepted; elsewhere the shield is without smurf`
          : 'the shield is without smurf: no supervisors were asked for (--smurf)',
        ...(resting === 0
          ? []
          : [`${resting} of ${trained.length} agents did nothing, since their gate is closed (--force lets them act)`]),
        '',
        renderWalkForward(summaries, overfitting),
        '',
        `${new RunRegistry(files).list().length} runs in the registry; 'tradernet runs list' shows them`,
      ].join('\n');
      const rows = scores.map(({ returns: _, ...score }) => score);
      const json = { ...plan, symbols, supervised, resting, folds, profiles: summaries, overfitting, scores: rows };
      return { text, json: json as unknown as Json };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return STOPPED;
    }
  },
});
