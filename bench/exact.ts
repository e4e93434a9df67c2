/**
 * Seconds in which the exact agent learns a market with two hidden regimes as well as Stable-Baselines3 does in 200,000
 * steps: its defaults, both kinds of network, five markets, a fresh process each, so that the compiler's warm-up counts.
 * The clock runs over the tabulation of the outcomes, the stretches and the updates; after every update it stands still
 * while the greedy policy goes through the validation and the test fold. Beside it what the account that the agent
 * reckons with earns on the test fold, and what the real one does. Writes bench/results/exact.json.
 *
 *   npm run bench:exact
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type { ExactAgent } from '../src/agents/index.ts';
import { boundPolicy, solveLaw } from '../src/evaluate/bound.ts';
import { createAgent, describeAgent } from '../src/experiment/fresh-agent.ts';
import { prepareMarkets } from '../src/experiment/prepare.ts';
import { planTraining } from '../src/experiment/train-run.ts';
import { createTrainingEnv } from '../src/experiment/training-env.ts';
import {
  agentPolicy,
  backtest,
  createKernels,
  experimentSchema,
  measure,
  type Policy,
  TradingEnv,
} from '../src/index.ts';
import { findWorld } from '../src/market/worlds/index.ts';
import { median, PEERS } from './learn/results.ts';

const SEEDS = [1, 2, 3, 4, 5];
const ROUNDS = 3;
const THREADS = 2;
const CASES = {
  'the defaults': {},
  'a smaller network': { network: { filters: 16, hidden: [128, 128] } },
} as const;
/** Shares of the optimal filter's log return on the validation fold. */
const PEER = PEERS['two-regimes'].ppo;

interface Point {
  readonly bars: number;
  readonly seconds: number;
  /** Shares of the optimal filter's log return. */
  readonly validation: number;
  readonly test: number;
}

/** One training, in this process. */
async function train(name: keyof typeof CASES, seed: number) {
  const kernels = await createKernels({ threads: THREADS });
  const { series, law, states } = findWorld('two-regimes').make(seed);
  const config = experimentSchema.parse({ seed, training: { agent: 'exact' }, exact: CASES[name] });
  const prepared = prepareMarkets([series], config);
  const { table, split } = prepared.markets[0];
  const agent = createAgent(kernels, config, describeAgent(config, prepared)) as ExactAgent;
  const env = createTrainingEnv(config, prepared, 1);
  const { account } = config;
  const play = (policy: Policy, rows: typeof split.test) =>
    backtest({ policy, series, table, account, shield: null, rows });
  const earned = (policy: Policy, rows: typeof split.test) => measure(play(policy, rows)).logReturn ?? 0;
  const bound = boundPolicy(solveLaw(law, account), states, account);
  const best = { validation: earned(bound, split.validation), test: earned(bound, split.test) };

  const { steps: totalSteps } = planTraining(config, prepared);
  const points: Point[] = [];
  let seconds = 0;
  const timed = (work: () => void) => {
    const started = performance.now();
    work();
    seconds += (performance.now() - started) / 1000;
  };
  timed(() => agent.attach(env, totalSteps));
  while (agent.steps < totalSteps) {
    timed(() => {
      agent.collect();
      agent.trainStep();
    });
    points.push({
      bars: agent.steps,
      seconds,
      validation: earned(agentPolicy(agent), split.validation) / best.validation,
      test: earned(agentPolicy(agent), split.test) / best.test,
    });
  }

  // The same decisions, once through the account and once by the outcomes of the account that its units stand for.
  const markets = [{ series, table, ...split.test }];
  const tested = new TradingEnv({ ...env.config, markets, count: 1, starts: 'sequential', maxEpisodeSteps: 0 });
  const { rewards, states: width } = tested.outcomes();
  tested.reset(1);
  let [canonical, real] = [0, 0];
  for (let ended = false; !ended; ) {
    const action = agent.getAction({ values: tested.obs, mask: tested.masks });
    canonical +=
      rewards[(tested.bars[0] * width + tested.accounts[0].units) * 3 + action] / config.training.rewardScale;
    tested.step(Uint8Array.of(action));
    real += tested.rewards[0] / config.training.rewardScale;
    ended = tested.terminated[0] + tested.truncated[0] > 0;
  }
  const { name: kind, isa, threads } = kernels;
  kernels.dispose();
  return { points, canonical, real, kernels: { name: kind, isa, threads } };
}

const [name, seed] = process.argv.slice(2);
if (seed !== undefined) {
  console.log(JSON.stringify(await train(name as keyof typeof CASES, Number(seed))));
} else {
  const run = (which: string, one: number): Awaited<ReturnType<typeof train>> =>
    JSON.parse(execFileSync(process.execPath, [import.meta.filename, which, `${one}`], { encoding: 'utf8' }));
  const names = Object.keys(CASES);
  const load: number[] = [];
  const runs = names.map(() => SEEDS.map(() => [] as ReturnType<typeof run>[]));
  for (let round = 0; round < ROUNDS; round++) {
    for (let s = 0; s < SEEDS.length; s++) {
      const order = names.map((_, i) => (round % 2 === 0 ? i : names.length - 1 - i));
      for (const i of order) runs[i][s].push(run(names[i], SEEDS[s]));
    }
    load.push(Math.round(10 * loadavg()[0]) / 10);
  }
  const results = names.map((which, i) => {
    // The points of one market are the same in every round but for the clock.
    const markets = runs[i].map((rounds, s) => {
      const { points, canonical, real } = rounds[0];
      const timesAt = (index: number) => rounds.map((one) => one.points[index].seconds);
      const at = points.findIndex(({ validation }) => validation >= PEER);
      const first = at < 0 ? null : { ...points[at], seconds: median(timesAt(at)), rounds: timesAt(at) };
      const last = { ...points[points.length - 1], seconds: median(timesAt(points.length - 1)) };
      return { seed: SEEDS[s], toPeer: first, last, canonical, real };
    });
    const reached = markets.flatMap(({ toPeer }) => toPeer ?? []);
    return {
      ...{ case: which, settings: CASES[which as keyof typeof CASES], reached: reached.length },
      secondsToPeer: reached.length === 0 ? null : median(reached.map(({ seconds }) => seconds)),
      barsToPeer: reached.length === 0 ? null : median(reached.map(({ bars }) => bars)),
      secondsInAll: median(markets.map(({ last }) => last.seconds)),
      shareInTheEnd: median(markets.map(({ last }) => last.test)),
      canonicalMinusReal: median(markets.map(({ canonical, real }) => Math.abs(canonical - real))),
      markets,
    };
  });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = {
    cpu: cpus()[0].model,
    cores: cpus().length,
    node: process.version,
    kernels: runs[0][0][0].kernels,
    load,
  };
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const content = { machine, commit, peer: { share: PEER, steps: 200_000, seconds: 170 }, results };
  writeFileSync(new URL('exact.json', folder), `${JSON.stringify(content, null, 2)}\n`);
  for (const { case: which, ...one } of results) {
    const first =
      one.secondsToPeer === null
        ? 'never'
        : `${one.secondsToPeer.toFixed(2)} s (${one.barsToPeer} bars, ${one.reached} of ${SEEDS.length} markets)`;
    console.log(
      `${which}: as good as Stable-Baselines3 after ${first}; in all ${one.secondsInAll.toFixed(2)} s, then ${(100 * one.shareInTheEnd).toFixed(1)} % of the optimal filter; its own account off by ${one.canonicalMinusReal.toFixed(5)}`,
    );
  }
}
