import { type Action, BUY, HOLD, SELL } from '../../core/action.ts';
import type { Observation } from '../../core/agent.ts';
import { PLAIN } from '../../core/agent.ts';
import { Rng } from '../../core/rng.ts';
import { backtest } from '../backtest.ts';
import type { Ledger } from '../ledger.ts';
import { mean } from '../moments.ts';
import type { Policy } from '../policy.ts';
import type { Baseline, BaselineContext } from './baseline.ts';

/** Stream of the seed that these policies draw from. */
const STREAM = 41;

/** SELL or BUY on every bar, allowed or not. */
export function coinFlipPolicy(seed: number): Policy {
  const rng = new Rng(seed, STREAM);
  return { name: 'coin-flip', decide: () => PLAIN[rng.integer(2) === 0 ? SELL : BUY] };
}

export const coinFlip: Baseline = {
  name: 'coin-flip',
  label: 'Coin flip',
  doc: 'SELL or BUY with equal chance on every bar',
  needs: [],
  create: ({ seed }) => ({ policy: coinFlipPolicy(seed) }),
};

function drawAllowed(obs: Observation, rng: Rng): Action {
  const allowed = ([SELL, BUY] as const).filter((action) => obs.mask[action] === 1);
  return allowed.length === 0 ? HOLD : allowed[rng.integer(allowed.length)];
}

/** With probability `rate` an order drawn from those allowed, else HOLD. */
export function randomPolicy(name: string, rate: number, seed: number): Policy {
  const rng = new Rng(seed, STREAM);
  return { name, decide: (_row, obs) => PLAIN[rng.uniform() < rate ? drawAllowed(obs, rng) : HOLD] };
}

/** Quote amount traded for each unit of equity, so that winning or losing doesn't count as trading. */
function relativeTurnover({ turnover, equity }: Ledger): number {
  return turnover / mean(equity);
}

/**
 * The rate at which random orders turn over as much of their equity as the reference did of its: found by bisection on
 * the turnover of a few random policies together. At most 1: on every bar.
 */
export function matchTurnover(context: BaselineContext, reference: Ledger): number {
  const pilots = 4;
  const turnover = (rate: number) => {
    let sum = 0;
    for (let pilot = 0; pilot < pilots; pilot++)
      sum += relativeTurnover(backtestRandom(context, rate, context.seed + pilot));
    return sum / pilots;
  };
  const target = relativeTurnover(reference);
  let low = 0;
  let high = 1;
  for (let step = 0; step < 12; step++) {
    const middle = (low + high) / 2;
    if (turnover(middle) < target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export function backtestRandom(context: BaselineContext, rate: number, seed: number): Ledger {
  const { series, table, account, test } = context;
  return backtest({ policy: randomPolicy('random', rate, seed), series, table, account, shield: null, rows: test });
}

export const randomTurnover: Baseline = {
  name: 'random',
  label: 'Random at the same turnover',
  doc: 'orders drawn at random from those allowed, as often as it takes to turn over what the agent did',
  needs: ['reference'],
  create: (context) => {
    const { reference, seed } = context;
    const rate = reference === null || reference.turnover === 0 ? 0 : matchTurnover(context, reference);
    return { policy: randomPolicy('random', rate, seed) };
  },
};
