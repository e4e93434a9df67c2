/**
 * The registry of every run and trial. A run is registered, durably, before it starts, so that no result can be
 * picked from runs that nobody counted (Bailey and Lopez de Prado 2014: the deflated Sharpe ratio needs all trials).
 *
 * runs/RUN/registration.json   what is about to run
 * runs/RUN/metrics.jsonl       one line a report of the training
 * runs/RUN/results/NAME.json   an evaluation: first `started`, then `finished` with its figures and per-bar returns
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { assert, InputError } from '../core/errors.ts';
import { type FileSystem, readText, removeQuietly, writeDurably } from '../core/file-system.ts';
import { type Json, parseJson } from '../core/json.ts';

/** What is known of a run before it starts. */
export interface Registration {
  /** train, baseline or another command that makes a result. */
  readonly kind: string;
  /** Everything that decides the outcome but the seed. */
  readonly config: Json;
  readonly seed: number;
  /** SHA-256 of the candles that the run reads. */
  readonly dataHash: string;
  readonly codeVersion: string;
  /** Which kernels run, on what, and whether multiply-add is fused. */
  readonly kernels: Json;
  /** Unix milliseconds of the registration. */
  readonly registeredAtMs: number;
  /** What else is worth knowing: symbols, columns, folds, overrides. */
  readonly notes: Json;
}

/** One configuration seen on one test fold. Seeds of a configuration are not trials of their own. */
export interface Trial {
  readonly run: string;
  /** Of everything that was tried but the seed, the shield included. */
  readonly configHash: string;
  readonly seed: number;
  /** Of the agent that was tried; the run's name where an earlier version kept none. */
  readonly weights: string;
  /** Of what made the weights, but for seed and folds; null where an earlier version kept none. */
  readonly recipe: string | null;
  /** Names the window that it looked at. */
  readonly foldKey: string;
  /** Sharpe ratio per bar, not annualised; null while the evaluation has not finished. */
  readonly sharpePerBar: number | null;
  /** What it saw; null where that was not kept: it has not finished, or an earlier version made it. */
  readonly seen: SeenReturns | null;
  /** `VENUE:SYMBOL` and the length of its bars. */
  readonly market: string;
  readonly timeframeMs: number;
}

/** Simple returns bar by bar, and when. */
export interface SeenReturns {
  /** Opens of the bars at whose closes the returns were known, as runs without a gap: [first open, bars]. */
  readonly spans: readonly (readonly [number, number])[];
  readonly returns: readonly number[];
  /** Buy-and-hold's over the same bars; null where it wasn't kept. */
  readonly held: readonly number[] | null;
}

export interface EvaluationRecord {
  readonly status: 'started' | 'finished';
  /** Names the data and the rows of the test fold: trials are counted per fold. */
  readonly foldKey: string;
  /** Hash of the configuration that was tried, without its seed; null for what is no trial: another fold, a baseline. */
  readonly trial: string | null;
  readonly sharpePerBar: number | null;
  /** Simple return of each bar of the fold. */
  readonly returns: readonly number[];
  /** SHA-256 of the agent that was tried. Earlier versions kept neither it nor the next two. */
  readonly weights?: string;
  /** Buy-and-hold's over the same bars, and when they were: see `SeenReturns`. */
  readonly held?: readonly number[];
  readonly spans?: readonly (readonly [number, number])[];
  /** Of what made the weights, but for seed and folds: the same recipe elsewhere is another look at one strategy. */
  readonly recipe?: string | null;
  /** What was tried beside the weights, in plain words: shield, account, supervisor. */
  readonly tried?: Json;
  readonly figures: Json;
  /** The whole evaluation without its bars, for whoever shows it; earlier versions kept none. */
  readonly evaluation?: Json;
}

/** Keys sorted, so that the same content has the same text. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${entries.join(',')}}`;
}

export function hashJson(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

const ROOT = 'runs';
/** Lies in the folder of a run that was taken out of the list. */
const DELETED = 'deleted.json';
const encoder = new TextEncoder();

/** What commands rely on; a file that was edited or damaged is told from one that this program wrote. */
const registrationSchema = z.looseObject({
  kind: z.string(),
  config: z.json(),
  seed: z.number(),
  dataHash: z.string(),
  codeVersion: z.string(),
  kernels: z.json(),
  registeredAtMs: z.int(),
  notes: z.json(),
});
const recordSchema = z.looseObject({
  status: z.enum(['started', 'finished']),
  foldKey: z.string(),
  trial: z.string().nullable(),
  sharpePerBar: z.number().nullable(),
  returns: z.custom<readonly number[]>(Array.isArray, 'must be a list'),
  weights: z.string().optional(),
  held: z.custom<readonly number[]>(Array.isArray, 'must be a list').optional(),
  spans: z.array(z.tuple([z.number(), z.int().min(1)])).optional(),
  recipe: z.string().nullable().optional(),
  figures: z.json(),
});

function parseFile<T>(files: FileSystem, path: string, schema: z.ZodType): T {
  const fail = (what: string) => new InputError(`${path}: ${what}; remove the run's folder or restore it`);
  let value: unknown;
  try {
    value = parseJson(readText(files, path));
  } catch (error) {
    throw fail(`not readable as JSON (${(error as Error).message})`);
  }
  const { error } = schema.safeParse(value);
  if (error !== undefined) throw fail([...error.issues[0].path, error.issues[0].message].join(': '));
  return value as T;
}

/** One registered run: its folder and what is added to it. */
export class Run {
  readonly name: string;
  readonly registration: Registration;
  readonly #files: FileSystem;

  constructor(files: FileSystem, name: string, registration: Registration) {
    this.#files = files;
    this.name = name;
    this.registration = registration;
  }

  get #folder(): string {
    return `${ROOT}/${this.name}`;
  }

  /** Held by the process that trains the run: two would write one checkpoint. @throws InputError where another does */
  lockForTraining(): Disposable {
    const release = this.#files.lock(`${this.#folder}/train.lock`);
    if (release === null)
      throw new InputError(`run ${this.name} is being trained by another process; wait for it, or stop it with Ctrl-C`);
    return { [Symbol.dispose]: release };
  }

  /** Appends one line; not synced, since `syncMetrics` is called with each checkpoint. */
  appendMetrics(row: { readonly [key: string]: Json }): void {
    this.#files.append(`${this.#folder}/metrics.jsonl`, encoder.encode(`${JSON.stringify(row)}\n`));
  }

  syncMetrics(): void {
    const path = `${this.#folder}/metrics.jsonl`;
    if (this.#files.exists(path)) this.#files.sync(path);
  }

  /** The whole lines; a torn last line (a crash) is left out. */
  readMetrics(): Record<string, Json>[] {
    const path = `${this.#folder}/metrics.jsonl`;
    if (!this.#files.exists(path)) return [];
    const rows: Record<string, Json>[] = [];
    for (const line of readText(this.#files, path).split('\n').slice(0, -1)) {
      try {
        rows.push(parseJson(line) as Record<string, Json>);
      } catch {
        break; // what follows a torn line was never synced
      }
    }
    return rows;
  }

  /** For a resume: drops what was reported after the step at which the checkpoint was made. */
  truncateMetrics(step: number): void {
    const kept = this.readMetrics().filter((row) => Number(row.step) <= step);
    writeDurably(this.#files, `${this.#folder}/metrics.jsonl`, kept.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }

  /** Says, before it is done, that this configuration is about to see the fold. */
  startEvaluation(name: string, foldKey: string, trial: string | null, recipe: string | null = null): void {
    const nothing = { sharpePerBar: null, returns: [], figures: null };
    this.#writeResult(name, { status: 'started', foldKey, trial, recipe, ...nothing });
  }

  finishEvaluation(name: string, record: Omit<EvaluationRecord, 'status'>): void {
    this.#writeResult(name, { ...record, status: 'finished' });
  }

  #writeResult(name: string, record: EvaluationRecord): void {
    this.#keepTrial(name, record);
    writeDurably(this.#files, `${this.#folder}/results/${name}.json`, JSON.stringify(record));
  }

  /** A trial stays counted: what another fold or configuration left under the name moves to a name of its own. */
  #keepTrial(name: string, { foldKey, trial }: EvaluationRecord): void {
    const results = `${this.#folder}/results`;
    if (!this.#files.exists(`${results}/${name}.json`)) return;
    const before = parseFile<EvaluationRecord>(this.#files, `${results}/${name}.json`, recordSchema);
    if (before.trial === null || (before.foldKey === foldKey && before.trial === trial)) return;
    const own = `${name}~${hashJson([before.foldKey, before.trial]).slice(0, 8)}`;
    this.#files.rename(`${results}/${name}.json`, `${results}/${own}.json`);
    this.#files.sync(results);
  }

  /** One of them; null where there is none of the name. */
  result(name: string): EvaluationRecord | null {
    const path = `${this.#folder}/results/${name}.json`;
    return this.#files.exists(path) ? parseFile<EvaluationRecord>(this.#files, path, recordSchema) : null;
  }

  results(): { readonly name: string; readonly record: EvaluationRecord }[] {
    return this.#files
      .list(`${this.#folder}/results`)
      .filter((file) => file.endsWith('.json'))
      .map((file) => ({
        name: file.slice(0, -'.json'.length),
        record: parseFile<EvaluationRecord>(this.#files, `${this.#folder}/results/${file}`, recordSchema),
      }));
  }
}

/**
 * Every run and trial of a storage. A run is registered, durably, before it starts, so that no result can be picked from runs
 * that nobody counted.
 * @example
 * new RunRegistry(files).list(); // => []
 */
export class RunRegistry {
  readonly #files: FileSystem;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  /** Durable when it returns. The name is `stem` and a number that no other run has, of this process or another. */
  register(stem: string, registration: Registration): Run {
    assert(/^[\w.-]+$/.test(stem), `run stem '${stem}'`);
    // Built beside its place and renamed into it: a run's folder is whole or absent.
    const temporary = this.#files.temporary(
      `${ROOT}/.${stem}-${hashJson(registration as unknown as Json).slice(0, 16)}`,
    );
    this.#files.remove(temporary);
    let name: string;
    try {
      writeDurably(this.#files, `${temporary}/registration.json`, `${JSON.stringify(registration, null, 2)}\n`);
      name = this.#claim(stem, temporary);
    } catch (error) {
      removeQuietly(this.#files, temporary);
      throw error;
    }
    this.#files.sync(ROOT);
    return new Run(this.#files, name, registration);
  }

  /** A folder can't be renamed over another process's, so whoever comes second takes the next number. */
  #claim(stem: string, temporary: string): string {
    for (let number = 1; ; number++) {
      const name = `${stem}-${number}`;
      if (this.#files.exists(`${ROOT}/${name}`)) continue;
      try {
        this.#files.rename(temporary, `${ROOT}/${name}`);
        return name;
      } catch (error) {
        if (!this.#files.exists(`${ROOT}/${name}`)) throw error;
      }
    }
  }

  names(): string[] {
    return this.#allNames().filter((name) => !this.#files.exists(`${ROOT}/${name}/${DELETED}`));
  }

  #allNames(): string[] {
    return this.#files
      .list(ROOT)
      .filter((name) => !name.startsWith('.') && this.#files.exists(`${ROOT}/${name}/registration.json`));
  }

  /**
   * Takes a run out of the list. Its registration and its evaluations stay, since a look at a test fold can't be taken
   * back: trials count them as before.
   * @returns how many looks those are
   * @throws InputError where there is no such run, or it is being trained
   */
  delete(name: string, atMs: number): number {
    const run = this.open(name);
    using _ = run.lockForTraining();
    writeDurably(this.#files, `${ROOT}/${name}/${DELETED}`, `${JSON.stringify({ atMs })}\n`);
    const kept = ['registration.json', 'results', DELETED, 'train.lock'];
    for (const file of this.#files.list(`${ROOT}/${name}`))
      if (!kept.includes(file)) this.#files.remove(`${ROOT}/${name}/${file}`);
    return run.results().filter(({ record }) => record.trial !== null).length;
  }

  has(name: string): boolean {
    const folder = `${ROOT}/${name}`;
    return this.#files.exists(`${folder}/registration.json`) && !this.#files.exists(`${folder}/${DELETED}`);
  }

  open(name: string): Run {
    if (!this.has(name)) throw new InputError(`there is no run '${name}'; 'tradernet runs list' shows them`);
    return this.#open(name);
  }

  #open(name: string): Run {
    const path = `${ROOT}/${name}/registration.json`;
    return new Run(this.#files, name, parseFile<Registration>(this.#files, path, registrationSchema));
  }

  list(): Run[] {
    return this.names().map((name) => this.#open(name));
  }

  /**
   * Every evaluation that looked at bars of the fold's time as a test, of whatever market, finished or not, and at any
   * time where it was of this recipe.
   */
  trials(foldKey: string, recipe: string | null = null): Trial[] {
    const wanted = parseFoldKey(foldKey);
    const all = this.#allNames().map((name) => this.#open(name));
    return all.flatMap((run) =>
      run.results().flatMap(({ record }) => {
        const fold = parseFoldKey(record.foldKey);
        const shared = record.foldKey === foldKey || (fold && wanted && overlap(fold, wanted));
        const same = recipe !== null && record.recipe === recipe;
        if (record.trial === null || !(shared || same)) return [];
        const { returns, held, spans, sharpePerBar } = record;
        return {
          run: run.name,
          configHash: record.trial,
          seed: run.registration.seed,
          weights: record.weights ?? run.name,
          recipe: record.recipe ?? null,
          foldKey: record.foldKey,
          sharpePerBar,
          seen: spans === undefined ? null : { spans, returns, held: held ?? null },
          market: fold?.market ?? record.foldKey,
          timeframeMs: fold?.timeframeMs ?? Number.NaN,
        };
      }),
    );
  }
}

interface FoldTimes {
  readonly market: string;
  readonly timeframeMs: number;
  /** Opens of the first and the last bar. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A fold is named `VENUE:SYMBOL:TIMEFRAME:FROM-TO`; null for what isn't such a name. */
export function parseFoldKey(foldKey: string): FoldTimes | null {
  const match = /^(.*):(\d+):(\d+)-(\d+)$/.exec(foldKey);
  if (match === null) return null;
  const [timeframeMs, fromMs, toMs] = match.slice(2).map(Number);
  return { market: match[1], timeframeMs, fromMs, toMs };
}

/** A cut that moves by a day, or a day of new data, makes no unseen fold. */
function overlap(a: FoldTimes, b: FoldTimes): boolean {
  return a.fromMs < b.toMs + b.timeframeMs && b.fromMs < a.toMs + a.timeframeMs;
}
