/**
 * The 21 features over 100,000 hourly bars, one core: a fresh process a round, in each the first fold (cold) and the
 * median of ten more (warm). Writes the raw rounds to bench/results/features.json. Bar: 60 ms warm.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { synthesize } from '../src/market/synthetic.ts';

const BARS = 100_000;
const ROUNDS = 9;
const SETS = ['tradernet21', 'tradernet21-published'];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Milliseconds of each fold, in a process of its own. */
function measure(set: string): number[] {
  const { series } = synthesize({ bars: BARS, seed: 1 });
  const folds: number[] = [];
  for (let i = 0; i < 11; i++) {
    const start = performance.now();
    computeFeatures(series, featureSet(set));
    folds.push(performance.now() - start);
  }
  return folds;
}

const round = process.argv[2];
if (round !== undefined) {
  console.log(JSON.stringify(measure(round)));
} else {
  const run = (set: string): number[] =>
    JSON.parse(execFileSync(process.execPath, [import.meta.filename, set], { encoding: 'utf8' }));
  const rounds = Array.from({ length: ROUNDS }, () => SETS.map(run));
  const results = SETS.map((set, i) => {
    const cold = rounds.map((row) => row[i][0]);
    const warm = rounds.map((row) => median(row[i].slice(1)));
    return { set, bars: BARS, coldMs: median(cold), warmMs: median(warm), rounds: { cold, warm } };
  });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('features.json', folder), `${JSON.stringify({ machine, commit, results }, null, 2)}\n`);
  for (const { set, coldMs, warmMs } of results)
    console.log(`${set}: ${BARS} bars in ${warmMs.toFixed(1)} ms (first fold of a process ${coldMs.toFixed(1)} ms)`);
}
