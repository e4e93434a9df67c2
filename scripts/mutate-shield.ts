/**
 * Mutation run over src/shield: changes the code in one place at a time and asks whether the quick shield tests notice.
 *
 *   node scripts/mutate-shield.ts [--only FILE] [--limit N]     results: bench/results/shield-mutation.json
 *
 * The mutators are Stryker's standard ones (stryker-mutator.io/docs/mutation-testing-elements/supported-mutators) and
 * number literals besides. Each mutant is bundled with the tests by esbuild and run in a worker that stands in for
 * vitest, so that a mutant costs a fraction of a second; one that runs past its time counts as killed, as in Stryker.
 * Survivors that can't be told apart from the original, or needn't be, are in mutate-shield-survivors.json with the
 * reason; any other survivor makes the run fail.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { parseAst } from 'rolldown/parseAst';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}node_modules/.cache/mutate-shield`;
/** Quickest first: a mutant is dead at its first failure. The long proofs (laws, liar) and the faults are left out. */
const TESTS = [
  'n-consecutive',
  'verdicts',
  'bounds',
  'exhaustive',
  'levels',
  'tables',
  'training-range',
  'shield',
  'breadth-first',
  'combinator',
];

interface Mutant {
  readonly file: string;
  readonly line: number;
  /** The line that it changes, so that a reason keeps belonging to it when lines move. */
  readonly text: string;
  readonly mutator: string;
  readonly from: string;
  readonly to: string;
  readonly source: string;
}

// biome-ignore lint/suspicious/noExplicitAny: an ESTree node; what is read of it is checked by its type
type Node = any;

const SWAPS: Record<string, readonly string[]> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '??=': ['='],
  '&=': ['='],
};
const METHODS: Record<string, string> = { some: 'every', every: 'some', min: 'max', max: 'min', push: 'unshift' };

function listMutants(file: string): Mutant[] {
  const source = readFileSync(`${root}${file}`, 'utf8');
  const mutants: Mutant[] = [];
  const replace = (mutator: string, start: number, end: number, to: string): void => {
    const from = source.slice(start, end);
    if (from === to) return;
    const line = source.slice(0, start).split('\n').length;
    const text = source.split('\n')[line - 1].trim();
    mutants.push({ file, line, text, mutator, from, to, source: source.slice(0, start) + to + source.slice(end) });
  };
  const operator = (node: Node): void => {
    const between = source.slice(node.left.end, node.right.start);
    const at = node.left.end + between.indexOf(node.operator);
    for (const to of SWAPS[node.operator] ?? []) replace('operator', at, at + node.operator.length, to);
  };
  const condition = (node: Node): void => {
    if (node === null) return;
    replace('condition', node.start, node.end, 'true');
    replace('condition', node.start, node.end, 'false');
  };
  const visit = (node: Node): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const inner of node) visit(inner);
      return;
    }
    const { type, start, end } = node;
    if (typeof type !== 'string') return;
    const wrapped = type === 'TSAsExpression' || type === 'TSNonNullExpression' || type === 'TSSatisfiesExpression';
    if (wrapped) visit(node.expression);
    // Types and imports have no behaviour.
    if (type.startsWith('TS') || type.startsWith('Import') || (type.startsWith('Export') && node.source)) return;
    if (type === 'BinaryExpression' || type === 'LogicalExpression' || type === 'AssignmentExpression') operator(node);
    if (type === 'IfStatement' || type === 'ConditionalExpression') condition(node.test);
    if (type === 'ForStatement' && node.test !== null) replace('condition', node.test.start, node.test.end, 'false');
    if (type === 'UnaryExpression' && '!-'.includes(node.operator))
      replace('unary', start, end, source.slice(node.argument.start, node.argument.end));
    if (type === 'UpdateExpression')
      replace(
        'update',
        start,
        end,
        source.slice(start, end).replace(/\+\+|--/, (x) => (x === '++' ? '--' : '++')),
      );
    if (type === 'Literal' && typeof node.value === 'boolean') replace('boolean', start, end, String(!node.value));
    if (type === 'Literal' && typeof node.value === 'number') replace('number', start, end, String(node.value + 1));
    if (type === 'Literal' && typeof node.value === 'string')
      replace('string', start, end, node.value === '' ? '"mutated"' : '""');
    if (type === 'TemplateLiteral') replace('string', start, end, '``');
    if (type === 'ArrayExpression') replace('array', start, end, node.elements.length === 0 ? '["mutated"]' : '[]');
    if (type === 'ObjectExpression' && node.properties.length > 0) replace('object', start, end, '{}');
    if (type === 'BlockStatement' && node.body.length > 0) replace('block', start, end, '{}');
    if (type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement')
      replace('arrow', node.body.start, node.body.end, 'undefined');
    if (type === 'ChainExpression') {
      const unguarded = source.slice(start, end).replace(/\?\.(?=[([])/, '');
      replace('chain', start, end, unguarded.replace('?.', '.'));
    }
    if (type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const { property, object } = node.callee;
      const swap = METHODS[property.name];
      if (swap !== undefined) replace('method', property.start, property.end, swap);
      else if (['filter', 'slice', 'sort', 'subarray'].includes(property.name))
        replace('method', start, end, source.slice(object.start, object.end));
    }
    if (type === 'ExpressionStatement') replace('statement', start, end, ';');
    for (const [name, inner] of Object.entries(node)) {
      // A loop that counts backwards never ends; nothing is learnt from waiting for it.
      if (type === 'ForStatement' && name === 'update') continue;
      // A property's name is not a string that anyone reads.
      if (name === 'typeAnnotation' || name === 'typeArguments' || (name === 'key' && !node.computed)) continue;
      visit(inner);
    }
  };
  visit(parseAst(source, { lang: 'ts' }));
  return mutants;
}

/** One module with the tests and the code, in which `mutant` (if any) stands for its file. */
async function bundle(mutant: Mutant | null, outfile: string): Promise<void> {
  await build({
    stdin: {
      contents: TESTS.map((name) => `import './test/shield/${name}.test.ts';`).join('\n'),
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    alias: { vitest: `${root}scripts/mutate-shield-runner.ts` },
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(`${root}test/shield/x.ts`).href) },
    outfile,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        setup(setup) {
          setup.onLoad({ filter: /src\/shield\// }, ({ path }) =>
            mutant !== null && path === `${root}${mutant.file}` ? { contents: mutant.source, loader: 'ts' } : undefined,
          );
        },
      },
    ],
  });
}

/** A thread keeps every module that it ever imported. */
const BUNDLES_A_THREAD = 25;

/** A thread that runs one bundle after another, replaced now and then and when one runs too long. */
class Runner {
  #worker: Worker | null = null;
  #bundles = 0;

  run(file: string, limitMs: number): Promise<string> {
    if (++this.#bundles % BUNDLES_A_THREAD === 0) {
      void this.#worker?.terminate();
      this.#worker = null;
    }
    this.#worker ??= new Worker(new URL('./mutate-shield-runner.ts', import.meta.url));
    const worker = this.#worker;
    return new Promise((resolve) => {
      const finish = (result: string): void => {
        clearTimeout(timer);
        worker.off('message', finish);
        worker.off('error', crash);
        if (result === 'timeout' || result.startsWith('crash')) {
          this.#worker = null;
          void worker.terminate();
        }
        resolve(result);
      };
      const crash = (error: unknown): void => finish(`crash: ${(error as Error).message}`);
      const timer = setTimeout(() => finish('timeout'), limitMs);
      worker.on('message', finish);
      worker.on('error', crash);
      worker.postMessage(pathToFileURL(file).href);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }
}

const { values: flags } = parseArgs({ options: { only: { type: 'string' }, limit: { type: 'string' } } });
const reasonsFile = new URL('./mutate-shield-survivors.json', import.meta.url);
const reasons: Record<string, string> = JSON.parse(readFileSync(reasonsFile, 'utf8'));
const files = readdirSync(`${root}src/shield`, { recursive: true })
  .map((name) => `src/shield/${String(name)}`)
  .filter((name) => name.endsWith('.ts') && name.includes(flags.only ?? ''))
  .sort();
const mutants = files.flatMap(listMutants).slice(0, Number(flags.limit ?? Number.POSITIVE_INFINITY));

mkdirSync(folder, { recursive: true });
const runner = new Runner();
const original = `${folder}/original.mjs`;
await bundle(null, original);
const began = performance.now();
const sound = await runner.run(original, 120_000);
if (sound !== 'passed') throw new Error(`the tests fail without any mutant: ${sound}`);
const limitMs = 20_000 + 10 * (performance.now() - began);

const counts = { killed: 0, timeout: 0, survived: 0 };
const survivors: { mutant: string; line: number; mutator: string; reason: string | null }[] = [];
const perFile: Record<string, { mutants: number; killed: number }> = {};
for (const [index, mutant] of mutants.entries()) {
  const file = `${folder}/mutant-${index}.mjs`;
  // A mutant that doesn't build is a fault of this script, not a dead mutant, and ends the run.
  await bundle(mutant, file);
  const result = await runner.run(file, limitMs);
  rmSync(file, { force: true });
  const outcome = result === 'passed' ? 'survived' : result === 'timeout' ? 'timeout' : 'killed';
  counts[outcome]++;
  perFile[mutant.file] ??= { mutants: 0, killed: 0 };
  perFile[mutant.file].mutants++;
  if (outcome !== 'survived') perFile[mutant.file].killed++;
  else {
    const shorten = (text: string) => text.replace(/\s+/g, ' ').slice(0, 120);
    const name = `${mutant.file}: ${mutant.text}: ${shorten(mutant.from)} -> ${shorten(mutant.to)}`;
    survivors.push({ mutant: name, line: mutant.line, mutator: mutant.mutator, reason: reasons[name] ?? null });
    console.log(`survived ${name}`);
  }
  if ((index + 1) % 100 === 0) console.log(`${index + 1} of ${mutants.length}, ${counts.survived} survived`);
}
await runner.close();

const resultsFile = `${root}bench/results/shield-mutation.json`;
/** A run over some of the files stands in for their part of the last results. */
const last: { perFile: typeof perFile; survivors: typeof survivors } =
  flags.only === undefined ? { perFile: {}, survivors: [] } : JSON.parse(readFileSync(resultsFile, 'utf8'));
const all = { ...last.perFile, ...perFile };
const kept = last.survivors.filter(
  ({ mutant }) => !Object.keys(perFile).some((file) => mutant.startsWith(`${file}: `)),
);
const total = Object.values(all).reduce((sum, file) => sum + file.mutants, 0);
const killed = Object.values(all).reduce((sum, file) => sum + file.killed, 0);
if (flags.limit === undefined) {
  const result = {
    what: 'mutation run over src/shield: npm run mutate:shield (one that ran out of time counts as killed)',
    tests: TESTS,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
    mutants: total,
    killed,
    survived: total - killed,
    killedShare: killed / total,
    perFile: all,
    survivors: [...kept, ...survivors],
  };
  writeFileSync(resultsFile, `${JSON.stringify(result, null, 2)}\n`);
}
const unexplained = survivors.filter(({ reason }) => reason === null);
console.log(
  `${mutants.length} mutants: ${counts.killed} killed, ${counts.timeout} timed out, ${counts.survived} survived, ` +
    `${unexplained.length} of them without a reason; of all ${total}, ${((100 * killed) / total).toFixed(1)} % killed`,
);
process.exitCode = killed / total >= 0.9 && unexplained.length === 0 ? 0 : 1;
