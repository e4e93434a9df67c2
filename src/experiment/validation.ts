/** What an agent earns on the validation folds. */
import type { Agent } from '../core/agent.ts';
import { log } from '../core/math.ts';
import { backtest } from '../evaluate/backtest.ts';
import { agentPolicy } from '../evaluate/policy.ts';
import type { ExperimentConfig } from './config.ts';
import type { Prepared } from './prepare.ts';
import { makeMaskingShield } from './training-env.ts';

/** Mean over the markets of ln(final / starting equity) on the validation folds, after costs. */
export function validationLogReturn(agent: Agent, prepared: Prepared, config: ExperimentConfig): number {
  const shield = makeMaskingShield(config, prepared)?.() ?? null;
  let sum = 0;
  for (const { series, table, split } of prepared.markets) {
    const { equity, startingEquity } = backtest({
      policy: agentPolicy(agent),
      series,
      table,
      account: config.account,
      shield,
      rows: split.validation,
    });
    sum += log(Math.max(1e-9, equity[equity.length - 1] / startingEquity));
  }
  return sum / prepared.markets.length;
}
