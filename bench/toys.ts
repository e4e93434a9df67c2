/**
 * The toy worlds at full size: the spec's networks and the agents' own defaults (but a discount of 0.9 for the planted
 * signal, of correlation 0.3 with the next return), three seeds. Writes the scores (shares of what the best policy
 * earns) to bench/results/toys.json. `node bench/toys.ts NAME` runs the worlds so named and writes nothing.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createKernels } from '../src/nn/index.ts';
import { CASES, NAMES } from '../test/agents/agent-cases.ts';
import { learnToy, plantedToy, TOYS } from '../test/agents/toy-training.ts';

const SEEDS = [1, 2, 3];
/** Times as long as the small networks of the tests are taught. */
const LONGER = 5;
/** The networks' own sizes instead of the small ones of the tests, and the best of ten validations. */
const FULL_SIZE = { network: {}, validateEvery: 20_000 };

const only = process.argv[2] ?? '';
const kernels = await createKernels();
const worlds = [...TOYS.filter((toy) => toy.name !== 'planted signal'), plantedToy(0.3, 200_000, 20_000)];
const results = [];
for (const toy of worlds.filter(({ name }) => name.includes(only))) {
  for (const kind of NAMES) {
    const taught = CASES[kind].toys[toy.name];
    if (taught === null) continue;
    const steps = LONGER * taught.steps;
    // The signal fades by a tenth a bar, so that is how far it pays to look.
    const config = toy.name === 'planted signal' ? { gamma: 0.9 } : {};
    const lesson = { steps, config };
    const scores: number[] = [];
    const started = performance.now();
    for (const seed of SEEDS) scores.push(await learnToy(toy, kind, kernels, seed, { ...FULL_SIZE, lesson }));
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    results.push({ world: toy.name, agent: kind, steps, config, pass: toy.pass, scores, seconds });
    console.log(`${toy.name}, ${kind}: ${scores.map((score) => score.toFixed(3)).join(' ')} (${seconds} s)`);
  }
}
if (only === '') {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const { name, isa, threads } = kernels;
  const machine = {
    cpu: cpus()[0].model,
    cores: cpus().length,
    node: process.version,
    kernels: { name, isa, threads },
  };
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('toys.json', folder), `${JSON.stringify({ machine, commit, results }, null, 2)}\n`);
}
kernels.dispose();
