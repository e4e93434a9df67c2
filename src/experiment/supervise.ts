/**
 * Smurfing: a DQN agent that was trained to hold where trading does not pay supervises a primary agent. It is only put
 * to work if, on the validation fold, it vetoes neither (almost) everything nor (almost) nothing.
 */

import { type LoadedAgent, loadAgent } from '../agents/index.ts';
import { IntegratedAgent } from '../agents/integrated.ts';
import { SMURF_SETTINGS, type SupervisionCheck, VetoCounter } from '../agents/supervision.ts';
import type { AccountConfig } from '../core/account.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { log } from '../core/math.ts';
import { rewardNamed } from '../env/rewards/index.ts';
import { smurf } from '../env/rewards/smurf.ts';
import { backtest } from '../evaluate/backtest.ts';
import { scaleTable } from '../features/observation.ts';
import { scalerFromJson } from '../features/scaler.ts';
import type { ExperimentConfig } from './config.ts';
import { type Checkpoint, settingsOf } from './evaluate-run.ts';
import { trainedConfig } from './extension.ts';
import type { Prepared } from './prepare.ts';
import type { RunContext } from './run-context.ts';
import { type TrainRun, type TrainRunOptions, trainRun } from './train-run.ts';
import { nameFold } from './trial.ts';

/** The supervisor's settings: no account columns, since its account isn't the primary's; no future where `base` has one. */
export function smurfConfig(config: ExperimentConfig, base = 'horizon'): ExperimentConfig {
  const reward = smurf(rewardNamed(base)).name;
  return {
    ...config,
    features: { ...config.features, accountFeatures: SMURF_SETTINGS.accountFeatures },
    training: { ...config.training, agent: SMURF_SETTINGS.agent, reward, maskByShield: null },
    dqn: { ...config.dqn, gamma: reward === SMURF_SETTINGS.reward ? SMURF_SETTINGS.gamma : config.dqn.gamma },
  };
}

/** The same folds as an agent with account columns sees them, or one without. */
function seenBy(prepared: Prepared, { window, accountColumns }: LoadedAgent['spec']): Prepared {
  const options = { window, extraColumns: accountColumns };
  const markets = prepared.markets.map((market) => ({
    ...market,
    table: scaleTable(market.features, prepared.scaler, options),
  }));
  return { ...prepared, markets };
}

/** What became of a primary agent under a supervisor on the validation folds. */
export interface Supervised {
  /** How often the supervisor stops a request that increases risk, and whether that is acceptable. */
  readonly verdict: SupervisionCheck;
  /** Mean over the markets of ln(final / starting equity), after costs. */
  readonly logReturn: number;
}

/** @param prepared the markets as the primary agent sees them */
export function superviseAgent(
  primary: LoadedAgent,
  supervisor: LoadedAgent,
  prepared: Prepared,
  account: AccountConfig,
): Supervised {
  const agent = new IntegratedAgent(primary, supervisor);
  const counter = new VetoCounter();
  let sum = 0;
  for (const { series, table, split } of prepared.markets) {
    const { equity, startingEquity } = backtest({
      policy: {
        name: agent.kind,
        decide(_row, obs, { units }) {
          const decision = agent.decide(obs);
          counter.count(decision, units, obs.mask);
          return decision;
        },
      },
      series,
      table,
      account,
      shield: null,
      rows: split.validation,
    });
    sum += log(Math.max(1e-9, equity[equity.length - 1] / startingEquity));
  }
  return { verdict: counter.judge(), logReturn: sum / prepared.markets.length };
}

export interface TrainSupervisorOptions extends Omit<TrainRunOptions, 'validate' | 'scaler' | 'decisive'> {
  readonly primary: Checkpoint;
  /** Puts the supervisor to work whatever it vetoes. The run's record says so. */
  readonly force: boolean;
}

export interface SupervisorRun extends TrainRun {
  /** Folder of the integrated checkpoint; null where the training was stopped before. */
  readonly integrated: string | null;
  readonly verdict: SupervisionCheck | null;
}

/** Where the supervisor's judgement lies among a run's results. */
export const SUPERVISION = 'supervision';

/**
 * Trains a supervisor for `primary` and joins the two as `integrated/`. The best supervisor is the one whose pair with
 * the primary earns most on the validation fold, among those that are neither deaf nor dumb.
 * @throws InputError where not even the best is of use and `force` isn't given, or it can't supervise this primary
 */
export async function trainSupervisor(options: TrainSupervisorOptions, runContext: RunContext): Promise<SupervisorRun> {
  const { config, force } = options;
  const { files, kernels } = runContext;
  const primary = requirePrimary(options.primary);
  const scaler = scalerFromJson(primary.spec.scaler);
  const features = { ...settingsOf(primary, config).features, accountFeatures: false };
  let seen: Prepared | null = null;
  const judge = (supervisor: LoadedAgent, prepared: Prepared) => {
    seen ??= seenBy(prepared, primary.spec);
    return superviseAgent(primary, supervisor, seen, config.account);
  };
  const result = await trainRun(
    {
      ...options,
      config: { ...config, features },
      scaler,
      decisive: {
        primary: options.primary.run ? trainedConfig(options.primary.run) : (primary.spec as unknown as Json),
      },
      notes: { ...options.notes, primary: options.primary.name, forced: force },
      validate(agent, prepared) {
        const { verdict, logReturn } = judge(agent, prepared);
        return verdict.accepted ? logReturn : Number.NEGATIVE_INFINITY;
      },
    },
    runContext,
  );
  if (result.status === 'stopped') return { ...result, integrated: null, verdict: null };
  const supervisor = loadAgent(files, `${result.folder}/best`, kernels);
  try {
    const { verdict, logReturn } = judge(supervisor, result.prepared);
    const forced = force && !verdict.accepted;
    const status = verdict.accepted ? 'accepted' : forced ? 'forced' : 'refused';
    result.run.finishEvaluation(SUPERVISION, {
      foldKey: result.prepared.markets.map((market) => nameFold(market, 'validation')).join(' '),
      trial: null,
      sharpePerBar: null,
      returns: [],
      figures: { status, primary: options.primary.name, logReturn, ...verdict },
    });
    if (status === 'refused')
      throw new InputError(
        `supervisor of ${result.run.name} refused: ${verdict.reason}; train it longer or on another reward, or accept it with: tradernet train --resume ${result.run.name} --force`,
      );
    const integrated = `${result.folder}/integrated`;
    new IntegratedAgent(primary, supervisor, { ...verdict, forced }).save(files, integrated);
    return { ...result, integrated, verdict };
  } finally {
    supervisor.dispose();
  }
}

function requirePrimary({ agent, name }: Checkpoint): LoadedAgent {
  if (agent.kind === 'integrated')
    throw new InputError(`--primary ${name}: has a supervisor already; name the run of its primary agent`);
  if (agent.spec.reward.startsWith('smurf'))
    throw new InputError(`--primary ${name}: is a supervisor itself; name the run of the agent that it is for`);
  return agent;
}
