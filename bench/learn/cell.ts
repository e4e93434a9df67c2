/**
 * One training of `bench:learn` in a process of its own: `node bench/learn/cell.ts CHECKOUT CELL-AS-JSON`. The market
 * and its bound are made by the code beside this file, everything else by the checkout that is named, so that two
 * versions can be put side by side. Prints the row.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Standing } from '../../src/agents/index.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { boundPolicy, solveLaw } from '../../src/evaluate/bound.ts';
import type { Ledger, Policy } from '../../src/index.ts';
import { readCandleCsv } from '../../src/market/import/series.ts';
import { sliceSeries } from '../../src/market/series.ts';
import { makeMarket } from './market.ts';
import { type Beside, type Cell, type CurvePoint, REAL_LAST, type Row, type TestScore } from './results.ts';

/** What the driver adds to a cell. */
export interface Task extends Cell {
  readonly threads: number;
  readonly validateEvery: number | null;
  /** From an earlier row of the same market. */
  readonly beside: Beside | null;
  /** A candle file and the time it is cut at: what lies before is `real-1` ... `real-4`, what comes from then on the test of `real-last`. */
  readonly candles: { readonly file: string; readonly before: string } | null;
}

/** Walk-forward folds of a candle file; together they test its later half. */
export const FOLDS = 4;

const [checkout, text] = process.argv.slice(2);
const task: Task = JSON.parse(text);
const load = (path: string) => import(pathToFileURL(resolve(checkout, path)).href);
const tradernet: typeof import('../../src/index.ts') = await load('src/index.ts');
const walk: typeof import('../../src/experiment/walk-forward.ts') = await load('src/experiment/walk-forward.ts');

function readCandles(): CandleSeries {
  if (task.candles === null) throw new Error(`${task.world} needs a candle file (--candles)`);
  const { file, before } = task.candles;
  const { series } = readCandleCsv(readFileSync(file), {
    ...{ name: file, venue: 'file', symbol: 'REAL', policy: 'drop', nowMs: Date.now() },
  });
  const to = task.world === REAL_LAST ? -1 : series.timeMs.findIndex((time) => time >= Date.parse(before));
  return to < 0 ? series : sliceSeries(series, 0, to);
}

/** `a.b=3` over the defaults. */
function settingsOf(list: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const line of list) {
    const [path, value] = [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)];
    const keys = path.split('.');
    let at = settings;
    for (const key of keys.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    try {
      at[keys[keys.length - 1]] = JSON.parse(value);
    } catch {
      at[keys[keys.length - 1]] = value;
    }
  }
  return settings;
}

/** An older checkout calls it another name. */
const unshielded = { shield: null, safety: null };
const fold = /^real-(\d)$/.exec(task.world);
const made = /^real-/.test(task.world) ? null : makeMarket(task.world, task.seed);
const series = made?.series ?? readCandles();
const { training = {}, ...asked } = settingsOf(task.settings) as { training?: object };
const defaults = tradernet.experimentSchema.parse({
  seed: task.seed,
  ...asked,
  training: {
    agent: task.agent as never,
    // What is null is left to the code's own default, whatever version it is of.
    ...(task.steps === null ? {} : { steps: task.steps }),
    ...(task.validateEvery === null ? {} : { validateEvery: task.validateEvery }),
    ...training,
  },
});
function withFolds(config: typeof defaults): typeof defaults {
  if (fold !== null)
    return walk.planParts([series], config, { folds: FOLDS, seeds: 1, testShare: 0.5 })[Number(fold[1]) - 1].config;
  if (task.world !== REAL_LAST) return config;
  return { ...config, split: { ...config.split, testFrom: task.candles!.before } };
}
const config = withFolds(defaults);

const storage = mkdtempSync(join(tmpdir(), 'tradernet-learn-'));
const files = new tradernet.NodeFileSystem(storage);
const kernels = await tradernet.createKernels({ threads: task.threads });
const clock = {
  nowMs: () => performance.now(),
  elapsedMs: () => performance.now(),
  sleep: () => new Promise<void>((done) => setImmediate(done)),
};
try {
  const curve: CurvePoint[] = [];
  let epochs: number[] = [];
  let started = 0;
  const result = await tradernet.trainRun(
    {
      series: [series],
      config,
      onStart: () => {
        started = performance.now();
      },
      onProgress({ steps, validation, metrics }) {
        if (metrics.epochs !== undefined) epochs.push(metrics.epochs);
        if (validation !== null) curve.push({ steps, seconds: (performance.now() - started) / 1000, validation });
      },
    },
    { files, clock, kernels, codeVersion: 'bench' },
  );
  const trainSeconds = (performance.now() - started) / 1000;
  const { table, split } = result.prepared.markets[0];
  const agent = tradernet.loadAgent(files, `${result.folder}/best`, kernels);
  const { account } = config;
  const run = (policy: Policy, rows = split.test, own = account): Ledger =>
    tradernet.backtest({ policy, series, table, account: own, rows, ...unshielded });
  const score = (ledger: Ledger): TestScore => {
    const { logReturn, maxDrawdown, trades } = tradernet.measure(ledger);
    const mean = ledger.equity.reduce((sum, x) => sum + x, 0) / ledger.bars;
    const costs = (ledger.feesPaid + ledger.slippagePaid) / mean;
    return {
      ...{ logReturn: logReturn ?? -10, maxDrawdown: maxDrawdown ?? 0, trades: trades ?? 0 },
      ...{ costs, turnover: ledger.turnover / mean },
    };
  };
  const baseline = (name: string) => {
    const context = { series, table, account, train: split.train, test: split.test, reference: null, seed: task.seed };
    const { policy, account: own } = tradernet.BASELINES.find((one) => one.name === name)!.create(context);
    return score(run(policy, split.test, own));
  };
  const bound = made === null ? null : boundPolicy(solveLaw(made.law, account), made.states, account);
  const { ppo, dqn } = config;
  epochs = epochs.length > 0 ? epochs : [ppo.epochs];
  const passes: Record<string, number> = {
    ppo: epochs.reduce((sum, one) => sum + one, 0) / epochs.length,
    dqn: dqn.batchSize / dqn.trainEvery,
    // An older checkout has none.
    exact: config.exact?.epochs ?? Number.NaN,
  };
  const raw = score(run(tradernet.agentPolicy(agent)));
  // An older checkout has no gate.
  const standing: Standing | null =
    tradernet.openCheckpoint(files, `${result.folder}/best`).description.standing ?? null;
  const rests = standing !== null && !standing.gate.open;
  const doNothing = { action: 2 as const, probabilities: null, qValues: null };
  const still = { kind: 'still', getAction: () => doNothing.action, decide: () => doNothing };
  const { world, agent: kind, seed, code, steps, settings, threads } = task;
  const row: Omit<Row, 'commit'> = {
    ...{ world, agent: kind, seed, code, steps, settings, threads },
    test: rests ? score(run(tradernet.agentPolicy(still))) : raw,
    raw,
    gate: standing === null ? null : { t: standing.gate.t, open: standing.gate.open, best: standing.best },
    best: result.best,
    trainSeconds,
    trainedSteps: result.steps,
    stepsPerSecond: result.steps / trainSeconds,
    curve,
    passesPerStep: passes[kind] ?? Number.NaN,
    ...(task.beside ?? {
      validationBound: bound === null ? null : score(run(bound, split.validation)).logReturn,
      bound: bound === null ? null : score(run(bound)),
      hold: baseline('buy-and-hold'),
      logistic: baseline('logistic'),
    }),
  };
  console.log(JSON.stringify(row));
} finally {
  kernels.dispose();
  rmSync(storage, { recursive: true });
}
