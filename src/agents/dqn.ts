/**
 * Deep Q-learning: Mnih et al., "Human-level control through deep reinforcement learning", Nature 2015 (algorithm 1).
 * By default with the double estimator (van Hasselt, Guez and Silver, "Deep Reinforcement Learning with Double
 * Q-learning", AAAI 2016) and a target network that follows softly (Lillicrap et al., ICLR 2016).
 *
 * Departures: what the account forbids is neither explored, chosen, nor counted in a maximum; an episode that was cut
 * by time is not over, so its last state still has a value.
 */
import { z } from 'zod';
import { ACTION_COUNT, type Action } from '../core/action.ts';
import type { AgentDecision, Observation } from '../core/agent.ts';
import { assert, InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { Rng } from '../core/rng.ts';
import { setting } from '../core/setting.ts';
import type { VectorEnv } from '../env/vector-env.ts';
import { ACCOUNT_COLUMNS } from '../features/observation.ts';
import { bestAllowed, DQNUpdater, huber, type Kernels, mse, QNetwork } from '../nn/index.ts';
import { defineLearner } from './agent-type.ts';
import {
  type AgentOptions,
  type AgentSpec,
  learnerFiles,
  loadNetworks,
  loadOptimiser,
  type OpenCheckpoint,
  openCheckpoint,
  saveCheckpoint,
} from './checkpoint.ts';
import type { Learner, TrainReport } from './learner.ts';
import { networkFor, networkSettings } from './network-settings.ts';
import { ReplayBuffer } from './replay-buffer.ts';

const share = z.number().min(0).max(1);

/** The settings of DQN, each with its unit, default and meaning; `parse({})` gives the defaults. */
export const dqnConfigSchema = z.strictObject({
  environments: setting(z.int().min(1), 1, 'environments', 'that step together'),
  gamma: setting(share, 0.99, 'factor a step', 'discount of the future'),
  learningRate: setting(z.number().positive(), 1e-4, 'per update', "Adam's step size"),
  adamEpsilon: setting(z.number().positive(), 1e-8, 'number', "keeps Adam's division finite"),
  batchSize: setting(z.int().min(1), 64, 'transitions', 'drawn for one training step'),
  bufferSize: setting(z.int().min(1), 200_000, 'transitions', 'that the replay buffer holds'),
  learningStarts: setting(z.int().min(0), 5000, 'environment steps', 'taken before training starts'),
  trainEvery: setting(z.int().min(1), 16, 'environment steps', 'for one training step'),
  explorationStart: setting(share, 1, 'probability', 'of a random action at the beginning'),
  explorationEnd: setting(share, 0.05, 'probability', 'of a random action at the end'),
  explorationShare: setting(z.number().gt(0).max(1), 0.1, 'share of all steps', 'over which exploration falls'),
  double: setting(z.boolean(), true, 'yes/no', 'the online network chooses the action that the target network values'),
  loss: setting(z.enum(['huber', 'mse']), 'huber', 'choice', 'of the temporal-difference error'),
  targetUpdate: setting(z.enum(['polyak', 'hard']), 'polyak', 'choice', 'how the target network follows'),
  tau: setting(z.number().gt(0).max(1), 0.005, 'share a training step', 'by which a polyak target follows'),
  hardUpdateEvery: setting(z.int().min(1), 2500, 'training steps', 'between copies to a hard target'),
  network: networkSettings.prefault({}),
});

/** Settings of DQN, parsed. */
export type DQNConfig = z.output<typeof dqnConfigSchema>;

/** Streams of the seed. */
const STREAM = { weights: 0, training: 1 } as const;

/** What exists while an agent is trained. */
interface Training {
  readonly env: VectorEnv;
  readonly totalSteps: number;
  /** Q-hat of the paper. */
  readonly target: QNetwork;
  readonly updater: DQNUpdater;
  readonly buffer: ReplayBuffer;
  /** (batch) */
  readonly indices: Int32Array;
  /** (environments) */
  readonly actions: Uint8Array;
  readonly explores: Uint8Array;
}

/**
 * DQN (Mnih et al. 2015, algorithm 1), by default with the double estimator (van Hasselt et al. 2016) and a target network
 * that follows softly. `getAction` is greedy; `collect` and `trainStep` train it on what `attach` was given.
 * @example
 * const config = dqnConfigSchema.parse({ network: { filters: 4, hidden: [16, 16] }, learningStarts: 64, trainEvery: 8 });
 * const agent = new DQNAgent({ kernels, spec, config, seed: 1 });
 * agent.attach(env, 10_000, 'hash of the table');
 * while (!agent.ready()) agent.collect();
 * agent.trainStep().loss > 0; // => true
 */
export class DQNAgent implements Learner {
  readonly kind = 'dqn';
  readonly spec: AgentSpec;
  readonly config: DQNConfig;
  readonly q: QNetwork;
  readonly #kernels: Kernels;
  readonly #rng: Rng;
  readonly #report = { loss: 0, meanQ: 0, gradientNorm: 0, epsilon: 0 };
  #steps = 0;
  #trainSteps = 0;
  #training: Training | null = null;

  constructor({ kernels, spec, config, seed }: AgentOptions<DQNConfig>) {
    this.spec = spec;
    this.config = config;
    this.#kernels = kernels;
    this.q = new QNetwork(kernels, networkFor(spec, config.network));
    this.#rng = new Rng(seed ?? 0, STREAM.training);
    if (seed !== null) this.q.initialize(new Rng(seed, STREAM.weights));
  }

  get environments(): number {
    return this.config.environments;
  }

  get steps(): number {
    return this.#steps;
  }

  /** argmax over the allowed a of Q(s, a). */
  getAction(obs: Observation): Action {
    return this.q.bestAction(obs.values, obs.mask);
  }

  decide(obs: Observation): AgentDecision {
    const q = this.q.infer(obs.values, 1);
    return { action: bestAllowed(q, 0, obs.mask, 0), probabilities: null, qValues: Array.from(q) };
  }

  /** "Initialize replay memory D to capacity N; initialize target action-value function Q-hat with weights of Q". */
  attach(env: VectorEnv, totalSteps: number, tableHash: string): void {
    const { batchSize: batch, bufferSize, gamma, double, loss, targetUpdate, tau, adamEpsilon } = this.config;
    if (bufferSize < env.count) {
      throw new InputError(
        `dqn: a bufferSize of ${bufferSize} can't hold a step of ${env.count} environments; raise it`,
      );
    }
    this.#training?.updater.dispose();
    this.#training?.target.dispose();
    const target = new QNetwork(this.#kernels, this.q.config);
    target.copyFrom(this.q);
    this.#training = {
      env,
      totalSteps,
      target,
      updater: new DQNUpdater(this.#kernels, this.q, target, {
        ...{ batch, gamma, double },
        loss: loss === 'huber' ? huber : mse,
        tau: targetUpdate === 'polyak' ? tau : 0,
        adam: { eps: adamEpsilon },
      }),
      buffer: new ReplayBuffer({ capacity: bufferSize, extraWidth: env.extraWidth, tableHash }),
      indices: new Int32Array(batch),
      actions: new Uint8Array(env.count),
      explores: new Uint8Array(env.count),
    };
  }

  get #attached(): Training {
    assert(this.#training !== null, 'attach an environment before training');
    return this.#training;
  }

  /** Falls on a line from the first step on. */
  get epsilon(): number {
    const { explorationStart: start, explorationEnd: end, explorationShare } = this.config;
    return start + (end - start) * Math.min(1, this.#steps / (explorationShare * this.#attached.totalSteps));
  }

  collect(): number {
    const { env } = this.#attached;
    const actions = this.explore();
    env.step(actions);
    this.store(actions);
    return env.rewards.reduce((sum, reward) => sum + reward, 0) / env.count;
  }

  /** "With probability epsilon select a random action, otherwise select argmax_a Q(s, a)". */
  explore(): Uint8Array {
    const { env, buffer, actions, explores } = this.#attached;
    const { epsilon } = this;
    let greedy = false;
    for (let i = 0; i < env.count; i++) {
      explores[i] = this.#rng.uniform() < epsilon ? 1 : 0;
      if (explores[i] === 0) greedy = true;
    }
    const q = greedy ? this.q.infer(env.obs, env.count) : null;
    for (let i = 0; i < env.count; i++) {
      const at = i * ACTION_COUNT;
      actions[i] =
        explores[i] === 0 && q !== null ? bestAllowed(q, at, env.masks, at) : drawAllowed(env.masks, at, this.#rng);
    }
    buffer.begin(env);
    return actions;
  }

  /** "Store transition in D". */
  store(actions: Uint8Array): void {
    const { env, buffer } = this.#attached;
    buffer.finish(env, actions);
    this.#steps += env.count;
  }

  /** One training step is due for every `trainEvery` environment steps after `learningStarts`. */
  ready(): boolean {
    const { learningStarts, trainEvery } = this.config;
    return this.#trainSteps < Math.floor((this.#steps - learningStarts) / trainEvery);
  }

  /** "Sample random minibatch from D; perform a gradient descent step on (y - Q(s, a))^2; every C steps reset Q-hat". */
  trainStep(): TrainReport {
    const { env, target, updater, buffer, indices } = this.#attached;
    const { batchSize, learningRate, targetUpdate, hardUpdateEvery } = this.config;
    buffer.sample(this.#rng, indices);
    buffer.gather(env, indices, updater);
    const { loss, meanQ, gradNorm } = updater.update(batchSize, learningRate);
    this.#trainSteps++;
    if (targetUpdate === 'hard' && this.#trainSteps % hardUpdateEvery === 0) target.copyFrom(this.q);
    this.#report.loss = loss;
    this.#report.meanQ = meanQ;
    this.#report.gradientNorm = gradNorm;
    this.#report.epsilon = this.epsilon;
    return this.#report;
  }

  checkpointFiles(more: ReadonlyMap<string, Uint8Array> = new Map()): Map<string, Uint8Array> {
    const optimiser = this.#training && { adam: this.#training.updater.adam, target: this.#training.target };
    return learnerFiles(this, { q: this.q }, optimiser, more);
  }

  saveTraining(): { state: Json; buffer: Uint8Array } {
    const state = { rng: this.#rng.save(), trainSteps: this.#trainSteps };
    return { state, buffer: this.#attached.buffer.save() };
  }

  restoreTraining(checkpoint: OpenCheckpoint, state: Json, buffer: Uint8Array): void {
    const { rng, trainSteps } = state as { rng: number[]; trainSteps: number };
    const { updater, target } = this.#attached;
    this.loadNetworks(checkpoint);
    loadOptimiser(checkpoint, { adam: updater.adam, target });
    this.#rng.restore(rng);
    this.#trainSteps = trainSteps;
    this.#attached.buffer.load(buffer);
  }

  loadNetworks(checkpoint: OpenCheckpoint): void {
    this.#steps = loadNetworks(checkpoint, { q: this.q });
  }

  /** Writes the checkpoint folder `path`. */
  save(files: FileSystem, path: string): void {
    saveCheckpoint(files, path, this.checkpointFiles());
  }

  /** @throws InputError where the folder holds no whole checkpoint of this class. */
  static load(files: FileSystem, path: string, kernels: Kernels): DQNAgent {
    return dqn.load(openCheckpoint(files, path), kernels);
  }

  /** Gives the kernels' memory back. */
  dispose(): void {
    this.#training?.updater.dispose();
    this.#training?.target.dispose();
    this.q.dispose();
  }
}

export const dqn = defineLearner({
  name: 'dqn',
  summary: 'deep Q-learning',
  settings: dqnConfigSchema,
  accountColumns: ACCOUNT_COLUMNS,
  defaultSteps: () => 200_000,
  create: (options) => new DQNAgent(options),
});

/** Each allowed action with the same probability. */
function drawAllowed(masks: Uint8Array, at: number, rng: Rng): Action {
  let index = rng.integer(masks[at] + masks[at + 1] + masks[at + 2]);
  let action = 0;
  while (masks[at + action] === 0 || index-- > 0) action++;
  return action as Action;
}
