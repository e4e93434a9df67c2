/**
 * The exact agent: an all-action policy gradient in a market that does not react. What an account does leaves the prices
 * alone, so along a stretch of candles the outcome of every action at every number of units is known
 * (`env/outcomes.ts`), and the expected return of a stochastic policy is an exact, differentiable function of its
 * probabilities. Nothing is sampled but the stretches: no actions, no critic, no bootstrapping.
 *
 * With pi(a | t, u) the policy at bar t holding u units, and the values and shares of time of `known-path.ts`:
 *
 *   A(t, u, a) = Q(t, u, a) - V(t, u)        backwards over a stretch and `beyondBars` more, under the old policy
 *   d(t, u)                                  forwards from an even mixture of u, `evenShare` of it spread evenly
 *   maximise  sum over t, u of d(t, u) [ sum over a of pi_old min(r A, clip(r) A) + c_e H(pi(. | t, u)) ],  r = pi / pi_old
 *
 * which is PPO's clipped surrogate (Schulman et al. 2017, equation 7) with its two expectations taken instead of sampled;
 * at r = 1 its gradient is the policy gradient theorem's (Sutton et al. 2000, theorem 1).
 *
 * Sources. The input that does not react: Mao et al., "Variance Reduction for Reinforcement Learning in Input-Driven
 * Environments" (arXiv 1807.02264), and Sinclair et al., "Hindsight Learning for MDPs with Exogenous Inputs" (arXiv
 * 2207.06272). The sum over all actions: Asadi et al., "Mean Actor Critic" (arXiv 1709.00503), and Ciosek and Whiteson,
 * "Expected Policy Gradients" (AAAI 2018). The ancestor: Moody and Saffell, "Learning to Trade via Direct Reinforcement"
 * (2001), which differentiates the return of one deterministic position along the path.
 *
 * Departures: one trunk reads the market alone, and the units choose among its heads (states x 3 logits), so a bar costs
 * one pass whatever can be held. The policy sees nothing else of the account: entry price, time in a trade and drawdown
 * depend on the path. Advantages are divided by their root mean square over an update; AdamW (Loshchilov and Hutter 2019).
 */
import { z } from 'zod';
import { ACTION_COUNT, type Action } from '../core/action.ts';
import type { AgentDecision, Observation } from '../core/agent.ts';
import { assert, InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { exp } from '../core/math.ts';
import { Rng } from '../core/rng.ts';
import { setting } from '../core/setting.ts';
import { SHIELD_COLUMNS } from '../core/shield.ts';
import {
  type AccountShape,
  countStates,
  FORBIDDEN,
  type MarketOutcomes,
  requireNoMask,
  stateOf,
} from '../env/outcomes.ts';
import type { VectorEnv } from '../env/vector-env.ts';
import { UNITS_COLUMNS } from '../features/observation.ts';
import { ActorNetwork, AllActionUpdater, bestAllowed, type Kernels, maskedLogSoftmax } from '../nn/index.ts';
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
import { valuePath, weighPath } from './known-path.ts';
import type { Learner, TrainReport } from './learner.ts';
import { networkFor, networkSettings } from './network-settings.ts';

const share = z.number().min(0).max(1);

/** The settings of the exact agent, each with its unit, default and meaning. */
export const exactConfigSchema = z.strictObject({
  stretches: setting(z.int().min(1), 32, 'stretches', 'of consecutive bars in one update, drawn at random'),
  stretchBars: setting(z.int().min(1), 64, 'bars', 'in a stretch'),
  beyondBars: setting(z.int().min(0), 100, 'bars', 'behind a stretch that its values look at'),
  minibatchBars: setting(z.int().min(1), 128, 'bars', 'in one gradient step, each at every number of units'),
  epochs: setting(z.int().min(1), 4, 'passes', 'over the bars of an update'),
  gamma: setting(share, 0.99, 'factor a bar', 'discount of the future'),
  evenShare: setting(share, 0.5, 'share', 'of the weight that is spread evenly over the units that can be held'),
  clip: setting(z.number().positive(), 0.2, 'ratio', 'how far a probability may move in one update'),
  entropyCoefficient: setting(z.number().min(0), 0.01, 'factor', 'weight of the entropy bonus'),
  gradientNorm: setting(z.number().positive(), 0.5, 'norm', 'largest global gradient'),
  learningRate: setting(z.number().positive(), 3e-3, 'per update', "AdamW's step size"),
  learningRateDecay: decaySetting('linear', 'the last bar'),
  weightDecay: setting(z.number().min(0), 0.3, 'factor', 'share of a weight that a step takes away, per learning rate'),
  adamEpsilon: setting(z.number().positive(), 1e-5, 'number', "keeps Adam's division finite"),
  holdBias: setting(z.number(), 1, 'logit', 'that HOLD begins with: an untrained agent is in no hurry'),
  network: networkSettings.prefault({}),
});

/** Settings of the exact agent, parsed. */
export type ExactConfig = z.output<typeof exactConfigSchema>;

/** Streams of the seed. */
const STREAM = { weights: 0, training: 1 } as const;
/** Bars whose policy is computed in one call. */
const POLICY_BATCH = 256;

/** What exists while an agent is trained. */
interface Training {
  readonly env: VectorEnv;
  readonly totalSteps: number;
  readonly outcomes: MarketOutcomes;
  readonly updater: AllActionUpdater;
  /** (rows, market columns) so that a window is one slice. */
  readonly table: Float32Array;
  /** (rows) playable bars from each row on, without a break. */
  readonly runs: Int32Array;
  /** Rows at which a whole stretch can begin. */
  readonly starts: Int32Array;
  /** (states) where the account may be at the first bar: anywhere. */
  readonly anywhere: Float64Array;

  /** The bars of an update: (bars) rows, each stretch with what lies beyond it behind it. */
  readonly rows: Int32Array;
  /** (bars, states, 3) */
  readonly policy: Float64Array;
  readonly logProbs: Float64Array;
  /** Of the stretches alone: (bars) places in `rows`, and by place in them (bars, states, 3) and (bars, states). */
  readonly places: Int32Array;
  readonly advantages: Float64Array;
  readonly weights: Float64Array;
  readonly order: Int32Array;
}

/**
 * The all-action policy gradient in a market that does not react: every action's outcome is known from the candles, so
 * nothing is sampled and nothing is estimated. One network for the market, a head for each number of units held.
 * @throws InputError where the outcome of an action isn't known from the candles alone
 * @example
 * const config = exactConfigSchema.parse({ network: { filters: 4, hidden: [16, 16] } });
 * const units = Object.assign({}, spec, { accountColumns: ['units_held'] });
 * new ExactAgent({ kernels, spec: units, config, seed: 1 }).kind; // => 'exact'
 */
export class ExactAgent implements Learner {
  readonly kind = 'exact';
  readonly spec: AgentSpec;
  readonly config: ExactConfig;
  readonly actor: ActorNetwork;
  readonly #kernels: Kernels;
  readonly #rng: Rng;
  readonly #account: AccountShape;
  readonly #states: number;
  /** Where the units stand in a row of an observation. */
  readonly #unitsAt: number;
  /** Units for each unit of that column. */
  readonly #unitsScale: number;
  /** (window, market columns) */
  readonly #values: Float32Array;
  readonly #row = new Float64Array(ACTION_COUNT);
  readonly #report: Record<string, number> = {};
  #steps = 0;
  /** Bars that were collected and not trained on yet. */
  #collected = 0;
  #training: Training | null = null;

  /** @throws InputError where the observation doesn't say what the account holds */
  constructor({ kernels, spec, config, seed }: AgentOptions<ExactConfig>) {
    this.spec = spec;
    this.config = config;
    this.#kernels = kernels;
    const { mode, maxUnits } = spec.account as unknown as AccountShape;
    this.#account = { mode, maxUnits };
    this.#states = countStates(this.#account);
    const units = spec.accountColumns.indexOf(UNITS_COLUMNS[0]);
    if (units < 0)
      throw new InputError(
        `exact: its heads go by the units held, and the observation has no column ${UNITS_COLUMNS[0]}: leave features.accountFeatures on`,
      );
    this.#unitsAt = spec.columns.length + units;
    if (seed !== null) requireUnitsAlone(spec.accountColumns);
    const { accountScale = 1 } = (spec.scaler ?? {}) as { readonly accountScale?: number };
    this.#unitsScale = maxUnits / accountScale;
    this.#values = new Float32Array(spec.window * spec.columns.length);
    // The trunk reads the market; the account only chooses the head.
    const sizes = networkFor({ ...spec, accountColumns: [] }, config.network);
    this.actor = new ActorNetwork(kernels, sizes, { states: this.#states, holdBias: config.holdBias });
    this.#rng = new Rng(seed ?? 0, STREAM.training);
    if (seed !== null) this.actor.initialize(new Rng(seed, STREAM.weights));
  }

  /** It walks through no environment: one is where its market comes from. */
  get environments(): number {
    return 1;
  }

  /** Bars visited. */
  get steps(): number {
    return this.#steps;
  }

  /** The most probable allowed action. */
  getAction(obs: Observation): Action {
    return bestAllowed(this.#logitsOf(obs), 0, obs.mask, 0);
  }

  decide(obs: Observation): AgentDecision {
    const logits = this.#logitsOf(obs);
    maskedLogSoftmax(logits, obs.mask, 0, ACTION_COUNT, this.#row);
    const action = bestAllowed(logits, 0, obs.mask, 0);
    return { action, probabilities: Array.from(this.#row, exp), qValues: null };
  }

  /** (3) of the head that belongs to what the account holds. */
  #logitsOf({ values }: Observation): Float32Array {
    const { window, columns, accountColumns } = this.spec;
    const width = columns.length + accountColumns.length;
    for (let t = 0; t < window; t++) {
      for (let c = 0; c < columns.length; c++) this.#values[t * columns.length + c] = values[t * width + c];
    }
    const units = Math.round(values[(window - 1) * width + this.#unitsAt] * this.#unitsScale);
    const state = Math.max(0, Math.min(this.#states - 1, stateOf(units, this.#account)));
    return this.actor.infer(this.#values, 1).subarray(state * ACTION_COUNT, (state + 1) * ACTION_COUNT);
  }

  /** @throws InputError where the outcomes of all actions can't be known, or the bars are too few for a stretch */
  examine(env: VectorEnv): void {
    this.#findStarts(outcomesOf(env));
  }

  /** Playable bars from each row on, without a break, and the rows at which a whole stretch can begin. */
  #findStarts({ playable }: MarketOutcomes): { readonly runs: Int32Array; readonly starts: Int32Array } {
    const { stretchBars } = this.config;
    const runs = countRuns(playable);
    const starts = Int32Array.from(runs.keys()).filter((row) => runs[row] >= stretchBars);
    if (starts.length === 0)
      throw new InputError(
        `exact: no ${stretchBars} consecutive bars can be traded; lower exact.stretchBars or give more history`,
      );
    return { runs, starts };
  }

  attach(env: VectorEnv, totalSteps: number): void {
    const { stretches, stretchBars, beyondBars, minibatchBars } = this.config;
    const { clip, entropyCoefficient, gradientNorm, adamEpsilon, weightDecay } = this.config;
    const outcomes = outcomesOf(env);
    const known = `${outcomes.states} numbers of units in the environment, ${this.#states} in the agent`;
    assert(outcomes.states === this.#states, known);
    const { runs, starts } = this.#findStarts(outcomes);
    const [width, states] = [this.actor.outputs, this.#states];
    const visited = stretches * stretchBars;
    const seen = stretches * (stretchBars + beyondBars);
    this.#training?.updater.dispose();
    this.#collected = 0;
    this.#training = {
      ...{ env, totalSteps, outcomes, runs, starts },
      updater: new AllActionUpdater(this.#kernels, this.actor, {
        batch: Math.min(minibatchBars, visited),
        coefficients: { clip, entropy: entropyCoefficient },
        maxGradNorm: gradientNorm,
        adam: { eps: adamEpsilon, weightDecay },
      }),
      table: marketColumns(env),
      anywhere: new Float64Array(states).fill(1 / states),
      rows: new Int32Array(seen),
      policy: new Float64Array(seen * width),
      logProbs: new Float64Array(seen * width),
      places: new Int32Array(visited),
      advantages: new Float64Array(visited * width),
      weights: new Float64Array(visited * states),
      order: new Int32Array(visited),
    };
  }

  get #attached(): Training {
    assert(this.#training !== null, 'attach an environment before training');
    return this.#training;
  }

  /** Draws stretches; the advantages and the shares of time of the policy as it is, all over them. */
  collect(): number {
    const { totalSteps, outcomes, runs, starts, anywhere, rows, places, policy, advantages, weights } = this.#attached;
    const { stretches, stretchBars, beyondBars, gamma, evenShare } = this.config;
    const count = Math.min(stretches, Math.ceil((totalSteps - this.#steps) / stretchBars));
    let seen = 0;
    for (let s = 0; s < count; s++) {
      const start = starts[this.#rng.integer(starts.length)];
      const bars = Math.min(runs[start], stretchBars + beyondBars);
      for (let t = 0; t < stretchBars; t++) places[s * stretchBars + t] = seen + t;
      for (let t = 0; t < bars; t++) rows[seen++] = start + t;
    }
    this.#computePolicy(seen);

    const states = this.#states;
    const width = states * ACTION_COUNT;
    const values = new Float64Array(states);
    for (let s = 0; s < count; s++) {
      const visited = s * stretchBars;
      const first = places[visited];
      const bars = Math.min(runs[rows[first]], stretchBars + beyondBars);
      const path = { outcomes, row: rows[first], bars, policy, policyAt: first * width };
      valuePath(path, gamma, stretchBars, advantages, visited * width, values);
      weighPath(path, anywhere, evenShare, stretchBars, weights, visited * states);
    }
    this.#collected = count * stretchBars;
    this.#steps += this.#collected;
    return this.#normalise();
  }

  /** pi(a | t, u) at the first `count` of the collected rows; forbidden actions have probability 0. */
  #computePolicy(count: number): void {
    const { outcomes, rows, policy, logProbs } = this.#attached;
    const width = this.actor.outputs;
    const { obs } = this.actor.activations(POLICY_BATCH);
    const masks = new Uint8Array(POLICY_BATCH * width);
    const [logRow, row] = [new Float64Array(ACTION_COUNT), new Float64Array(ACTION_COUNT)];
    for (let from = 0; from < count; from += POLICY_BATCH) {
      const batch = Math.min(POLICY_BATCH, count - from);
      for (let i = 0; i < batch; i++) {
        this.#writeWindow(rows[from + i], obs, i);
        writeMask(outcomes, rows[from + i], masks, i * width);
      }
      const logits = this.actor.infer(obs, batch);
      for (let at = 0; at < batch * width; at += ACTION_COUNT) {
        maskedLogSoftmax(logits, masks, at, ACTION_COUNT, logRow, row);
        logProbs.set(logRow, from * width + at);
        policy.set(row, from * width + at);
      }
    }
  }

  /**
   * A <- A / sqrt(mean over bars of sum over u, a of d pi A^2): the scale of a reward is not the scale of a step.
   * @returns what the policy earns a bar, in rewards, averaged with the weights d
   */
  #normalise(): number {
    const { outcomes, rows, places, policy, advantages, weights } = this.#attached;
    const width = this.actor.outputs;
    const bars = this.#collected;
    let squares = 0;
    let earned = 0;
    for (let i = 0; i < bars; i++) {
      for (let k = 0; k < width; k++) {
        const weight = weights[i * this.#states + Math.floor(k / ACTION_COUNT)] * policy[places[i] * width + k];
        squares += weight * advantages[i * width + k] * advantages[i * width + k];
        earned += weight * outcomes.rewards[rows[places[i]] * width + k];
      }
    }
    const scale = 1 / (Math.sqrt(squares / bars) + 1e-8);
    for (let i = 0; i < bars * width; i++) advantages[i] *= scale;
    this.#report.advantageScale = 1 / scale;
    return earned / bars;
  }

  ready(): boolean {
    return this.#collected > 0;
  }

  /** The surrogate's ascent: `epochs` passes over the collected bars in shuffled minibatches. */
  trainStep(): TrainReport {
    const { totalSteps, updater, order } = this.#attached;
    const { epochs, minibatchBars, learningRate, learningRateDecay } = this.config;
    const bars = this.#collected;
    const progress = (this.#steps - bars) / totalSteps;
    const rate = decayed(learningRate, learningRateDecay, progress);
    const sums = { loss: 0, policyLoss: 0, entropy: 0, kl: 0, clippedShare: 0, gradientNorm: 0 };
    const shuffled = order.subarray(0, bars);
    for (let i = 0; i < bars; i++) shuffled[i] = i;
    let updates = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      this.#rng.shuffle(shuffled);
      for (let start = 0; start < bars; start += minibatchBars) {
        const batch = Math.min(minibatchBars, bars - start);
        this.#gather(start, batch);
        const update = updater.update(batch, rate);
        sums.loss += update.loss;
        sums.policyLoss += update.policy;
        sums.entropy += update.entropy;
        sums.kl += update.kl;
        sums.clippedShare += update.clippedShare;
        sums.gradientNorm += update.gradNorm;
        updates++;
      }
    }
    this.#collected = 0;
    for (const name in sums) this.#report[name] = sums[name as keyof typeof sums] / updates;
    this.#report.learningRate = rate;
    return this.#report;
  }

  /** Puts the bars order[start, start + batch) into the updater's arrays. */
  #gather(start: number, batch: number): void {
    const { outcomes, updater, rows, places, logProbs, advantages, weights, order } = this.#attached;
    const [width, states] = [this.actor.outputs, this.#states];
    for (let i = 0; i < batch; i++) {
      const bar = order[start + i];
      const place = places[bar];
      this.#writeWindow(rows[place], updater.obs, i);
      writeMask(outcomes, rows[place], updater.masks, i * width);
      for (let k = 0; k < width; k++) {
        updater.oldLogProbs[i * width + k] = logProbs[place * width + k];
        updater.advantages[i * width + k] = advantages[bar * width + k];
      }
      for (let u = 0; u < states; u++) updater.weights[i * states + u] = weights[bar * states + u];
    }
  }

  /** The window (window, market columns) that ends with `row`, at place `i` of a batch. */
  #writeWindow(row: number, obs: Float32Array, i: number): void {
    const width = this.spec.columns.length;
    const size = this.#values.length;
    const end = (row + 1) * width;
    obs.set(this.#attached.table.subarray(end - size, end), i * size);
  }

  checkpointFiles(more: ReadonlyMap<string, Uint8Array> = new Map()): Map<string, Uint8Array> {
    const optimiser = this.#training && { adam: this.#training.updater.adam };
    return learnerFiles(this, { actor: this.actor }, optimiser, more);
  }

  /** Between two updates nothing is kept but the networks, the optimiser and the stream of random numbers. */
  saveTraining(): { state: Json; buffer: Uint8Array } {
    return { state: { rng: this.#rng.save() }, buffer: new Uint8Array(0) };
  }

  restoreTraining(checkpoint: OpenCheckpoint, state: Json): void {
    const { rng } = state as { rng: number[] };
    this.loadNetworks(checkpoint);
    loadOptimiser(checkpoint, { adam: this.#attached.updater.adam });
    this.#rng.restore(rng);
  }

  loadNetworks(checkpoint: OpenCheckpoint): void {
    this.#steps = loadNetworks(checkpoint, { actor: this.actor });
  }

  /** Writes the checkpoint folder `path`. */
  save(files: FileSystem, path: string): void {
    saveCheckpoint(files, path, this.checkpointFiles());
  }

  /** @throws InputError where the folder holds no whole checkpoint of this class. */
  static load(files: FileSystem, path: string, kernels: Kernels): ExactAgent {
    return exact.load(openCheckpoint(files, path), kernels);
  }

  /** Gives the kernels' memory back. */
  dispose(): void {
    this.#training?.updater.dispose();
    this.actor.dispose();
  }
}

export const exact = defineLearner({
  name: 'exact',
  summary: 'exact policy gradient over all actions, in a market that does not react',
  settings: exactConfigSchema,
  accountColumns: UNITS_COLUMNS,
  // Longer, it learns the past by heart.
  defaultSteps: (bars) => Math.ceil(2.4 * bars),
  create: (options) => new ExactAgent(options),
});

/** @throws InputError for columns that depend on the path of the account */
function requireUnitsAlone(accountColumns: readonly string[]): void {
  refuseAsExact(() => requireNoMask(SHIELD_COLUMNS.some((column) => accountColumns.includes(column))));
  const others = accountColumns.filter((column) => column !== UNITS_COLUMNS[0]);
  if (others.length > 0)
    throw new InputError(
      `exact: ${others.join(', ')} depend on the path of the account, and it sees the units alone: leave them out, or use ppo or dqn`,
    );
}

function outcomesOf(env: VectorEnv): MarketOutcomes {
  const { outcomes } = env;
  if (outcomes === undefined)
    throw new InputError('exact: this environment reacts to what is done in it; use ppo or dqn');
  return refuseAsExact(() => outcomes.call(env));
}

function refuseAsExact<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`exact: ${error.message}; or use ppo or dqn`);
    throw error;
  }
}

/** (rows) how many playable rows follow each other from each row on. */
function countRuns(playable: Uint8Array): Int32Array {
  const runs = new Int32Array(playable.length);
  for (let row = playable.length - 1; row >= 0; row--) {
    if (playable[row] === 1) runs[row] = 1 + (runs[row + 1] ?? 0);
  }
  return runs;
}

/** The environment's table without the columns that are not the market's. */
function marketColumns({ table, features, extraWidth }: VectorEnv): Float32Array {
  if (extraWidth === 0) return table;
  const width = features - extraWidth;
  const rows = table.length / features;
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < width; c++) out[row * width + c] = table[row * features + c];
  }
  return out;
}

/** Writes (states, 3) of a row: 1 where the account allows the action. */
function writeMask({ states, next }: MarketOutcomes, row: number, masks: Uint8Array, at: number): void {
  const width = states * ACTION_COUNT;
  for (let k = 0; k < width; k++) masks[at + k] = next[row * width + k] === FORBIDDEN ? 0 : 1;
}
