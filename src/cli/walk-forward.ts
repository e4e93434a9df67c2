import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { type ExperimentConfig, LEARNER_NAMES } from '../experiment/config.ts';
import { joinRuns } from '../experiment/ensemble-run.ts';
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
import { judgeFolds } from '../experiment/walk-forward-verdict.ts';
import type { Job } from '../runs/pool.ts';
import { type Run, RunRegistry } from '../runs/registry.ts';
import type { Profile } from '../shield/index.ts';
import { defineCommand } from './command.ts';
import { OPTIONS, parseChoice, parseInteger, parseList, parseNumber } from './options.ts';
import { freeCores, KERNEL_OPTIONS, loadSeries, openRunContext, requireSymbols } from './run-context.ts';
import { parseProfiles } from './shield.ts';
import { placeArguments, runJobs, STOPPED, Stopped, setting, sharedArguments } from './worker-jobs.ts';

/** Profile spec asks for a supervisor; where there is none it does without. */
function shieldOf({ shield }: ExperimentConfig, profile: Profile, supervisor: string | null) {
  const rules = profile === 'spec' && supervisor === null ? { ...shield.rules, smurf: false as const } : shield.rules;
  return { ...shield, profile, rules };
}

/** A part that is trained, or the ensemble of a fold; `supervisor` is the run of its supervisor where one was accepted. */
interface Trained {
  readonly part: Part;
  readonly run: Run;
  readonly supervisor: string | null;
}

export const walkForward = defineCommand({
  options: {
    '--agent <names>': {
      doc: `one or several of ${LEARNER_NAMES.join(', ')}, separated by commas (default: training.agent)`,
      parse: (text: string) => parseList(text).map(parseChoice(LEARNER_NAMES)),
    },
    ...OPTIONS.symbol,
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    '--folds <n>': { doc: 'test folds, one after the other', parse: parseInteger(1, 100), default: 4 },
    '--rolling': { doc: 'train on as many bars for each fold as for the first (default: on all before it)' },
    '--seeds <n>': { doc: 'seeds of each fold, from --seed on', parse: parseInteger(1, 1000), default: 3 },
    '--ensemble': { doc: 'also judge the seeds of each fold as one agent that votes' },
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
    '--jobs <n>': { doc: 'trainings and evaluations at a time (default: the free cores)', parse: parseInteger(1, 256) },
    ...KERNEL_OPTIONS,
  },
  examples: [
    'tradernet walk-forward --agent ppo --symbol SYNTH --folds 4 --seeds 3 --steps 50000',
    'tradernet walk-forward --agent ppo,exact --symbol SYNTH --folds 4 --seeds 3 --rolling --ensemble --jobs 2',
  ],
  async run(options, context) {
    const base = context.config();
    const symbols = requireSymbols(options.symbol);
    const series = loadSeries(context, symbols, base);
    const dataHash = hashMarkets(series);
    const files = new NodeFileSystem(context.storage);
    const { folds, seeds, testShare, rolling, ensemble, force } = options;
    if (ensemble && seeds < 2)
      throw new InputError('--ensemble: one seed has nobody to vote with; give --seeds 2 or more');
    const plan = { folds, seeds, testShare, rolling };
    const agents = [...new Set(options.agent ?? [base.training.agent])];
    const parts = agents.flatMap((agent) =>
      planParts(series, { ...base, training: { ...base.training, agent } }, plan),
    );
    const profiles = [...new Set<Profile>(['none', ...options.shield])];
    const jobs = options.jobs ?? freeCores();
    const shared = sharedArguments(options, context);
    const known = placeArguments(options, context);
    const nameOf = ({ fold, seed, config }: Part) => `${config.training.agent} fold ${fold + 1} seed ${seed}`;

    const train = (part: Part): Job[] => {
      const found = findTraining(files, part, symbols, dataHash);
      if (found?.finished) return [];
      const { seed, split, training } = part.config;
      const fresh = [
        ...['--symbol', symbols.join(','), ...shared, ...setting('seed', seed)],
        ...setting('training.agent', training.agent),
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
      return readScores(run, part, shieldOf(base, profile, supervisor), symbols, weights, force);
    };
    const evaluate = (one: Trained): Job[] =>
      profiles.flatMap((profile) => {
        if (read(one, profile) !== null) return [];
        const { part, run, supervisor } = one;
        const { rules, exits } = shieldOf(base, profile, supervisor);
        return [
          {
            name: `${run.registration.kind === 'ensemble' ? run.name : nameOf(part)} ${profile}`,
            args: [
              ...['evaluate', '--checkpoint', run.name, '--shield', profile, '--no-counterfactuals'],
              ...[...setting('shield.rules', rules), ...setting('shield.exits', exits), ...known],
              ...(force ? ['--force'] : []),
              ...(supervisor === null || profile === 'none' ? [] : ['--supervisor', supervisor]),
            ],
          },
        ];
      });
    /** The seeds of each fold as one agent; a supervisor is one seed's, so an ensemble has none. */
    const joinSeeds = async (members: readonly { part: Part; run: Run }[]): Promise<Trained[]> => {
      if (!ensemble) return [];
      const runContext = await openRunContext(options, context);
      try {
        return members
          .filter(({ part }) => part.seed === base.seed)
          .map(({ part }) => {
            const own = members.filter(
              ({ part: { fold, config } }) =>
                fold === part.fold && config.training.agent === part.config.training.agent,
            );
            context.progress(`joining the seeds of ${nameOf(part)}`);
            const notes = { symbols: [...symbols] };
            const { run } = joinRuns(
              { members: own.map(({ run }) => run), series, config: part.config, notes },
              runContext,
            );
            return { part, run, supervisor: null };
          });
      } finally {
        runContext.kernels.dispose();
      }
    };

    try {
      const trainings = parts.flatMap(train);
      context.say(`${parts.length} trainings (${parts.length - trainings.length} there already), ${jobs} at a time`);
      await runJobs('trained', trainings, jobs, context);
      const primaries = parts.map((part) => ({ part, run: runOf(part) }));
      if (options.smurf) {
        const supervisions = primaries.flatMap(({ part, run }) => supervise(part, run));
        // A supervisor that is refused is a result.
        await runJobs('supervised', supervisions, jobs, context, (error) => /supervisor of \S+ refused/.test(error));
      }
      const single = primaries.map((one) => ({ ...one, supervisor: supervisorOf(one.run) }));
      const trained = [...single, ...(await joinSeeds(primaries))];
      await runJobs('evaluated', trained.flatMap(evaluate), jobs, context);
      const scores = trained.flatMap((one) => profiles.flatMap((profile): Score[] => read(one, profile) ?? []));
      const supervised = single.filter(({ supervisor }) => supervisor !== null).length;
      const resting = trained.filter(({ run }) => isResting({ standing: standingOf(run) }, force)).length;
      const { bootstrapSamples: resamples } = base.evaluation;
      const registry = new RunRegistry(files);
      const verdicts = judgeFolds(scores, registry, {
        ...{ seed: base.seed, resamples },
        seedsOf: (agent) => (agent.endsWith('-ensemble') ? seeds : 1),
      });
      const summaries = [...new Set(scores.map(({ agent }) => agent))].map((agent) => {
        const own = scores.filter((score) => score.agent === agent);
        return {
          agent,
          verdicts: verdicts.filter((one) => one.agent === agent),
          profiles: summarizeProfiles(own, profiles, { resamples, seed: base.seed }),
          overfitting: judgeChoice(own, profiles),
        };
      });
      const cuts = parts
        .filter(({ seed, config: { training } }) => seed === base.seed && training.agent === agents[0])
        .map(({ config: { split } }, fold) => ({ fold: fold + 1, ...split }));
      const text = [
        ...cuts.map(({ fold, testFrom, testTo }) => `fold ${fold}: tested from ${testFrom} to ${testTo ?? 'the end'}`),
        options.smurf
          ? `${supervised} of ${single.length} supervisors were accepted; elsewhere the shield is without smurf`
          : 'the shield is without smurf: no supervisors were asked for (--smurf)',
        ...(resting === 0
          ? []
          : [`${resting} of ${trained.length} agents did nothing, since their gate is closed (--force lets them act)`]),
        ...summaries.map(renderWalkForward),
        '',
        `${registry.list().length} runs in the registry; 'tradernet runs list' shows them`,
      ].join('\n');
      const rows = scores.map(({ returns: _, record: __, ...score }) => score);
      const json = { ...plan, symbols, supervised, resting, folds: cuts, agents: summaries, scores: rows };
      return { text, json: json as unknown as Json };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return STOPPED;
    }
  },
});
