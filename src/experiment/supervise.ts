/**
 * Smurfing: a DQN agent that was trained to hold where trading does not pay supervises a primary agent. It is only put
 * to work if, on the validation fold, it vetoes neither (almost) everything nor (almost) nothing.
 */
import type { DQNAgent } from '../agents/dqn.ts';
import { IntegratedAgent } from '../agents/integrated.ts';
import type { PPOAgent } from '../agents/ppo.ts';
import { SMURF_SETTINGS, VetoCounter, type VetoVerdict } from '../agents/supervision.ts';
import type { AccountConfig } from '../core/account.ts';
import { rewardNamed } from '../env/rewards/index.ts';
import { smurf } from '../env/rewards/smurf.ts';
import { backtest } from '../evaluate/backtest.ts';
import type { ExperimentConfig } from './config.ts';
import type { Prepared } from './prepare.ts';

/** The supervisor's settings: no account columns, since its account isn't the primary's; no future where `base` has one. */
export function smurfConfig(config: ExperimentConfig, base = 'horizon'): ExperimentConfig {
  const reward = smurf(rewardNamed(base)).name;
  return {
    ...config,
    features: { ...config.features, accountFeatures: SMURF_SETTINGS.accountFeatures },
    training: { ...config.training, agent: SMURF_SETTINGS.agent, reward },
    dqn: { ...config.dqn, gamma: reward === SMURF_SETTINGS.reward ? SMURF_SETTINGS.gamma : config.dqn.gamma },
  };
}

/** Joins the two and counts, over the validation folds, how often the supervisor stops a request that increases risk. */
export function superviseAgent(
  primary: PPOAgent | DQNAgent,
  supervisor: DQNAgent,
  prepared: Prepared,
  account: AccountConfig,
): { readonly agent: IntegratedAgent; readonly verdict: VetoVerdict } {
  const agent = new IntegratedAgent(primary, supervisor);
  const counter = new VetoCounter();
  for (const { series, table, split } of prepared.markets) {
    backtest({
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
      safety: null,
      rows: split.validation,
    });
  }
  return { agent, verdict: counter.judge() };
}
