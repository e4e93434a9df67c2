/** Runs as the page lists them, read off the registry; what was read of a file is kept while the file stays as it was. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { findLearner, LEARNERS } from '../agents/index.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { isLockTaken } from '../disk/process-lock.ts';
import { tryReadSettings } from '../experiment/registered-settings.ts';
import { standingOf } from '../experiment/standing.ts';
import { type EvaluationRecord, hashJson, type Run, RunRegistry } from '../runs/registry.ts';
import type { Bars, KeptEvaluation, Outcome, RunDetail, RunRow, Training } from './api.ts';

const CURVE_POINTS = 90;

type Fields = { readonly [name: string]: Json };
const fieldsOf = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null);

/** Equity over its start, thinned to what a small curve can show. */
function thinCurve(returns: readonly number[]): number[] {
  const curve = [1];
  let equity = 1;
  const points = Math.min(CURVE_POINTS - 1, returns.length);
  for (let point = 0, at = 0; point < points; point++) {
    for (const end = Math.round(((point + 1) * returns.length) / points); at < end; at++) equity *= 1 + returns[at];
    curve.push(Number(equity.toPrecision(5)));
  }
  return curve;
}

function outcomeOf(result: string, record: EvaluationRecord): Outcome {
  const figures = fieldsOf(record.figures);
  const excess = (record.evaluation as unknown as KeptEvaluation | undefined)?.judgement.excessReturn;
  return {
    ...{ result, foldKey: record.foldKey, verdict: String(figures.verdict) },
    cumulativeReturn: numberOf(figures.cumulativeReturn),
    sharpe: numberOf(figures.sharpe),
    maxDrawdown: numberOf(figures.maxDrawdown),
    excess: excess === undefined ? null : [excess.lower, excess.estimate, excess.upper],
    curve: thinCurve(record.returns),
  };
}

/** Reads the runs of one storage. */
export class RunReader {
  readonly registry: RunRegistry;
  readonly #files: FileSystem;
  readonly #storage: string;
  readonly #outcomes = new Map<string, { readonly stamp: string; readonly outcome: Outcome | null }>();

  constructor(files: FileSystem, storage: string) {
    this.#files = files;
    this.#storage = storage;
    this.registry = new RunRegistry(files);
  }

  list(): RunRow[] {
    return this.registry.names().map((name) => this.row(name));
  }

  row(name: string): RunRow {
    try {
      return this.#read(this.registry.open(name));
    } catch (error) {
      const unknown = { kind: '', agent: '', symbols: [], timeframe: '', seed: 0, config: '', registeredAtMs: 0 };
      const fault = (error as Error).message;
      return { name, ...unknown, state: 'finished', validation: null, outcomes: [], fault };
    }
  }

  detail(name: string): RunDetail {
    const run = this.registry.open(name);
    return {
      ...this.#read(run),
      registration: run.registration as unknown as Json,
      standing: standingOf(run),
      metrics: run.readMetrics(),
      evaluations: run
        .results()
        .filter(({ record }) => record.trial !== null || record.returns.length > 0)
        .map(({ name: result, record }) => ({
          ...{ result, figures: record.figures },
          evaluation: (record.evaluation ?? null) as unknown as KeptEvaluation | null,
        })),
    };
  }

  /** null where the run has no such result, or it has no bars. */
  bars(name: string, result: string): Bars | null {
    const record = this.registry.open(name).result(result);
    if (record === null || record.returns.length === 0 || record.spans === undefined) return null;
    const timeframeMs = Number(record.foldKey.split(':').at(-2));
    const timeMs = record.spans.flatMap(([from, bars]) =>
      Array.from({ length: bars }, (_, i) => from + i * timeframeMs),
    );
    return { timeMs, returns: record.returns, held: record.held ?? null };
  }

  /** Progress of what isn't finished: (step, value) pairs of the metrics file. */
  training(row: RunRow): Omit<Training, 'job' | 'stepsPerSecond' | 'leftMs' | 'state'> {
    const run = this.registry.open(row.name);
    const metrics = run.readMetrics();
    const pairs = (name: string) =>
      metrics.flatMap((line): [number, number][] =>
        typeof line[name] === 'number' ? [[Number(line.step), line[name]]] : [],
      );
    const { agent, symbols, timeframe, seed } = row;
    return {
      ...{ run: row.name, agent, symbols, timeframe, seed },
      step: Number(metrics.at(-1)?.step ?? 0),
      steps: stepsOf(run),
      validation: pairs('validation'),
      loss: thin(pairs('loss')),
      holding: null,
    };
  }

  #read(run: Run): RunRow {
    const { registration } = run;
    const config = fieldsOf(registration.config);
    const notes = fieldsOf(registration.notes);
    const symbols = Array.isArray(notes.symbols) ? notes.symbols : Array.isArray(config.symbols) ? config.symbols : [];
    const standing = standingOf(run);
    return {
      ...{ name: run.name, kind: registration.kind, seed: registration.seed },
      agent: String(fieldsOf(config.training).agent ?? run.name.split('-')[0]),
      symbols: symbols.map((symbol) => String(symbol).replace(/^[^:]*:/, '')),
      timeframe: String(fieldsOf(config.market).timeframe ?? ''),
      config: hashJson(registration.config).slice(0, 12),
      registeredAtMs: registration.registeredAtMs,
      state: this.#state(run, standing !== null),
      validation: standing?.candidates.agent ?? null,
      outcomes: this.#outcomesOf(run),
      fault: null,
    };
  }

  #state(run: Run, judged: boolean): RunRow['state'] {
    const lock = `runs/${run.name}/train.lock`;
    if (run.registration.kind !== 'train' || judged || !this.#files.exists(lock)) return 'finished';
    if (isLockTaken(join(this.#storage, lock))) return 'training';
    const step = Number(run.readMetrics().at(-1)?.step ?? 0);
    return step >= (stepsOf(run) ?? 0) && step > 0 ? 'finished' : 'stopped';
  }

  #outcomesOf(run: Run): Outcome[] {
    const folder = `runs/${run.name}/results`;
    return this.#files.list(folder).flatMap((file) => {
      if (!file.endsWith('.json')) return [];
      const result = file.slice(0, -'.json'.length);
      const { mtimeMs, size } = statSync(join(this.#storage, folder, file));
      const stamp = `${mtimeMs} ${size}`;
      const path = `${folder}/${file}`;
      const known = this.#outcomes.get(path);
      if (known?.stamp === stamp) return known.outcome ?? [];
      const record = run.result(result);
      const isTest =
        record !== null && record.status === 'finished' && record.returns.length > 0 && /(^|-)test-/.test(result);
      const outcome = isTest ? outcomeOf(result, record) : null;
      this.#outcomes.set(path, { stamp, outcome });
      return outcome ?? [];
    });
  }
}

/** So many that a small curve shows them. */
function thin<T>(values: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(values.length / 400));
  return values.filter((_, i) => i % step === 0 || i === values.length - 1);
}

/** Steps that a training takes in all, from its settings and its folds; null where they don't say. */
function stepsOf(run: Run): number | null {
  const settings = tryReadSettings(run);
  if (settings === null) return null;
  const { training, market } = settings.config;
  if (training.steps !== null) return training.steps;
  if (!LEARNERS.some(({ name }) => name === training.agent)) return null;
  const { folds } = fieldsOf(run.registration.notes);
  const timeframeMs = parseTimeframe(market.timeframe);
  if (!Array.isArray(folds) || timeframeMs === null) return null;
  const bars = folds.reduce<number>((sum, fold) => {
    const train = fieldsOf(fold as Json).train;
    return Array.isArray(train) ? sum + (Number(train[1]) - Number(train[0])) / timeframeMs : sum;
  }, 0);
  return findLearner(training.agent).defaultSteps(Math.round(bars));
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

function parseTimeframe(text: string): number | null {
  const match = /^(\d+)([smhdw])$/.exec(text);
  return match === null ? null : Number(match[1]) * UNITS[match[2]];
}
