/**
 * One minibatch update of a policy whose actions' advantages are all known, in the shape that is fastest: forward in
 * one call of the kernels, the loss in TypeScript, backward in a second, AdamW in a third.
 */
import { ACTION_COUNT } from '../core/action.ts';
import { Adam, type AdamOptions, clipScale, gradientNorm } from './adam.ts';
import type { Kernels } from './kernels.ts';
import { type AllActionBatch, type AllActionLoss, allActionLoss, type PPOCoefficients } from './losses.ts';
import type { ActorNetwork } from './networks.ts';
import { Activations, backwardPhases, forwardUnits } from './plan.ts';
import type { Program } from './program.ts';

/** What an `AllActionUpdater` is made with. */
export interface AllActionUpdaterOptions {
  /** Largest minibatch. */
  readonly batch: number;
  readonly coefficients: Pick<PPOCoefficients, 'clip' | 'entropy'>;
  /** Bound of the global gradient norm. */
  readonly maxGradNorm: number;
  readonly adam?: Omit<AdamOptions, 'follow'>;
}

/** Figures of one update, means over the minibatch. */
export interface AllActionUpdate extends AllActionLoss {
  /** Before clipping. */
  readonly gradNorm: number;
}

/**
 * One minibatch update of the all-action policy gradient: fill its arrays, call `update`. (batch, states, actions).
 */
export class AllActionUpdater implements AllActionBatch {
  readonly adam: Adam;
  /** (batch, window, features); this and the arrays below are the minibatch, to be filled before `update`. */
  readonly obs: Float32Array;
  /** (batch, states, actions) 1 where allowed; all 1 at first. */
  readonly masks: Uint8Array;
  /** (batch, states, actions) */
  readonly oldLogProbs: Float64Array;
  /** (batch, states, actions) */
  readonly advantages: Float64Array;
  /** (batch, states) */
  readonly weights: Float64Array;
  readonly #kernels: Kernels;
  readonly #actor: ActorNetwork;
  readonly #memory: Activations;
  readonly #options: AllActionUpdaterOptions;
  readonly #programs = new Map<number, { forward: Program; backward: Program }>();

  constructor(kernels: Kernels, actor: ActorNetwork, options: AllActionUpdaterOptions) {
    const { batch } = options;
    this.#kernels = kernels;
    this.#actor = actor;
    this.#options = options;
    this.adam = new Adam(kernels, actor, options.adam);
    this.#memory = new Activations(kernels, actor.layout, batch);
    this.obs = this.#memory.obs;
    this.masks = new Uint8Array(batch * actor.outputs).fill(1);
    this.oldLogProbs = new Float64Array(batch * actor.outputs);
    this.advantages = new Float64Array(batch * actor.outputs);
    this.weights = new Float64Array((batch * actor.outputs) / ACTION_COUNT);
  }

  /** One update on the first `batch` observations at learning rate `lr`. */
  update(batch: number, lr?: number): AllActionUpdate {
    const { coefficients, maxGradNorm } = this.#options;
    const { forward, backward } = this.#programsFor(batch);
    this.#kernels.run(forward);
    const loss = allActionLoss(this.#memory.outputs(batch), batch, ACTION_COUNT, this, coefficients, this.#memory.dOut);
    this.#actor.refreshTransposed();
    this.#kernels.run(backward);
    const gradNorm = gradientNorm([this.#actor]);
    this.adam.step(lr, clipScale(gradNorm, maxGradNorm));
    return { ...loss, gradNorm };
  }

  /** Gives the memory back. */
  dispose(): void {
    for (const { forward, backward } of this.#programs.values()) {
      this.#kernels.discard(forward);
      this.#kernels.discard(backward);
    }
    this.#memory.free();
    this.adam.dispose();
  }

  #programsFor(batch: number) {
    let programs = this.#programs.get(batch);
    if (!programs) {
      const { threads } = this.#kernels;
      programs = {
        forward: this.#kernels.compile([forwardUnits(this.#actor, this.#memory, batch, threads, true)]),
        backward: this.#kernels.compile(backwardPhases(this.#actor, this.#memory, batch, threads)),
      };
      this.#programs.set(batch, programs);
    }
    return programs;
  }
}
