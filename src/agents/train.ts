/**
 * The training loop: collect -> train, with validation, the best and the last checkpoint, progress, stop and resume. A
 * run that was stopped at any step and resumed leaves the bytes of one that was not: all that decides the future is in
 * last/, and the clock decides nothing.
 */
import type { Clock } from '../core/clock.ts';
import { assert, InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import { type Json, parseJson } from '../core/json.ts';
import type { VectorEnv } from '../env/vector-env.ts';
import type { LearnerType } from './agent-type.ts';
import {
  type OpenCheckpoint,
  openCheckpoint,
  parseAgentConfig,
  requireAgent,
  requireSpec,
  saveCheckpoint,
  sha256,
  withStanding,
} from './checkpoint.ts';
import type { Learner, TrainReport } from './learner.ts';
import type { Standing } from './standing.ts';

/** What `train` is given: the agent and its environment, how long, who validates, and where it is kept. */
export interface TrainOptions {
  readonly agent: Learner;
  /** Its settings: what a checkpoint of an earlier version does not name yet has its former value, or its default. */
  readonly type?: Pick<LearnerType, 'settings' | 'former'>;
  readonly env: VectorEnv;
  /** Seeds the environment. */
  readonly seed: number;
  /** Environment steps, over all environments. */
  readonly steps: number;
  /**
   * Judges the agent, after so many training steps, on the validation fold; a number is the log return alone. null
   * trains without. Where nothing became the best, the last agent is.
   */
  readonly validate: ((agent: Learner, updates: number) => Judged | Promise<Judged>) | null;
  /** Environment steps between validations; there is one at the end too. */
  readonly validateEvery: number;
  /** Environment steps between writes of last/. */
  readonly checkpointEvery: number;
  /** Environment steps between progress reports. */
  readonly progressEvery?: number;
  readonly files: FileSystem;
  /** The folder of the run's checkpoints: best/ and last/ are made in it. */
  readonly folder: string;
  /** Goes on from last/. */
  readonly resume?: boolean;
  /** It may have been started for another number of steps. */
  readonly extend?: boolean;
  readonly clock: Clock;
  /** Stops at the next environment step, after writing last/. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a validation came to. */
export interface Validation {
  /** Mean log return after costs on the bars that choose; -Infinity is for what may not become the best. */
  readonly logReturn: number;
  /** What the checkpoint keeps of it; null where it keeps nothing. */
  readonly standing: Standing | null;
}

type Judged = number | Validation;

/** What people are told of a validation: the log return on the whole fold, where that is known. */
export function wholeReturn({ logReturn, standing }: Validation): number {
  return standing?.candidates.agent ?? logReturn;
}

/** Where a training stands, at each report and validation. */
export interface Progress {
  readonly steps: number;
  readonly totalSteps: number;
  /** Environment steps a second since the last report. */
  readonly stepsPerSecond: number;
  readonly leftMs: number;
  /** Means since the last report: what the agent's training steps said, and the reward a step. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Log return on the whole validation fold, where there was one since the last report. */
  readonly validation: number | null;
  readonly best: Best | null;
}

/** The best validation so far and the step at which it was seen. */
export interface Best extends Validation {
  readonly steps: number;
}

/** How a training ended: finished, or stopped and ready to be resumed. */
export interface TrainResult {
  readonly status: 'finished' | 'stopped';
  readonly steps: number;
  /** Training steps of the algorithm; without one the agent is as it was made. */
  readonly updates: number;
  readonly best: Best | null;
}

/** How long the loop may keep the thread before signals and timers get a turn. */
const TURN_MS = 100;

/**
 * Trains `agent` on `env`: collect, train, validate, keep the best and the last checkpoint. Stopped at any step and resumed
 * it leaves the same bytes; the clock decides nothing. `trainRun` does it for a market, registered and validated.
 * @throws InputError where the loss is no number, or `resume` finds what doesn't belong to this training
 * @example
 * const result = await train({
 *   ...{ agent, env, seed: 1, steps: 64, validate: null, validateEvery: 64, checkpointEvery: 64 },
 *   ...{ files, folder: 'checkpoints/example', clock },
 * });
 * result.status; // => 'finished'
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { agent, env, files, folder, clock } = options;
  const { window, columns, accountColumns } = agent.spec;
  const fits = [env.count, env.window, env.features].join(' x ');
  const needs = [agent.environments, window, columns.length + accountColumns.length].join(' x ');
  assert(fits === needs, `environments x bars x columns: the environment has ${fits}, the agent ${needs}`);
  const { buffer: memory, byteOffset, byteLength } = env.table;
  const tableHash = sha256(new Uint8Array(memory, byteOffset, byteLength));
  agent.attach(env, options.steps, tableHash);
  let best: Best | null = null;
  let updates = 0;
  if (options.resume) ({ best, updates } = restore(options, tableHash));
  else env.reset(options.seed);

  /** @param standing of the agent as it is now */
  const saveLast = (standing: Standing | null) => {
    const { state, buffer } = agent.saveTraining();
    const { steps: totalSteps, seed } = options;
    const training = { totalSteps, seed, tableHash, best, updates, env: env.saveState(), agent: state };
    const more = new Map([
      ['training.json', new TextEncoder().encode(`${JSON.stringify(training)}\n`)],
      ['training.buffer', buffer],
    ]);
    saveCheckpoint(files, `${folder}/last`, withStanding(agent.checkpointFiles(more), standing));
  };
  const saveBest = (validation: Validation) => {
    best = { steps: agent.steps, ...validation };
    saveCheckpoint(files, `${folder}/best`, withStanding(agent.checkpointFiles(), validation.standing));
  };
  const meter = new Meter(options);
  let turnMs = clock.nowMs();
  while (agent.steps < options.steps) {
    if (clock.nowMs() - turnMs > TURN_MS) {
      await clock.sleep(0);
      turnMs = clock.nowMs();
    }
    if (options.signal?.aborted) {
      saveLast(null);
      return { status: 'stopped', steps: agent.steps, updates, best };
    }
    const before = agent.steps;
    meter.countReward(agent.collect());
    while (agent.ready()) {
      const report = agent.trainStep();
      if (!Number.isFinite(report.loss)) {
        throw new InputError(
          `training diverged: the loss is ${report.loss} at step ${agent.steps}; lower learningRate or rewardScale`,
        );
      }
      meter.countReport(report);
      updates++;
    }

    const finished = agent.steps >= options.steps;
    const crossed = (every: number) => finished || Math.floor(agent.steps / every) > Math.floor(before / every);
    let validation: Validation | null = null;
    if (options.validate !== null && crossed(options.validateEvery)) {
      const judged = await options.validate(agent, updates);
      validation = typeof judged === 'number' ? { logReturn: judged, standing: null } : judged;
      assert(!Number.isNaN(validation.logReturn), 'the validation returned NaN');
      if (validation.logReturn > (best?.logReturn ?? Number.NEGATIVE_INFINITY)) saveBest(validation);
    }
    if (crossed(options.checkpointEvery)) saveLast(validation?.standing ?? null);
    if (validation !== null || crossed(options.progressEvery ?? 2048))
      meter.report(validation && wholeReturn(validation), best);
  }
  if (best === null) saveCheckpoint(files, `${folder}/best`, agent.checkpointFiles());
  return { status: 'finished', steps: agent.steps, updates, best };
}

/** How far the training got that wrote the checkpoint `path`, a last/. @throws InputError where it is not whole */
export function readTrainingProgress(files: FileSystem, path: string): { steps: number; totalSteps: number } {
  const checkpoint = openCheckpoint(files, path);
  return { steps: checkpoint.description.trainedSteps, totalSteps: Number(readTraining(checkpoint).totalSteps) };
}

/** Puts agent and environment back to where last/ was written. */
function restore(
  { agent, type, env, seed, steps, extend, files, folder }: TrainOptions,
  tableHash: string,
): { readonly best: Best | null; readonly updates: number } {
  const checkpoint = openCheckpoint(files, `${folder}/last`);
  requireAgent(checkpoint, agent.kind);
  requireSpec(checkpoint.path, checkpoint.spec, agent.spec);
  const config = type === undefined ? checkpoint.description.config : parseAgentConfig(checkpoint, type);
  const [found, asked] = [JSON.stringify(config), JSON.stringify(agent.config)];
  if (found !== asked) {
    throw new InputError(`${checkpoint.path}: was started with config ${found}, not ${asked}; resume with the same`);
  }
  const training = readTraining(checkpoint);
  for (const [name, value] of Object.entries({ ...(extend ? {} : { totalSteps: steps }), seed, tableHash })) {
    if (training[name] !== value) {
      throw new InputError(
        `${checkpoint.path}: was started with ${name} ${training[name]}, not ${value}; resume with the same data and flags`,
      );
    }
  }
  try {
    agent.restoreTraining(checkpoint, training.agent, checkpoint.read('training.buffer'));
    env.restoreState(training.env);
  } catch (error) {
    // It has the hash that checkpoint.json names, so somebody changed both.
    if (error instanceof TypeError || error instanceof RangeError) throw notWritten(checkpoint);
    throw error;
  }
  // Earlier versions counted no updates, and stopped no training before its first.
  const { best, updates = 1 } = training as unknown as { best: Best | null; updates?: number };
  return { best, updates };
}

/** Where a training stands. @throws InputError for what no version wrote */
function readTraining(checkpoint: OpenCheckpoint): { readonly [key: string]: Json } {
  try {
    const training = parseJson(new TextDecoder().decode(checkpoint.read('training.json')));
    if (training !== null && typeof training === 'object' && !Array.isArray(training)) return training;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw notWritten(checkpoint);
}

const notWritten = ({ path }: OpenCheckpoint): InputError =>
  new InputError(`${path}/training.json: is not what a training writes; restore the folder or train again`);

/** Adds up what is reported; nothing here reaches a checkpoint. */
class Meter {
  readonly #options: TrainOptions;
  readonly #sums = new Map<string, { sum: number; count: number }>();
  #sinceMs: number;
  #sinceSteps: number;

  constructor(options: TrainOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.nowMs();
    this.#sinceSteps = options.agent.steps;
  }

  #add(name: string, value: number): void {
    const entry = this.#sums.get(name);
    if (entry === undefined) {
      this.#sums.set(name, { sum: value, count: 1 });
    } else {
      entry.sum += value;
      entry.count++;
    }
  }

  countReward(reward: number): void {
    this.#add('reward', reward);
  }

  countReport(report: TrainReport): void {
    for (const name in report) this.#add(name, report[name]);
  }

  report(validation: number | null, best: Best | null): void {
    const { agent, steps: totalSteps, clock, onProgress } = this.#options;
    const nowMs = clock.nowMs();
    const stepsPerSecond = ((agent.steps - this.#sinceSteps) * 1000) / Math.max(1, nowMs - this.#sinceMs);
    const metrics = Object.fromEntries([...this.#sums].map(([name, { sum, count }]) => [name, sum / count]));
    const leftMs = ((totalSteps - agent.steps) * 1000) / Math.max(1e-9, stepsPerSecond);
    onProgress?.({ steps: agent.steps, totalSteps, stepsPerSecond, leftMs, metrics, validation, best });
    this.#sums.clear();
    this.#sinceMs = nowMs;
    this.#sinceSteps = agent.steps;
  }
}
