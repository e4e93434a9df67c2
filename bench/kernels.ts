/**
 * Benchmarks of the kernels: every implementation and PyTorch (where python3 has torch) on the same workloads, a fresh
 * process each, the order alternated (A B C, C B A, ...), medians and spreads over 7 rounds, the multiply-add peak
 * measured in the same run. Writes bench/results/kernels.json and docs/bench.svg.
 *
 *   npm run bench                    everything
 *   npm run bench -- --check         3 rounds, compared with the committed results by ratio; exit 1 on a regression
 *   npm run bench -- --rounds 3 --ms 200 --no-write
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawChart } from './chart.ts';
import {
  type Engine,
  median,
  micros,
  type Results,
  type Round,
  ratios,
  shareOfPeak,
  WORKLOADS,
} from './kernel-results.ts';

const RESULTS = new URL('./results/kernels.json', import.meta.url);
const CHART = new URL('../docs/bench.svg', import.meta.url);
/** A ratio this much worse than the committed one is a regression: PyTorch's own spread is about 20 %. */
const TOLERANCE = 0.75;

interface Runner {
  readonly id: string;
  run(ms: number): Round;
  readonly once?: boolean;
}

const workloadsScript = fileURLToPath(new URL('./kernel-workloads.ts', import.meta.url));
const peerScript = fileURLToPath(new URL('./peers/pytorch_updates.py', import.meta.url));

const ours = (kind: string, threads: number, once = false): Runner => ({
  id: `${kind}-${threads}`,
  once,
  run: (ms) => parse(execFileSync(process.execPath, [workloadsScript, kind, String(threads), String(ms)])),
});

const parse = (output: Buffer): Round => JSON.parse(output.toString().trim().split('\n').at(-1) ?? '');

/** A python3 that can import torch; null where there is none. */
function findPython(): { path: string; version: string } | null {
  for (const path of ['python3', '/usr/bin/python3']) {
    const found = spawnSync(path, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
    if (found.status === 0) return { path, version: found.stdout.trim() };
  }
  return null;
}

function runners(python: string | null, threads: number): Runner[] {
  const all = [ours('native', threads), ours('native', 1), ours('wasm', threads), ours('reference', 1, true)];
  if (python) {
    // These two slow a current OpenBLAS down; some images set them for the sake of an old one.
    const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env;
    const run = (ms: number) => parse(execFileSync(python, [peerScript, String(threads), String(ms)], { env }));
    all.push({ id: `pytorch-${threads}`, run });
  }
  return all;
}

/** A B C, C B A, ...: no engine always runs on a machine that another has just warmed. */
function measure(all: Runner[], rounds: number, ms: number): Engine[] {
  const taken = new Map<string, Round[]>(all.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const runner of round % 2 === 0 ? all : [...all].reverse()) {
      const mine = taken.get(runner.id) ?? [];
      if (runner.once && mine.length > 0) continue;
      mine.push(runner.run(ms));
      process.stderr.write(`round ${round + 1}/${rounds}: ${runner.id}\n`);
    }
  }
  return all.map(({ id }) => {
    const done = taken.get(id) ?? [];
    const micros: Engine['micros'] = {};
    for (const workload of WORKLOADS) {
      const values = done.map((round) => round.micros[workload]).filter((x) => x !== undefined);
      if (values.length > 0) micros[workload] = values.map((x) => Number(x.toFixed(3)));
    }
    const peakGflops = done.map((round) => round.peakGflops ?? 0).filter((x) => x > 0);
    const { isa, threads, blas } = done[0];
    return { id, isa: blas ? `${isa}, ${blas}` : isa, threads, micros, peakGflops };
  });
}

function table({ engines }: Results): string {
  const peer = engines.find((e) => e.id.startsWith('pytorch'));
  const lines = [`| microseconds (spread) | ${WORKLOADS.join(' | ')} |`, `|---|${'---|'.repeat(WORKLOADS.length)}`];
  for (const engine of engines) {
    const cells = WORKLOADS.map((workload) => {
      const values = engine.micros[workload];
      if (!values) return '';
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const middle = median(values);
      const round = (x: number) => (x < 100 ? x.toFixed(1) : x.toFixed(0));
      const times = peer && peer !== engine ? `, ${(micros(peer, workload) / middle).toFixed(1)}x` : '';
      const share = shareOfPeak(engine, workload);
      const peak = Number.isFinite(share) ? `, ${(100 * share).toFixed(0)} %` : '';
      return `${round(middle)} (${round(low)}-${round(high)})${times}${peak}`;
    });
    lines.push(`| ${engine.id} ${engine.isa} | ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

function compare(committed: Results, fresh: Results): boolean {
  const now = ratios(fresh);
  let good = true;
  for (const [name, before] of ratios(committed)) {
    const value = now.get(name);
    if (value === undefined) continue;
    const fine = value >= TOLERANCE * before;
    good &&= fine;
    console.log(`${fine ? 'ok        ' : 'REGRESSION'} ${name}: ${value.toFixed(2)}, committed ${before.toFixed(2)}`);
  }
  return good;
}

const { values: flags } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    ms: { type: 'string', default: '400' },
    threads: { type: 'string', default: '2' },
    'no-write': { type: 'boolean', default: false },
  },
});
const python = findPython();
if (!python) console.log('PyTorch is not here (python3 has no torch): its rows are missing, ratios to it too.');
const rounds = Number(flags.rounds ?? (flags.check ? 3 : 7));
const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' });
const results: Results = {
  machine: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  node: process.version,
  commit: git.status === 0 ? git.stdout.trim() : 'unknown',
  dateUtc: new Date().toISOString().slice(0, 16),
  loadBefore: Number(loadavg()[0].toFixed(2)),
  pytorch: python?.version ?? 'not here',
  engines: measure(runners(python?.path ?? null, Number(flags.threads)), rounds, Number(flags.ms)),
};
console.log(table(results));
for (const { id, peakGflops } of results.engines) {
  if (peakGflops.length > 0) console.log(`${id}: multiply-add peak ${median(peakGflops).toFixed(0)} GFLOP/s`);
}
if (flags.check) {
  if (!existsSync(RESULTS)) throw new Error('no committed results to compare with; run npm run bench first');
  process.exitCode = compare(JSON.parse(readFileSync(RESULTS, 'utf8')), results) ? 0 : 1;
} else if (!flags['no-write']) {
  mkdirSync(new URL('./results/', import.meta.url), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  mkdirSync(new URL('../docs/', import.meta.url), { recursive: true });
  writeFileSync(CHART, drawChart(results));
}
