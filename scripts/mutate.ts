/**
 * Mutation run: changes the code in one place at a time and asks whether the tests notice.
 *
 *   node scripts/mutate.ts AREA [--only FILE] [--sample N] [--minutes M] [--planted]
 *
 * AREA is one of scripts/mutation/areas.ts; results go to bench/results/AREA-mutation.json. Which case reaches which
 * block is measured first; a mutant is judged by the cases that reach it, quickest first, until one fails. One that
 * runs past its time counts as killed, as in Stryker. What was found is kept in node_modules/.cache, so that a run that
 * was ended by `--minutes` (exit code 3) goes on where it was; a survivor is tried again when a test has changed.
 * Survivors that can't be told apart from the original, or needn't be, are in scripts/mutation/survivors-AREA.json with
 * the reason. `--planted` tries the faults of scripts/mutation/planted-AREA.ts instead: all must be caught.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type BuildContext, context } from 'esbuild';
import { MUTATION_AREAS } from './mutation/areas.ts';
import { type Block, blockAt, tellBlocks } from './mutation/coverage.ts';
import { listMutants, type Mutant, nameOf } from './mutation/mutators.ts';
import type { CaseResult, RunRequest } from './mutation/test-runner.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Longer cases judge no mutant; those that do may take so long together. */
const LONGEST_CASE_MS = 4_000;
const LONGEST_CASES_MS = 8_000;
const SEED = 'tradernet';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    sample: { type: 'string' },
    minutes: { type: 'string' },
    planted: { type: 'boolean', default: false },
  },
});
const area = MUTATION_AREAS.find(({ name }) => name === positionals[0]);
if (area === undefined) throw new Error(`name an area: ${MUTATION_AREAS.map(({ name }) => name).join(', ')}`);
const untilMs = performance.now() + Number(flags.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
// As vitest.config.ts has it.
process.env.TZ ??= 'Asia/Kathmandu';

const tests = area.tests
  .flatMap((path) => readdirSync(`${root}${path}`).map((name) => `${path}/${name}`))
  .filter((file) => file.endsWith('.test.ts') && !area.without.some((name) => file.endsWith(`/${name}.test.ts`)))
  .sort();
const folder = `${root}node_modules/.cache/mutate-${area.name}`;
mkdirSync(folder, { recursive: true });
const sources = new Map(
  [...area.code, ...(area.around ?? [])]
    .flatMap((path) => readdirSync(`${root}${path}`, { recursive: true }).map((name) => `${path}/${String(name)}`))
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((file) => [file, readFileSync(`${root}${file}`, 'utf8')]),
);
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Stands for a file's source in the next bundle. */
const replaced = new Map<string, string>();
/** The test files of the next bundle. */
let entries: readonly string[] = [];

/** Tests and code as one module. */
function openBundler(): Promise<BuildContext> {
  return context({
    entryPoints: ['entry:tests'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    alias: { vitest: `${root}scripts/mutation/test-runner.ts` },
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        setup(setup) {
          setup.onResolve({ filter: /^(entry|begin):/ }, ({ path }) => {
            const [namespace, name] = path.split(':');
            return { path: name, namespace };
          });
          // Each file says its name before it declares its cases.
          setup.onLoad({ filter: /^/, namespace: 'entry' }, () => ({
            contents: entries.map((file) => `import 'begin:${file}';\nimport './${file}';`).join('\n'),
            resolveDir: root,
          }));
          setup.onLoad({ filter: /^/, namespace: 'begin' }, ({ path }) => ({
            contents: `globalThis.mutation.file = ${JSON.stringify(path)};`,
          }));
          setup.onLoad({ filter: /[.]ts$/ }, ({ path }) => {
            const text = replaced.get(path.slice(root.length)) ?? readFileSync(path, 'utf8');
            // The bundle lies elsewhere than its files.
            const url = JSON.stringify(pathToFileURL(path).href);
            return { contents: text.replaceAll('import.meta.url', url), loader: 'ts' };
          });
        },
      },
    ],
  });
}

const bundler = await openBundler();
let bundles = 0;
/** With a mutant in its place, or as the code is. */
async function bundle(tests: readonly string[], mutant: Mutant | null = null): Promise<string> {
  replaced.clear();
  if (mutant !== null) replaced.set(mutant.file, mutant.source);
  return build(tests);
}

async function build(tests: readonly string[]): Promise<string> {
  entries = tests;
  // What doesn't build is a fault of this script, not a dead mutant, and ends the run.
  const { outputFiles } = await bundler.rebuild();
  const file = `${folder}/bundle-${process.pid}-${bundles++}.mjs`;
  writeFileSync(file, outputFiles![0].contents);
  return file;
}

const filesOf = (names: readonly string[]): string[] => [...new Set(names.map((name) => name.split(' > ')[0]))];

const openWorker = (): Worker =>
  new Worker(new URL('./mutation/test-runner.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
  });
/** A thread keeps every module that it ever imported, and whatever a broken test leaves running. */
const BUNDLES_A_THREAD = 25;
const CALM_MS = 1_500;
let worker = openWorker();
let runs = 0;

/** How every case that was run ended; a word where they didn't all end. */
function run(file: string, request: Omit<RunRequest, 'url'>, limitMs: number): Promise<CaseResult[] | string> {
  const beganMs = performance.now();
  const mine = worker;
  return new Promise((resolve) => {
    const finish = (result: CaseResult[] | string): void => {
      clearTimeout(timer);
      mine.off('message', finish).off('error', crash).off('exit', end);
      rmSync(file, { force: true });
      if (typeof result === 'string' || performance.now() - beganMs > CALM_MS || ++runs % BUNDLES_A_THREAD === 0) {
        mine.on('error', () => {});
        void mine.terminate();
        worker = openWorker();
      }
      resolve(result);
    };
    const crash = (error: unknown): void => finish(`crashed: ${(error as Error).message}`);
    const end = (code: number): void => finish(`ended with ${code}`);
    const timer = setTimeout(() => finish('out of time'), limitMs);
    mine.on('message', finish).on('error', crash).on('exit', end);
    mine.postMessage({ url: pathToFileURL(file).href, ...request } satisfies RunRequest);
  });
}

interface Measured {
  /** Name to milliseconds. */
  readonly cases: ReadonlyMap<string, number>;
  /** Block to the cases that ran it. */
  readonly reachers: ReadonlyMap<number, readonly string[]>;
  readonly blocks: readonly Block[];
}

/** What each case reached, and how long it took; measured anew where code or tests have changed. */
async function measureCases(): Promise<Measured> {
  const blocks: Block[] = [];
  for (const [file, source] of sources) replaced.set(file, tellBlocks(file, source, blocks));
  const file = await build(tests);
  const measuredFile = `${folder}/measured-${hash(readFileSync(file, 'utf8'))}.json`;
  if (!existsSync(measuredFile)) {
    const results = await run(file, { cases: null, all: true }, 1_200_000);
    if (typeof results === 'string') throw new Error(`the tests ${results} without any mutant`);
    writeFileSync(measuredFile, JSON.stringify(results));
  }
  const all: CaseResult[] = JSON.parse(readFileSync(measuredFile, 'utf8'));
  // What this stand-in for vitest can't run judges nothing.
  for (const { name, failure } of all) if (failure !== null) console.log(`left out: ${name}: ${failure.slice(0, 200)}`);
  const results = all.filter(({ failure }) => failure === null);
  if (results.length < 0.95 * all.length) throw new Error('too many tests fail without any mutant');
  const reachers = new Map<number, string[]>();
  for (const { name, reached, ms } of results)
    for (const block of ms < LONGEST_CASE_MS ? reached : []) {
      if (!reachers.has(block)) reachers.set(block, []);
      reachers.get(block)!.push(name);
    }
  return { cases: new Map(results.map(({ name, ms }) => [name, ms])), reachers, blocks };
}

const { cases, reachers, blocks } = await measureCases();
console.log(`${cases.size} cases, ${reachers.size} of ${blocks.length} blocks reached`);

/** Those that reach the mutant; what stands in no block runs when the file is loaded, and shows where it is used. */
function judgesOf(mutant: Mutant): string[] {
  const block = blockAt(blocks, mutant.file, mutant.start);
  const around = block === null ? blocks.flatMap((one, i) => (one.file === mutant.file ? [i] : [])) : [block];
  const names = new Set(around.flatMap((one) => reachers.get(one) ?? []));
  // A test of the file's own name first, since it was written for it; then the quickest.
  const own = `/${mutant.file.split('/').at(-1)!.replace('.ts', '.test.ts')} > `;
  const rank = (name: string): number => (name.includes(own) ? 0 : 1e9) + cases.get(name)!;
  const quickest = [...names].filter((name) => !dependent.has(name)).sort((a, b) => rank(a) - rank(b));
  const judges: string[] = [];
  let leftMs = LONGEST_CASES_MS;
  for (const name of quickest) {
    leftMs -= cases.get(name)!;
    if (leftMs < 0) break;
    judges.push(name);
  }
  return judges;
}

/** Cases that fail by themselves, without those before them, judge nothing. */
const dependent = new Set<string>();
const independent = new Set<string>();
async function standsAlone(name: string): Promise<boolean> {
  if (independent.has(name)) return true;
  const results = await run(await bundle(filesOf([name])), { cases: [name], all: true }, 60_000);
  const alone = typeof results !== 'string' && results.every(({ failure }) => failure === null);
  (alone ? independent : dependent).add(name);
  return alone;
}

/** By what a mutant was killed; null where it survived. */
async function judge(mutant: Mutant): Promise<string | null> {
  for (;;) {
    const judges = judgesOf(mutant);
    if (judges.length === 0) return null;
    const file = await bundle(filesOf(judges), mutant);
    const limitMs = 5_000 + 10 * judges.reduce((sum, name) => sum + cases.get(name)!, 0);
    const results = await run(file, { cases: judges, all: false }, limitMs);
    if (typeof results === 'string') return results;
    const failed = results.find(({ failure }) => failure !== null);
    if (failed === undefined) return null;
    if (failed.name === 'loading' || (await standsAlone(failed.name))) return failed.name;
  }
}

async function tryPlanted(): Promise<void> {
  const { PLANTED } = (await import(
    `./mutation/planted-${area!.name}.ts`
  )) as typeof import('./mutation/planted-live.ts');
  let missed = 0;
  for (const { what, file, from, to } of PLANTED) {
    const source = sources.get(file)!;
    const start = source.indexOf(from);
    if (start < 0) throw new Error(`${file} has no ${from}`);
    const changed = source.slice(0, start) + to + source.slice(start + from.length);
    const killer = await judge({ file, line: 0, text: '', mutator: 'planted', start, from, to, source: changed });
    if (killer === null) missed++;
    console.log(`${killer === null ? 'NOT caught' : 'caught'}: ${what}${killer === null ? '' : ` (${killer})`}`);
  }
  console.log(`${PLANTED.length - missed} of ${PLANTED.length} planted faults caught`);
  process.exitCode = missed === 0 ? 0 : 1;
}

interface Kept {
  readonly killer: string | null;
  /** Of the tests that let it live; '' for a dead one. */
  readonly tests: string;
}

async function runMutants(): Promise<void> {
  const reasonsFile = `${root}scripts/mutation/survivors-${area!.name}.json`;
  const reasons: Record<string, string> = existsSync(reasonsFile) ? JSON.parse(readFileSync(reasonsFile, 'utf8')) : {};
  const mutated = [...sources].filter(([file]) => area!.code.some((folder) => file.startsWith(`${folder}/`)));
  const every = mutated.flatMap(([file, source]) =>
    listMutants(file, source).filter(({ mutator }) => !area!.leaves.includes(mutator)),
  );
  // Drawn by a hash of what each is, so that the draw stays where the code does.
  const sample = Number(flags.sample ?? area!.sample ?? every.length);
  const lot = (mutant: Mutant): string => hash(`${SEED} ${nameOf(mutant)}`);
  const drawn = sample >= every.length ? every : [...every].sort((a, b) => (lot(a) < lot(b) ? -1 : 1)).slice(0, sample);
  const mutants = drawn
    .filter(({ file }) => file.includes(flags.only ?? ''))
    .sort((a, b) => (a.file === b.file ? a.start - b.start : a.file < b.file ? -1 : 1));

  const keptFile = `${folder}/kept.json`;
  const kept: Record<string, Kept> = existsSync(keptFile) ? JSON.parse(readFileSync(keptFile, 'utf8')) : {};
  const version = hash([...cases.keys(), ...tests.map((file) => readFileSync(`${root}${file}`, 'utf8'))].join('\n'));
  const keyOf = (mutant: Mutant): string => hash(`${mutant.file} ${mutant.source}`);
  const isOpen = (mutant: Mutant): boolean => {
    const before = kept[keyOf(mutant)];
    return before === undefined || (before.killer === null && before.tests !== version);
  };
  const open = mutants.filter(isOpen);
  console.log(`${mutants.length} mutants of ${every.length}, ${open.length} to be tried`);
  for (const [index, mutant] of open.entries()) {
    if (performance.now() > untilMs) break;
    const killer = await judge(mutant);
    kept[keyOf(mutant)] = { killer, tests: killer === null ? version : '' };
    if (killer === null && reasons[nameOf(mutant)] === undefined) console.log(`survived ${nameOf(mutant)}`);
    if ((index + 1) % 25 === 0 || index + 1 === open.length) {
      writeFileSync(keptFile, JSON.stringify(kept));
      if ((index + 1) % 100 === 0) console.log(`${index + 1} of ${open.length}`);
    }
  }
  writeFileSync(keptFile, JSON.stringify(kept));
  const left = mutants.filter(isOpen).length;
  if (left > 0) {
    console.log(`${left} mutants are left: run it again`);
    process.exitCode = 3;
    return;
  }
  const perFile: Record<string, { mutants: number; killed: number }> = {};
  const survivors: { mutant: string; line: number; mutator: string; reason: string | null }[] = [];
  for (const mutant of mutants) {
    perFile[mutant.file] ??= { mutants: 0, killed: 0 };
    perFile[mutant.file].mutants++;
    const name = nameOf(mutant);
    if (kept[keyOf(mutant)].killer !== null) perFile[mutant.file].killed++;
    else survivors.push({ mutant: name, line: mutant.line, mutator: mutant.mutator, reason: reasons[name] ?? null });
  }
  const killed = mutants.length - survivors.length;
  const unexplained = survivors.filter(({ reason }) => reason === null);
  console.log(
    `${mutants.length} mutants of ${every.length}: ${killed} killed (${((100 * killed) / mutants.length).toFixed(1)} %), ` +
      `${survivors.length} survived, ${unexplained.length} of them without a reason`,
  );
  process.exitCode = killed / mutants.length >= 0.9 ? 0 : 1;
  if (flags.only !== undefined) return;
  const result = {
    what: `npm run mutate:${area!.name}: mutants of ${area!.code.join(', ')} (one that ran out of time counts as killed)`,
    ...{ tests, leaves: area!.leaves },
    cases: cases.size,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
    ...{ ofAll: every.length, drawnBy: SEED, mutants: mutants.length, killed, survived: survivors.length },
    ...{ killedShare: killed / mutants.length, perFile, survivors },
  };
  writeFileSync(`${root}bench/results/${area!.name}-mutation.json`, `${JSON.stringify(result, null, 2)}\n`);
}

await (flags.planted ? tryPlanted() : runMutants());
await bundler.dispose();
await worker.terminate();
