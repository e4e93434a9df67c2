/**
 * Fuzzes what comes in from outside:
 *
 *   npm run fuzz                          every surface, its whole count; writes bench/results/fuzz.json
 *   npm run fuzz -- csv journals          some of them
 *   npm run fuzz -- csv --inputs 2000 --seed 7
 *   npm run fuzz -- csv --seed 7 --only 1234     one input again, with its stack
 *
 * An input is (surface, seed, index), so whatever is found can be found again. A surface runs in a process of its own:
 * one that stands still for a minute has hung, one that ends or runs out of memory has crashed. Exit code 1 where
 * anything was found.
 */
import { execFileSync, fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SURFACES } from './fuzz/index.ts';
import type { Surface } from './fuzz/surface.ts';

const RESULTS = new URL('../bench/results/fuzz.json', import.meta.url);
const WORKER = fileURLToPath(new URL('./fuzz/worker.ts', import.meta.url));
const HANG_MS = 60_000;
const SHOWN = 20;

export interface Finding {
  readonly index: number;
  readonly kind: 'stack' | 'hang' | 'wrong';
  readonly text: string;
}

interface Result {
  readonly surface: string;
  readonly about: string;
  readonly seed: number;
  readonly inputs: number;
  readonly taken: number;
  readonly refused: number;
  readonly stacks: number;
  readonly hangs: number;
  readonly wrong: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}

/** What a worker says of an input. */
export type Message = {
  readonly index: number;
  readonly outcome: 'taken' | 'refused' | 'wrong' | 'stack';
  readonly text?: string;
};

async function fuzz(surface: Surface, seed: number, inputs: number, first = 0): Promise<Result> {
  const startMs = performance.now();
  const counts = { taken: 0, refused: 0, wrong: 0, stack: 0, hang: 0 };
  const findings: Finding[] = [];
  const end = first + inputs;
  let next = first;
  const find = (index: number, kind: Finding['kind'], text: string) => {
    if (findings.length < SHOWN) findings.push({ index, kind, text });
    console.error(`${surface.name} --seed ${seed} --only ${index}: ${kind}: ${text.split('\n')[0].slice(0, 200)}`);
  };
  while (next < end)
    await new Promise<void>((resolve) => {
      const child = fork(WORKER, [surface.name, String(seed), String(next), String(end)], {
        execArgv: ['--max-old-space-size=1024', ...process.execArgv],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      let timer: NodeJS.Timeout;
      const watch = () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          counts.hang++;
          find(next++, 'hang', `nothing for ${HANG_MS / 1000} s`);
          child.kill('SIGKILL');
        }, HANG_MS);
      };
      watch();
      child.on('message', (messages: Message[]) => {
        watch();
        for (const { index, outcome, text } of messages) {
          next = index + 1;
          counts[outcome]++;
          if (outcome === 'wrong' || outcome === 'stack') find(index, outcome, text ?? '');
        }
      });
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        if (next < end && signal !== 'SIGKILL') {
          counts.stack++;
          find(next++, 'stack', `the process ended with ${code ?? signal}`);
        }
        resolve();
      });
    });
  const { taken, refused, wrong, stack: stacks, hang: hangs } = counts;
  const seconds = Math.round((performance.now() - startMs) / 100) / 10;
  return {
    surface: surface.name,
    about: surface.about,
    seed,
    inputs,
    taken,
    refused,
    stacks,
    hangs,
    wrong,
    seconds,
    findings,
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, inputs: { type: 'string' }, only: { type: 'string' } },
});
const unknown = positionals.filter((name) => !SURFACES.some((surface) => surface.name === name));
if (unknown.length > 0) {
  console.error(`there is no surface '${unknown[0]}'; there are: ${SURFACES.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const chosen = positionals.length === 0 ? SURFACES : SURFACES.filter(({ name }) => positionals.includes(name));
const results: Result[] = [];
for (const surface of chosen) {
  const count = values.only !== undefined ? 1 : Number(values.inputs ?? surface.inputs);
  const result = await fuzz(surface, Number(values.seed), count, Number(values.only ?? 0));
  results.push(result);
  const { name } = surface;
  const { inputs, taken, refused, stacks, hangs, wrong, seconds } = result;
  console.log(
    `${name}: ${inputs} inputs in ${seconds} s: ${taken} taken, ${refused} refused, ${stacks} stacks, ${hangs} hangs, ${wrong} wrong`,
  );
  if (values.only !== undefined) for (const { text } of result.findings) console.log(text);
}
if (values.only === undefined && values.inputs === undefined) {
  // A run of some surfaces replaces their rows and leaves the others.
  const before: Result[] = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')).surfaces : [];
  const surfaces = SURFACES.flatMap(
    ({ name }) => [...results, ...before].find(({ surface }) => surface === name) ?? [],
  );
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const total = surfaces.reduce((sum, { inputs }) => sum + inputs, 0);
  writeFileSync(
    RESULTS,
    `${JSON.stringify({ machine: cpus()[0].model, node: process.version, commit, inputs: total, surfaces }, null, 2)}\n`,
  );
}
if (results.some(({ stacks, hangs, wrong }) => stacks + hangs + wrong > 0)) process.exitCode = 1;
