/**
 * Environment steps per second on one core: random actions, windows of 12 x 25, episodes of 720 steps over 35,000
 * hourly bars. A fresh process a round, the cases in alternating order; by the process's own CPU time, so that a busy
 * machine doesn't count, with the wall clock's rate beside it. Writes the raw rounds to bench/results/env.json. Bar: 2
 * million. `npm run bench:env -- beside FOLDER` runs another checkout's in turns and adds the ratios of the medians.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ACCOUNT } from '../src/core/account.ts';
import { Rng } from '../src/core/rng.ts';
import { rewardNamed } from '../src/env/rewards/index.ts';
import { TradingEnv } from '../src/env/trading-env.ts';
import { scaleTable } from '../src/features/observation.ts';
import { fitScaler } from '../src/features/scaler.ts';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { synthesize } from '../src/market/synthetic.ts';

const BARS = 35_000;
const STEPS = 4_000_000;
const ROUNDS = 7;
const CASES = [
  { mode: 'spot', count: 1 },
  { mode: 'spot', count: 8 },
  { mode: 'spot', count: 64 },
  { mode: 'margin', count: 8 },
] as const;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Steps per second of CPU time and of the wall clock, in a process of its own, after a warm-up. */
function measure({ mode, count }: (typeof CASES)[number]): [number, number] {
  const { series } = synthesize({ bars: BARS, seed: 1 });
  const features = computeFeatures(series, featureSet('tradernet21'));
  const table = scaleTable(features, fitScaler(features, 0, BARS, 'min-max'));
  const env = new TradingEnv({
    markets: [{ series, table, from: 0, to: BARS }],
    count,
    account: { ...DEFAULT_ACCOUNT, mode },
    reward: rewardNamed('market-order'),
    rewardScale: 100,
    starts: 'random',
    maxEpisodeSteps: 720,
  });
  const rng = new Rng(1);
  const actions = Array.from({ length: 997 }, () => Uint8Array.from({ length: count }, () => rng.integer(3)));
  env.reset(1);
  const play = (steps: number): [number, number] => {
    const start = performance.now();
    const before = process.cpuUsage();
    for (let n = 0; n < steps / count; n++) env.step(actions[n % actions.length]);
    const { user, system } = process.cpuUsage(before);
    return [(1e6 * steps) / (user + system), (1e3 * steps) / (performance.now() - start)];
  };
  play(STEPS / 4);
  return play(STEPS);
}

type Rates = [number, number][];

function summarise(rates: Rates) {
  const cpu = rates.map(([rate]) => Math.round(rate));
  const wall = rates.map(([, rate]) => Math.round(rate));
  const [lowest, highest] = [Math.min(...cpu), Math.max(...cpu)];
  return { stepsPerSecond: median(cpu), lowest, highest, wallClock: median(wall), rounds: { cpu, wall } };
}

const commitOf = (folder: string): string =>
  execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: folder }).trim();

const [round, other] = process.argv.slice(2);
if (round !== undefined && round !== 'beside') {
  console.log(JSON.stringify(measure(CASES[Number(round)])));
} else {
  const own = join(import.meta.dirname, '..');
  const folders = other === undefined ? [own] : [own, other];
  const rates: Rates[][] = folders.map(() => CASES.map(() => []));
  for (let r = 0; r < ROUNDS; r++) {
    const turn = <T>(list: readonly T[]): readonly T[] => (r % 2 === 0 ? list : list.toReversed());
    for (const i of turn(CASES.map((_, n) => n))) {
      for (const f of turn(folders.map((_, n) => n))) {
        const script = join(folders[f], 'bench/env.ts');
        rates[f][i].push(JSON.parse(execFileSync(process.execPath, [script, `${i}`], { encoding: 'utf8' })));
      }
    }
  }
  const [results, beside] = rates.map((ofFolder) => CASES.map((one, i) => ({ ...one, ...summarise(ofFolder[i]) })));
  const comparison = beside && {
    beside: {
      commit: commitOf(other),
      ratios: results.map(({ stepsPerSecond }, i) => Number((stepsPerSecond / beside[i].stepsPerSecond).toFixed(3))),
      results: beside,
    },
  };
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const content = { machine, commit: commitOf(own), results, ...comparison };
  writeFileSync(new URL('env.json', folder), `${JSON.stringify(content, null, 2)}\n`);
  const millions = (rate: number) => (rate / 1e6).toFixed(2);
  results.forEach(({ mode, count, stepsPerSecond, lowest, highest }, i) => {
    const ratio = comparison ? `, ${comparison.beside.ratios[i]} of ${comparison.beside.commit}` : '';
    console.log(
      `${mode} x ${count}: ${millions(stepsPerSecond)} million steps/s (${millions(lowest)} to ${millions(highest)})${ratio}`,
    );
  });
}
