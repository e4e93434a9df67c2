/** What an agent earns on the validation folds, beside doing nothing and holding. */
import type { Standing } from '../agents/standing.ts';
import type { Agent } from '../core/agent.ts';
import { log } from '../core/math.ts';
import { backtest } from '../evaluate/backtest.ts';
import { holdingPolicy, wholeAccount } from '../evaluate/baselines/buy-and-hold.ts';
import { cutForGate, GATE, gateStatistic } from '../evaluate/gate.ts';
import { agentPolicy, type Policy } from '../evaluate/policy.ts';
import type { ExperimentConfig } from './config.ts';
import type { Prepared } from './prepare.ts';
import { makeMaskingShield } from './training-env.ts';

/** What the validation folds say of an agent. */
interface Judgement {
  /** Mean log return on the bars that choose among checkpoints. */
  readonly logReturn: number;
  readonly standing: Standing;
}

/** Equity at each close of every market's validation fold. @param shield of the policy; null for none */
function validationCurves(
  policy: Policy,
  prepared: Prepared,
  account: ExperimentConfig['account'],
  makeShield: ReturnType<typeof makeMaskingShield> = null,
): Float64Array[] {
  const shield = makeShield?.() ?? null;
  return prepared.markets.map(
    ({ series, table, split }) => backtest({ policy, series, table, account, shield, rows: split.validation }).equity,
  );
}

/** Mean over the curves of ln(last / first equity). */
function meanLogReturn(curves: readonly Float64Array[]): number {
  const sum = curves.reduce((total, equity) => total + log(Math.max(1e-9, equity[equity.length - 1] / equity[0])), 0);
  return sum / curves.length;
}

/** What the curves say of an agent that made `updates` training steps. */
function judgeCurves(
  curves: readonly Float64Array[],
  prepared: Prepared,
  account: ExperimentConfig['account'],
  updates: number,
): Judgement {
  const agent = meanLogReturn(curves);
  const held = validationCurves(holdingPolicy('buy-and-hold'), prepared, wholeAccount(account));
  const candidates = { agent, flat: 0, 'buy-and-hold': meanLogReturn(held) };
  const best = (['flat', 'buy-and-hold', 'agent'] as const).reduce((a, b) => (candidates[b] > candidates[a] ? b : a));
  const { t, sums } = gateStatistic(curves.map((equity) => cutForGate(equity).judging));
  const { bars, needed } = GATE;
  const gate = { t, bars, sums, needed, open: updates > 0 && t >= needed };
  const chosenBy = meanLogReturn(curves.map((equity) => cutForGate(equity).choosing));
  return { logReturn: chosenBy, standing: { updates, candidates, best, gate } };
}

/** An agent on the validation folds, behind the shield that masks its training and no other. */
export function validateAgent(agent: Agent, prepared: Prepared, config: ExperimentConfig, updates: number): Judgement {
  const shield = makeMaskingShield(config, prepared);
  const curves = validationCurves(agentPolicy(agent), prepared, config.account, shield);
  return judgeCurves(curves, prepared, config.account, updates);
}
