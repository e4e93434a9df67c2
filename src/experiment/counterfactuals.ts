/** What an agent would have done without each part of its shield. The fills of these ledgers are simulated. */
import type { LoadedAgent } from '../agents/index.ts';
import type { Agent, AgentDecision } from '../core/agent.ts';
import { type Ablation, ablate } from '../evaluate/ablation.ts';
import type { Policy } from '../evaluate/policy.ts';
import type { ScaledTable } from '../features/observation.ts';
import type { ExperimentConfig } from './config.ts';
import type { PreparedMarket } from './prepare.ts';
import { type ShieldParts, shieldFor } from './shield.ts';

/**
 * Policies that ask the agent once for each row, account and mask: most counterfactual ledgers go the same way most of
 * the time, and a network takes longer than everything else in a backtest.
 */
export function rememberDecisions(agent: Agent, { width, marketWidth }: ScaledTable): () => Policy {
  const known = new Map<string, AgentDecision>();
  return () => ({
    name: agent.kind,
    decide(row, obs) {
      const account = obs.values.subarray(obs.values.length - width + marketWidth);
      const key = `${row} ${obs.mask.join('')} ${account.join(' ')}`;
      let decision = known.get(key);
      if (decision === undefined) {
        decision = agent.decide(obs);
        known.set(key, decision);
      }
      return decision;
    },
  });
}

/** One market's counterfactual ledgers. @param config as `settingsOf` gives it */
export function ablateMarket(
  agent: LoadedAgent,
  { series, table, split }: PreparedMarket,
  config: ExperimentConfig,
  fold: 'test' | 'validation',
  parts: ShieldParts = {},
): Ablation {
  const { without = [] } = parts;
  return ablate({
    makePolicy: rememberDecisions(agent, table),
    series,
    table,
    account: config.account,
    rows: split[fold],
    rules: shieldFor(config, agent, parts).rules.map(({ rule }) => rule.name),
    makeShield: (rule) => shieldFor(config, agent, { ...parts, without: rule === null ? without : [...without, rule] }),
  });
}
