/**
 * The 21 features over 100,000 hourly bars, one core: a fresh process a round, in each the first fold (cold) and the
 * median of ten more (warm), as processor time and as time on the wall, which others on the machine lengthen. Writes
 * the raw rounds to bench/results/features.json. Bar: 60 ms warm.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { synthesize } from '../src/market/synthetic.ts';

const BARS = 100_000;
const ROUNDS = 9;
const SETS = ['tradernet21', 'tradernet21-published'];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

interface Fold {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Each fold, in a process of its own. */
function measure(set: string): Fold[] {
  const { series } = synthesize({ bars: BARS, seed: 1 });
  return Array.from({ length: 11 }, () => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    computeFeatures(series, featureSet(set));
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs: performance.now() - start, cpuMs: (user + system) / 1000 };
  });
}

const round = process.argv[2];
if (round !== undefined) {
  console.log(JSON.stringify(measure(round)));
} else {
  const run = (set: string): Fold[] =>
    JSON.parse(execFileSync(process.execPath, [import.meta.filename, set], { encoding: 'utf8' }));
  // A B, B A, ...: neither set always runs first.
  const rounds = Array.from({ length: ROUNDS }, (_, i) => {
    const order = i % 2 === 0 ? SETS : SETS.toReversed();
    return Object.fromEntries(order.map((set) => [set, run(set)]));
  });
  const results = SETS.map((set) => {
    const folds = rounds.map((one) => one[set]);
    const warm = (pick: (fold: Fold) => number) => folds.map((fold) => median(fold.slice(1).map(pick)));
    const raw = {
      coldWall: folds.map((fold) => fold[0].wallMs),
      warmWall: warm((f) => f.wallMs),
      warmCpu: warm((f) => f.cpuMs),
    };
    const medians = {
      coldWallMs: median(raw.coldWall),
      warmWallMs: median(raw.warmWall),
      warmCpuMs: median(raw.warmCpu),
    };
    return { set, bars: BARS, ...medians, rounds: raw };
  });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg()[0] };
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('features.json', folder), `${JSON.stringify({ machine, commit, results }, null, 2)}\n`);
  for (const { set, coldWallMs, warmWallMs, warmCpuMs } of results)
    console.log(
      `${set}: ${BARS} bars in ${warmCpuMs.toFixed(1)} ms of processor time, ${warmWallMs.toFixed(1)} ms on the wall (first fold of a process ${coldWallMs.toFixed(1)} ms)`,
    );
}
