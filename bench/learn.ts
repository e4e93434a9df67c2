/**
 * What the agents learn, of what can be learnt: every agent in every world, five seeds each (twenty markets where
 * nothing can be earned), beside doing nothing, holding, logistic regression and the bound. Goes on where it stopped;
 * results in bench/results/learn.json, the chart in docs/learn.svg.
 *
 *   npm run bench:learn
 *   npm run bench:learn -- --world two-regimes,fair --agent ppo --seeds 3 --steps 40000
 *   npm run bench:learn -- --set ppo.epochs=10          an ablation
 *   npm run bench:learn -- --against ../old             the same by another checkout's code and defaults
 *   npm run bench:learn -- --candles BTC.csv --before 2024-12-30   walk-forward folds of a candle file, too
 *   npm run bench:learn -- --once --candles BTC.csv --before 2024-12-30    its end, which is looked at a single time
 *   npm run bench:learn -- --report                     the tables of what is there
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LEARNERS } from '../src/agents/index.ts';
import { formatDuration } from '../src/cli/progress.ts';
import { InputError } from '../src/core/errors.ts';
import { WORLDS } from '../src/market/worlds/index.ts';
import { drawChart } from './learn/chart.ts';
import { makeMarket } from './learn/market.ts';
import { type Beside, formatSummaries, keyOf, REAL_LAST, type Row, summariseAll } from './learn/results.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CELL = resolve(import.meta.dirname, 'learn/cell.ts');
const RESULTS = resolve(ROOT, 'bench/results/learn.json');
const FOLDS = 4;
/** Worlds in which the mean over markets is what counts, since each market's luck is as large as what is measured. */
const MARKETS: Readonly<Record<string, number>> = { fair: 20, 'fair@4000': 100 };
/** Short markets, for the agent that trains in seconds: what a few weeks of luck may cost. */
const SHORT = 'fair@4000';
const AGENTS = LEARNERS.map(({ name }) => name);

const { values: flags } = parseArgs({
  options: {
    world: { type: 'string' },
    agent: { type: 'string' },
    seeds: { type: 'string' },
    'first-seed': { type: 'string', default: '1' },
    steps: { type: 'string' },
    'validate-every': { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    against: { type: 'string' },
    candles: { type: 'string', default: process.env.TRADERNET_CANDLES },
    before: { type: 'string' },
    workers: { type: 'string', default: '1' },
    threads: { type: 'string' },
    out: { type: 'string', default: RESULTS },
    fresh: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

interface Results {
  machine: object;
  rows: Row[];
}

const out = flags.out;
const results: Results =
  existsSync(out) && !flags.fresh ? JSON.parse(readFileSync(out, 'utf8')) : { machine: {}, rows: [] };
results.machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };

function save(): void {
  mkdirSync(resolve(out, '..'), { recursive: true });
  const rows = results.rows.map((row) => JSON.stringify(row)).join(',\n');
  writeFileSync(`${out}.tmp`, `{"machine":${JSON.stringify(results.machine)},\n"rows":[\n${rows}\n]}\n`);
  renameSync(`${out}.tmp`, out);
}

function commitOf(checkout: string): string {
  return execFileSync('git', ['-C', checkout, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}

const list = (text: string | undefined, all: readonly string[]) => (text === undefined ? all : text.split(','));
const real = Array.from({ length: FOLDS }, (_, fold) => `real-${fold + 1}`);
if (flags.candles === undefined)
  console.log('real candles: left out, no file is named (--candles or TRADERNET_CANDLES)');
const all = [...WORLDS.map(({ name }) => name), SHORT, ...(flags.candles === undefined ? [] : real)];
const worlds = flags.once ? [REAL_LAST] : list(flags.world, all).flatMap((name) => (name === 'real' ? real : [name]));
if (flags.once) {
  if (flags.candles === undefined || flags.before === undefined)
    throw new InputError('--once needs --candles and --before: the file, and where its end begins');
  // Where it was stopped it goes on.
  const looked = results.rows.find(({ world, commit }) => world === REAL_LAST && commit !== commitOf(ROOT));
  if (looked !== undefined)
    throw new InputError(`${out}: its end was looked at by ${looked.commit}; a second look would choose by it`);
}
for (const name of worlds) if (!/^real-/.test(name)) makeMarket(name, 1);
const workers = Number(flags.workers);
const threads = Number(flags.threads ?? Math.max(1, Math.floor(cpus().length / workers)));
const checkouts = [
  { code: 'now', path: ROOT },
  ...(flags.against === undefined ? [] : [{ code: basename(resolve(flags.against)), path: resolve(flags.against) }]),
];
const known = new Set(results.rows.map(keyOf));
const first = Number(flags['first-seed']);
const steps = flags.steps === undefined ? null : Number(flags.steps);
const tasks = worlds.flatMap((world) =>
  Array.from({ length: Number(flags.seeds ?? MARKETS[world] ?? 5) }, (_, i) => first + i).flatMap((seed) =>
    list(flags.agent, world === SHORT ? ['exact'] : AGENTS).flatMap((agent) =>
      // Another version may lack an agent.
      checkouts
        .filter(({ path }) => existsSync(resolve(path, `src/agents/${agent}.ts`)))
        .map(({ code, path }) => ({
          path,
          cell: { world, agent, seed, code, steps, settings: code === 'now' ? flags.set : [] },
        })),
    ),
  ),
);
const open = flags.report ? [] : tasks.filter(({ cell }) => !known.has(keyOf(cell)));

/** What an earlier training of the same market was put beside, so that it isn't worked out again. */
function besideOf({ world, seed, code, settings }: Row | (typeof tasks)[number]['cell']): Beside | null {
  const changesMarket = (list: readonly string[]) => list.filter((one) => /^(account|features|split)/.test(one)).join();
  const same = (row: Row) =>
    row.world === world &&
    row.seed === seed &&
    row.code === code &&
    changesMarket(row.settings) === changesMarket(settings);
  const row = results.rows.find(same);
  if (row === undefined) return null;
  const { validationBound, bound, hold, logistic } = row;
  return { validationBound, bound, hold, logistic };
}

/** Runs one cell in a process of its own; null where it failed, which is said. */
function run({ path, cell }: (typeof tasks)[number]): Promise<Row | null> {
  const task = {
    ...cell,
    threads,
    validateEvery: flags['validate-every'] === undefined ? null : Number(flags['validate-every']),
    beside: besideOf(cell),
    candles:
      flags.candles === undefined ? null : { file: resolve(flags.candles), before: flags.before ?? '9999-01-01' },
  };
  return new Promise((done) => {
    const child = spawn(process.execPath, [CELL, path, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [text, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('close', (exitCode) => {
      if (exitCode === 0) return done({ ...JSON.parse(text), commit: commitOf(path) });
      console.error(`${keyOf(cell)}: ${errors.trim().split('\n').slice(-6).join('\n')}`);
      done(null);
    });
  });
}

const started = performance.now();
let finished = 0;
let next = 0;
let failed = 0;
await Promise.all(
  Array.from({ length: workers }, async () => {
    while (next < open.length) {
      const row = await run(open[next++]);
      finished++;
      if (row === null) {
        failed++;
        continue;
      }
      results.rows = [...results.rows.filter((one) => keyOf(one) !== keyOf(row)), row];
      save();
      const left = ((performance.now() - started) / finished) * (open.length - finished);
      const { test, bound, trainSeconds } = row;
      const share = bound === null || bound.logReturn <= 0 ? '' : ` of ${bound.logReturn.toFixed(2)}`;
      console.log(
        `${finished}/${open.length} (${formatDuration(left)} left)  ${keyOf(row)}: ${test.logReturn.toFixed(3)}${share}, ${test.trades} trades, ${trainSeconds.toFixed(1)} s, load ${loadavg()[0].toFixed(1)}`,
      );
    }
  }),
);
const asked = new Set(tasks.map(({ cell }) => keyOf(cell)));
const shown = flags.report ? results.rows : results.rows.filter((row) => asked.has(keyOf(row)));
console.log(formatSummaries(summariseAll(shown)));
if (out === RESULTS && results.rows.length > 0) writeFileSync(resolve(ROOT, 'docs/learn.svg'), drawChart(results.rows));
process.exitCode = failed === 0 ? 0 : 1;
