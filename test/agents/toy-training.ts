/** What each toy world asks of an agent, `agent-cases/NAME.ts` has the settings with which an agent learns it. */
import { type LearnerName, loadAgent } from '../../src/agents/index.ts';
import type { Agent } from '../../src/core/agent.ts';
import type { TradingMarket } from '../../src/env/trading-env.ts';
import type { VectorEnv } from '../../src/env/vector-env.ts';
import type { Kernels } from '../../src/nn/index.ts';
import { narrowMarket } from '../env/made-market.ts';
import {
  alwaysUpMarket,
  plantedWorld,
  playThrough,
  policyOf,
  sineBest,
  sineMarket,
  toyTradingEnv,
} from '../env/market-worlds.ts';
import { delayedWorld, identityWorld, ToyEnv, type World } from '../env/toy-worlds.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import type { Lesson } from './agent-cases/agent-case.ts';
import { CASES } from './agent-cases.ts';
import { environmentsOf, extrasOf, makeAgent, trainHere } from './made-agents.ts';

export interface Toy {
  readonly name: string;
  /** @param extras how many of the account's columns the agent sees */
  makeEnv(count: number, extras: number): VectorEnv;
  /** Share of what the best policy earns that the greedy agent earns. */
  score(agent: Agent, extras: number): number;
  /** What training may see to choose its best checkpoint; missing where the last agent is taken. */
  readonly validate?: (agent: Agent, extras: number) => number;
  /** Least score of an agent that has learned it. */
  readonly pass: number;
}

const ENVIRONMENTS = 8;

function playWorld(world: World, agent: Agent, steps: number): number {
  const env = new ToyEnv(world, 1);
  env.reset(77);
  let total = 0;
  let episodes = 0;
  for (let n = 0; n < steps; n++) {
    env.step(new Uint8Array([agent.getAction({ values: env.obs, mask: env.masks })]));
    total += env.rewards[0];
    episodes += env.terminated[0] + env.truncated[0];
  }
  return total / episodes / world.best;
}

/** The market with its columns centred and of about unit variance, as standardising would: in place. */
function standardise(market: TradingMarket): TradingMarket {
  const { data, width, marketWidth, rows } = market.table;
  for (let i = 0; i < rows; i++)
    for (let c = 0; c < marketWidth; c++) data[i * width + c] = 6 * (data[i * width + c] - 0.5);
  return market;
}

/** Trained on one stretch of a market with a planted signal, scored on another, on the conditional expectation. */
export function plantedToy(correlation: number, trainRows: number, testRows: number): Toy {
  const training = plantedWorld({ seed: 11, rows: trainRows, correlation });
  const test = plantedWorld({ seed: 12, rows: testRows, correlation });
  const validation = plantedWorld({ seed: 13, rows: testRows, correlation });
  const best = playThrough(test.market, test.oracle, test.drift).expected;
  standardise(training.market);
  standardise(test.market);
  standardise(validation.market);
  return {
    name: 'planted signal',
    makeEnv: (count, extras) => toyTradingEnv(narrowMarket(training.market, extras), { count }),
    score: (agent, extras) =>
      playThrough(narrowMarket(test.market, extras), policyOf(agent), test.drift).expected / best,
    validate: (agent, extras) => playThrough(narrowMarket(validation.market, extras), policyOf(agent)).realised,
    pass: 0.9,
  };
}

export const TOYS: readonly Toy[] = [
  {
    name: 'identity',
    makeEnv: (count) => new ToyEnv(identityWorld(), count),
    score: (agent) => playWorld(identityWorld(), agent, 200),
    pass: 1,
  },
  {
    name: 'delayed reward',
    makeEnv: (count) => new ToyEnv(delayedWorld(), count),
    score: (agent) => playWorld(delayedWorld(), agent, 200),
    pass: 1,
  },
  {
    name: 'always up',
    makeEnv: (count, extras) => toyTradingEnv(narrowMarket(alwaysUpMarket(), extras), { count }),
    score: (agent, extras) =>
      playThrough(narrowMarket(alwaysUpMarket(), extras), policyOf(agent)).realised / (0.005 * 396 - 0.0015),
    pass: 0.95,
  },
  {
    name: 'sine',
    makeEnv: (count, extras) => toyTradingEnv(narrowMarket(standardise(sineMarket()), extras), { count }),
    score: (agent, extras) =>
      playThrough(narrowMarket(standardise(sineMarket()), extras), policyOf(agent)).realised / sineBest(),
    pass: 0.9,
  },
  plantedToy(0.4, 40_000, 10_000),
];

/** Trains a small agent on a toy and returns its score; with `validateEvery`, the score of its best checkpoint. */
export async function learnToy(
  toy: Toy,
  kind: LearnerName,
  kernels: Kernels,
  seed: number,
  options: { lesson?: Lesson; network?: object; validateEvery?: number } = {},
): Promise<number> {
  const { lesson = CASES[kind].toys[toy.name], network, validateEvery } = options;
  if (lesson == null) throw new Error(`${kind} has no settings for the toy world ${toy.name}`);
  const { steps, config } = lesson;
  const extras = extrasOf(kind);
  const env = toy.makeEnv(environmentsOf(kind, ENVIRONMENTS), extras);
  const agent = makeAgent(kind, kernels, env, { config: { ...config, ...(network ? { network } : {}) }, seed });
  const files = new MemoryFileSystem();
  const judge = toy.validate;
  const validate = judge === undefined ? null : (one: Agent) => judge(one, extras);
  const validation = validateEvery === undefined ? {} : { validateEvery, validate };
  await trainHere({ agent, env, steps, seed, files, ...validation });
  agent.dispose();
  const best = loadAgent(files, 'checkpoints/run/best', kernels);
  const score = toy.score(best, extras);
  best.dispose();
  return score;
}
