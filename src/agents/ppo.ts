/**
 * Proximal policy optimisation: Schulman et al., "Proximal Policy Optimization Algorithms", 2017 (algorithm 1, with the
 * clipped surrogate of equation 7 and the entropy bonus of equation 9), with advantages as in `gae.ts` and the details
 * of Huang et al., "The 37 Implementation Details of PPO", 2022: advantages normalised per minibatch, global gradient
 * norm, linear decay of the learning rate, Adam's epsilon of 1e-5, orthogonal initialisation; weights decay as in AdamW
 * (Loshchilov and Hutter 2019).
 *
 * Departures: actor and critic have encoders of their own; the value loss is not clipped; what the account forbids is
 * masked before sampling, so log-probability and entropy are those of the masked distribution (Huang and Ontanon, 2020).
 */
import { z } from 'zod';
import { ACTION_COUNT, type Action } from '../core/action.ts';
import type { AgentDecision, Observation } from '../core/agent.ts';
import { assert } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { exp } from '../core/math.ts';
import { Rng } from '../core/rng.ts';
import { setting } from '../core/setting.ts';
import type { VectorEnv } from '../env/vector-env.ts';
import { ACCOUNT_COLUMNS } from '../features/observation.ts';
import {
  ActorNetwork,
  bestAllowed,
  type Kernels,
  maskedLogSoftmax,
  PPOUpdater,
  RolloutInference,
  ValueNetwork,
} from '../nn/index.ts';
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
import { decayed, decaySetting } from './decay.ts';
import { estimateAdvantages } from './gae.ts';
import type { Learner, TrainReport } from './learner.ts';
import { networkFor, networkSettings } from './network-settings.ts';
import { RolloutBuffer } from './rollout-buffer.ts';

const share = z.number().min(0).max(1);

/**
 * The settings of PPO, each with its unit, default and meaning; `parse({})` gives the defaults.
 * @example
 * ppoConfigSchema.parse({}).clip; // => 0.2
 */
export const ppoConfigSchema = z.strictObject({
  environments: setting(z.int().min(1), 64, 'environments', 'that step together'),
  rolloutSteps: setting(z.int().min(1), 64, 'steps of each environment', 'between two updates'),
  minibatchSize: setting(z.int().min(2), 512, 'samples', 'in one gradient step'),
  epochs: setting(z.int().min(1), 4, 'passes', 'over a rollout'),
  targetKl: setting(
    z.number().positive().nullable(),
    null,
    'nats',
    'an update ends once its policy is this far from the one before; null: never',
  ),
  gamma: setting(share, 0.99, 'factor a step', 'discount of the future'),
  lambda: setting(share, 0.5, 'factor a step', 'how far advantages trust rewards over values'),
  clip: setting(z.number().positive(), 0.2, 'ratio', 'how far a probability may move in one update'),
  entropyCoefficient: setting(z.number().min(0), 0.01, 'factor', 'weight of the entropy bonus'),
  entropyDecay: decaySetting('none', 'the last step'),
  valueCoefficient: setting(z.number().min(0), 0.5, 'factor', 'weight of the value loss'),
  gradientNorm: setting(z.number().positive(), 0.5, 'norm', 'largest gradient'),
  gradientNormOf: setting(
    z.enum(['each', 'both']),
    'both',
    'choice',
    'each: actor and critic are bounded by themselves; both: together',
  ),
  learningRate: setting(z.number().positive(), 3e-3, 'per update', "Adam's step size"),
  learningRateDecay: decaySetting('linear', 'the last step'),
  weightDecay: setting(z.number().min(0), 0.1, 'factor', 'share of a weight that a step takes away, per learning rate'),
  adamEpsilon: setting(z.number().positive(), 1e-5, 'number', "keeps Adam's division finite"),
  network: networkSettings.prefault({}),
});

/** Settings of PPO, parsed. */
export type PPOConfig = z.output<typeof ppoConfigSchema>;

/** Streams of the seed. */
const STREAM = { weights: 0, training: 1 } as const;

/** What exists while an agent is trained. */
interface Training {
  readonly env: VectorEnv;
  readonly totalSteps: number;
  readonly updater: PPOUpdater;
  readonly inference: RolloutInference;
  readonly rollout: RolloutBuffer;
  /** (rollout) V(s_t), advantages, returns, and a shuffled order. */
  readonly values: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
  readonly order: Int32Array;
  /** (environments) */
  readonly lastValues: Float32Array;
  readonly actions: Uint8Array;
  readonly logProbs: Float32Array;
}

/**
 * PPO (Schulman et al. 2017, equations 7 and 9) with an actor and a critic of their own; the head of the file says how it
 * departs. `getAction` is greedy, `sampleAction` draws; `collect` and `trainStep` train it on what `attach` was given.
 * @example
 * const config = ppoConfigSchema.parse({ environments: env.count, network: { filters: 4, hidden: [16, 16] } });
 * const agent = new PPOAgent({ kernels, spec, config, seed: 1 });
 * agent.attach(env, 10_000);
 * while (!agent.ready()) agent.collect();
 * Object.keys(agent.trainStep()).includes('entropy'); // => true
 */
export class PPOAgent implements Learner {
  readonly kind = 'ppo';
  readonly spec: AgentSpec;
  readonly config: PPOConfig;
  readonly actor: ActorNetwork;
  readonly critic: ValueNetwork;
  readonly #kernels: Kernels;
  readonly #rng: Rng;
  readonly #row = new Float64Array(ACTION_COUNT);
  readonly #report: Record<string, number> = {};
  #steps = 0;
  #training: Training | null = null;

  constructor({ kernels, spec, config, seed }: AgentOptions<PPOConfig>) {
    this.spec = spec;
    this.config = config;
    this.#kernels = kernels;
    const sizes = networkFor(spec, config.network);
    this.actor = new ActorNetwork(kernels, sizes);
    this.critic = new ValueNetwork(kernels, sizes);
    this.#rng = new Rng(seed ?? 0, STREAM.training);
    if (seed === null) return;
    const rng = new Rng(seed, STREAM.weights);
    this.actor.initialize(rng);
    this.critic.initialize(rng);
  }

  get environments(): number {
    return this.config.environments;
  }

  get steps(): number {
    return this.#steps;
  }

  /** The most probable allowed action. */
  getAction(obs: Observation): Action {
    return bestAllowed(this.actor.infer(obs.values, 1), 0, obs.mask, 0);
  }

  decide(obs: Observation): AgentDecision {
    const logits = this.actor.infer(obs.values, 1);
    maskedLogSoftmax(logits, obs.mask, 0, ACTION_COUNT, this.#row);
    const action = bestAllowed(logits, 0, obs.mask, 0);
    return { action, probabilities: Array.from(this.#row, exp), qValues: null };
  }

  /** An action drawn from the policy. */
  sampleAction(obs: Observation, rng: Rng): Action {
    maskedLogSoftmax(this.actor.infer(obs.values, 1), obs.mask, 0, ACTION_COUNT, this.#row);
    return draw(this.#row, 0, rng);
  }

  attach(env: VectorEnv, totalSteps: number): void {
    const { environments: envs, rolloutSteps: steps, minibatchSize: batch } = this.config;
    const { clip, valueCoefficient, entropyCoefficient, gradientNorm, gradientNormOf, adamEpsilon, weightDecay } =
      this.config;
    const size = steps * envs;
    this.#release();
    this.#training = {
      env,
      totalSteps,
      inference: new RolloutInference(this.#kernels, this.actor, this.critic, envs),
      updater: new PPOUpdater(this.#kernels, this.actor, this.critic, {
        batch,
        coefficients: { clip, value: valueCoefficient, entropy: entropyCoefficient },
        maxGradNorm: gradientNorm,
        normOf: gradientNormOf,
        adam: { eps: adamEpsilon, weightDecay },
      }),
      rollout: new RolloutBuffer({ steps, envs, extraWidth: env.extraWidth }),
      values: new Float32Array(size),
      advantages: new Float32Array(size),
      returns: new Float32Array(size),
      order: new Int32Array(size),
      lastValues: new Float32Array(envs),
      actions: new Uint8Array(envs),
      logProbs: new Float32Array(envs),
    };
  }

  get #attached(): Training {
    assert(this.#training !== null, 'attach an environment before training');
    return this.#training;
  }

  collect(): number {
    const { env } = this.#attached;
    env.step(this.explore());
    this.store();
    return env.rewards.reduce((sum, reward) => sum + reward, 0) / env.count;
  }

  /** "Run policy pi_old in environment for T timesteps": one of them, in all environments at once. */
  explore(): Uint8Array {
    const { env, inference, rollout, values, actions, logProbs } = this.#attached;
    inference.obs.set(env.obs);
    inference.run(env.masks);
    values.set(inference.values, rollout.length * env.count);
    for (let i = 0; i < env.count; i++) {
      const at = i * ACTION_COUNT;
      actions[i] = draw(inference.logProbs, at, this.#rng);
      logProbs[i] = inference.logProbs[at + actions[i]];
    }
    rollout.begin(env, actions, logProbs);
    return actions;
  }

  store(): void {
    const { env, rollout } = this.#attached;
    rollout.finish(env);
    const windowSize = env.window * env.features;
    for (let i = 0; i < env.count; i++) {
      if (env.truncated[i] === 0 || env.terminated[i] === 1) continue;
      const final = env.finalObs.subarray(i * windowSize, (i + 1) * windowSize);
      rollout.finalValues[(rollout.length - 1) * env.count + i] = this.critic.infer(final, 1)[0];
    }
    this.#steps += env.count;
  }

  ready(): boolean {
    const { rollout } = this.#attached;
    return rollout.length === rollout.steps;
  }

  /** "Compute advantage estimates; optimize surrogate L, with K epochs and minibatch size M <= NT". */
  trainStep(): TrainReport {
    const { env, totalSteps, updater, rollout, values, advantages, returns, order, lastValues } = this.#attached;
    const { epochs, targetKl, minibatchSize, gamma, lambda, learningRate, learningRateDecay } = this.config;
    const { entropyCoefficient, entropyDecay } = this.config;
    const { steps, envs } = rollout;
    const size = steps * envs;
    for (let i = 0; i < size; i++) order[i] = i;

    lastValues.set(this.critic.infer(env.obs, envs));
    const { rewards, terminated, truncated, finalValues } = rollout;
    estimateAdvantages(
      { steps, envs, rewards, values, terminated, truncated, finalValues, lastValues, gamma, lambda },
      advantages,
      returns,
    );

    const progress = (this.#steps - size) / totalSteps;
    const rate = decayed(learningRate, learningRateDecay, progress);
    const entropy = decayed(entropyCoefficient, entropyDecay, progress);
    const sums = { loss: 0, policyLoss: 0, valueLoss: 0, entropy: 0, kl: 0, clippedShare: 0, gradientNorm: 0 };
    let updates = 0;
    // "Early stopping on KL" of Stable-Baselines3 and Spinning Up, by the mean over an epoch.
    let far = false;
    for (let epoch = 0; epoch < epochs && !far; epoch++) {
      const before = { kl: sums.kl, updates };
      this.#rng.shuffle(order);
      for (let start = 0; start < size; start += minibatchSize) {
        const batch = Math.min(minibatchSize, size - start);
        this.#gather(start, batch);
        const update = updater.update(batch, rate, entropy);
        sums.loss += update.loss;
        sums.policyLoss += update.policy;
        sums.valueLoss += update.value;
        sums.entropy += update.entropy;
        sums.kl += update.kl;
        sums.clippedShare += update.clippedShare;
        sums.gradientNorm += update.gradNorm;
        updates++;
      }
      far = targetKl !== null && (sums.kl - before.kl) / (updates - before.updates) > targetKl;
    }
    this.#report.epochs = (updates * minibatchSize) / size;
    rollout.length = 0;
    for (const name in sums) this.#report[name] = sums[name as keyof typeof sums] / updates;
    this.#report.explainedVariance = explainedVariance(values, returns);
    this.#report.learningRate = rate;
    return this.#report;
  }

  /** V(s_t) of what a checkpoint's rollout holds: the parameters are those that it was collected with. */
  #valueRollout(): void {
    const { env, inference, rollout, values, order } = this.#attached;
    for (let start = 0; start < rollout.length * env.count; start += env.count) {
      for (let i = 0; i < env.count; i++) order[start + i] = start + i;
      rollout.writeObservations(env, order, start, env.count, inference.obs);
      inference.run(null);
      values.set(inference.values, start);
    }
  }

  /** Puts the samples order[start, start + batch) into the updater's arrays. */
  #gather(start: number, batch: number): void {
    const { env, updater, rollout, advantages, returns, order } = this.#attached;
    rollout.writeObservations(env, order, start, batch, updater.obs);
    for (let i = 0; i < batch; i++) {
      const at = order[start + i];
      updater.actions[i] = rollout.actions[at];
      updater.oldLogProbs[i] = rollout.logProbs[at];
      updater.advantages[i] = advantages[at];
      updater.returns[i] = returns[at];
      for (let a = 0; a < ACTION_COUNT; a++) {
        updater.masks[i * ACTION_COUNT + a] = rollout.masks[at * ACTION_COUNT + a];
      }
    }
  }

  checkpointFiles(more: ReadonlyMap<string, Uint8Array> = new Map()): Map<string, Uint8Array> {
    const optimiser = this.#training && { adam: this.#training.updater.adam };
    return learnerFiles(this, { actor: this.actor, critic: this.critic }, optimiser, more);
  }

  saveTraining(): { state: Json; buffer: Uint8Array } {
    const { rollout } = this.#attached;
    return { state: { rng: this.#rng.save(), rolloutLength: rollout.length }, buffer: rollout.save() };
  }

  restoreTraining(checkpoint: OpenCheckpoint, state: Json, buffer: Uint8Array): void {
    const { rng, rolloutLength } = state as { rng: number[]; rolloutLength: number };
    this.loadNetworks(checkpoint);
    loadOptimiser(checkpoint, { adam: this.#attached.updater.adam });
    this.#rng.restore(rng);
    this.#attached.rollout.load(buffer, rolloutLength);
    this.#valueRollout();
  }

  loadNetworks(checkpoint: OpenCheckpoint): void {
    this.#steps = loadNetworks(checkpoint, { actor: this.actor, critic: this.critic });
  }

  /** Writes the checkpoint folder `path`. */
  save(files: FileSystem, path: string): void {
    saveCheckpoint(files, path, this.checkpointFiles());
  }

  /** @throws InputError where the folder holds no whole checkpoint of this class. */
  static load(files: FileSystem, path: string, kernels: Kernels): PPOAgent {
    return ppo.load(openCheckpoint(files, path), kernels);
  }

  /** Gives the kernels' memory back. */
  dispose(): void {
    this.#release();
    this.actor.dispose();
    this.critic.dispose();
  }

  #release(): void {
    this.#training?.updater.dispose();
    this.#training?.inference.dispose();
  }
}

export const ppo = defineLearner({
  name: 'ppo',
  summary: 'proximal policy optimisation',
  settings: ppoConfigSchema,
  former: { targetKl: null, entropyDecay: 'none', gradientNormOf: 'both', weightDecay: 0 },
  accountColumns: ACCOUNT_COLUMNS,
  defaultSteps: () => 200_000,
  create: (options) => new PPOAgent(options),
});

/** An action from the log-probabilities [at, at + 3), of which some may be -Infinity. */
function draw(logProbs: Float64Array, at: number, rng: Rng): Action {
  let left = rng.uniform();
  let action: Action = 2;
  for (let a = 0; a < ACTION_COUNT; a++) {
    const probability = exp(logProbs[at + a]);
    if (probability === 0) continue;
    action = a as Action;
    left -= probability;
    if (left < 0) break;
  }
  return action;
}

/** 1 - Var(returns - values) / Var(returns): 1 where the critic knows all, 0 where it knows the mean. */
function explainedVariance(values: Float32Array, returns: Float32Array): number {
  const n = returns.length;
  let [sum, squares, errorSum, errorSquares] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const error = returns[i] - values[i];
    sum += returns[i];
    squares += returns[i] * returns[i];
    errorSum += error;
    errorSquares += error * error;
  }
  const variance = squares - (sum * sum) / n;
  return variance > 0 ? 1 - (errorSquares - (errorSum * errorSum) / n) / variance : 0;
}
