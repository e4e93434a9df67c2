/**
 * One PPO minibatch update in the shape that is fastest: both forward passes in one call of the kernels, the loss in
 * TypeScript, both backward passes in a second, Adam on everything in a third. The caller gathers its minibatch into
 * the arrays here and calls `update`.
 */
import { Adam, type AdamOptions, clipScale, gradientNorm } from './adam.ts';
import type { Kernels } from './kernels.ts';
import { normalizeAdvantages, type PPOCoefficients, type PPOLoss, ppoLoss } from './losses.ts';
import type { ActorNetwork, ValueNetwork } from './networks.ts';
import { Activations, backwardPhases, forwardUnits } from './plan.ts';
import type { Program } from './program.ts';

/** What a `PPOUpdater` is made with. */
export interface PPOUpdaterOptions {
  /** Largest minibatch. */
  readonly batch: number;
  /** Default { clip: 0.2, value: 0.5, entropy: 0.01 }. */
  readonly coefficients?: Partial<PPOCoefficients>;
  /** Bound of the global gradient norm; default 0.5. */
  readonly maxGradNorm?: number;
  /** Whether it bounds each network by itself, or both together; default 'both'. */
  readonly normOf?: 'each' | 'both';
  /** Normalise the advantages of each minibatch; default true. */
  readonly normalizeAdvantages?: boolean;
  readonly adam?: Omit<AdamOptions, 'follow'>;
}

/** Figures of one update, means over the minibatch. */
export interface PPOUpdate extends PPOLoss {
  /** Before clipping. */
  readonly gradNorm: number;
}

/**
 * One minibatch update of PPO: fill `obs` (batch, window, features), `masks`, `actions`, `oldLogProbs`, `advantages` and
 * `returns`, call `update`. Both forward passes, the loss, both backward passes and Adam in the shape that is fastest.
 * @example
 * const sizes = { window: 4, features: 2, filters: 4, hidden: [8, 8] as const };
 * const [actor, critic] = [new ActorNetwork(kernels, sizes), new ValueNetwork(kernels, sizes)];
 * for (const network of [actor, critic]) network.initialize(new Rng(1));
 * const updater = new PPOUpdater(kernels, actor, critic, { batch: 2 });
 * updater.oldLogProbs.fill(Math.log(1 / 3));
 * updater.advantages.set([1, -1]);
 * updater.update(2, 1e-3).entropy > 1; // => true
 */
export class PPOUpdater {
  readonly adam: Adam;
  /** (batch, window, features); this and the arrays below are the minibatch, to be filled before `update`. */
  readonly obs: Float32Array;
  /** (batch, actions) 1 where allowed; all 1 at first. */
  readonly masks: Uint8Array;
  readonly actions: Uint8Array;
  readonly oldLogProbs: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
  readonly #kernels: Kernels;
  readonly #actor: ActorNetwork;
  readonly #critic: ValueNetwork;
  readonly #actorMemory: Activations;
  readonly #criticMemory: Activations;
  readonly #coefficients: PPOCoefficients;
  readonly #maxGradNorm: number;
  readonly #normOf: 'each' | 'both';
  readonly #normalize: boolean;
  readonly #programs = new Map<number, { forward: Program; backward: Program }>();

  constructor(kernels: Kernels, actor: ActorNetwork, critic: ValueNetwork, options: PPOUpdaterOptions) {
    const { batch } = options;
    this.#kernels = kernels;
    this.#actor = actor;
    this.#critic = critic;
    this.#coefficients = { clip: 0.2, value: 0.5, entropy: 0.01, ...options.coefficients };
    this.#maxGradNorm = options.maxGradNorm ?? 0.5;
    this.#normOf = options.normOf ?? 'both';
    this.#normalize = options.normalizeAdvantages ?? true;
    this.adam = new Adam(kernels, [actor, critic], options.adam);
    this.#actorMemory = new Activations(kernels, actor.layout, batch);
    this.#criticMemory = new Activations(kernels, critic.layout, batch, this.#actorMemory.obs);
    this.obs = this.#actorMemory.obs;
    this.masks = new Uint8Array(batch * actor.outputs).fill(1);
    this.actions = new Uint8Array(batch);
    this.oldLogProbs = new Float32Array(batch);
    this.advantages = new Float32Array(batch);
    this.returns = new Float32Array(batch);
  }

  /**
   * One update on the first `batch` samples at learning rate `lr`, with an entropy weight of its own where one is given.
   * Normalising changes `advantages` in place.
   */
  update(batch: number, lr?: number, entropy = this.#coefficients.entropy): PPOUpdate {
    const actor = this.#actorMemory;
    const critic = this.#criticMemory;
    const { forward, backward } = this.#programsFor(batch);
    if (this.#normalize && batch > 1) normalizeAdvantages(this.advantages, batch);
    this.#kernels.run(forward);
    const logits = actor.outputs(batch);
    const coefficients = { ...this.#coefficients, entropy };
    const loss = ppoLoss(logits, critic.outputs(batch), batch, this, coefficients, actor.dOut, critic.dOut);
    this.#actor.refreshTransposed();
    this.#critic.refreshTransposed();
    this.#kernels.run(backward);
    const gradNorm = gradientNorm([this.#actor, this.#critic]);
    const bound = (norm: number) => clipScale(norm, this.#maxGradNorm);
    const each = () => [bound(gradientNorm([this.#actor])), bound(gradientNorm([this.#critic]))];
    this.adam.step(lr, this.#normOf === 'both' ? bound(gradNorm) : each());
    return { ...loss, gradNorm };
  }

  /** Gives the memory back. */
  dispose(): void {
    for (const { forward, backward } of this.#programs.values()) {
      this.#kernels.discard(forward);
      this.#kernels.discard(backward);
    }
    this.#actorMemory.free();
    this.#criticMemory.free();
    this.adam.dispose();
  }

  #programsFor(batch: number) {
    let programs = this.#programs.get(batch);
    if (!programs) {
      const threads = Math.ceil(this.#kernels.threads / 2);
      const [actor, critic] = [this.#actor, this.#critic];
      const [a, c] = [this.#actorMemory, this.#criticMemory];
      const phases = backwardPhases(actor, a, batch, threads);
      const others = backwardPhases(critic, c, batch, threads);
      programs = {
        forward: this.#kernels.compile([
          [...forwardUnits(actor, a, batch, threads, true), ...forwardUnits(critic, c, batch, threads, true)],
        ]),
        backward: this.#kernels.compile(phases.map((phase, i) => [...phase, ...others[i]])),
      };
      this.#programs.set(batch, programs);
    }
    return programs;
  }
}
