/**
 * Actor and critic on the same observations in one call of the kernels, for rollouts over a vector of environments:
 * each network on its own thread, nothing allocated.
 */
import type { Kernels } from './kernels.ts';
import { type Masks, softmaxInto } from './losses.ts';
import type { ActorNetwork, ValueNetwork } from './networks.ts';
import { Activations, forwardUnits } from './plan.ts';
import type { Program } from './program.ts';

export class RolloutInference {
  /** (batch, window, features): fill it, then call `run`. */
  readonly obs: Float32Array;
  /** (batch, actions) of the last `run`, on the masked distribution. */
  readonly probabilities: Float32Array;
  /** (batch) of the last `run`. */
  readonly values: Float32Array;
  readonly batch: number;
  readonly #kernels: Kernels;
  readonly #width: number;
  readonly #actor: Activations;
  readonly #critic: Activations;
  readonly #program: Program;
  /** The program works on their parameters. */
  readonly networks: readonly [ActorNetwork, ValueNetwork];

  constructor(kernels: Kernels, actor: ActorNetwork, critic: ValueNetwork, batch: number) {
    this.#kernels = kernels;
    this.networks = [actor, critic];
    this.#width = actor.outputs;
    this.#actor = new Activations(kernels, actor.layout, batch);
    this.#critic = new Activations(kernels, critic.layout, batch, this.#actor.obs);
    this.batch = batch;
    this.obs = this.#actor.obs;
    this.values = this.#critic.outputs(batch);
    this.probabilities = new Float32Array(batch * actor.outputs);
    const threads = Math.ceil(kernels.threads / 2);
    this.#program = kernels.compile([
      [
        ...forwardUnits(actor, this.#actor, batch, threads, false),
        ...forwardUnits(critic, this.#critic, batch, threads, false),
      ],
    ]);
  }

  /** Logits (batch, actions) of the last `run`. */
  get logits(): Float32Array {
    return this.#actor.outputs(this.batch);
  }

  /** obs -> probabilities and values; masks (batch, actions) or null for all. */
  run(masks: Masks): void {
    this.#kernels.run(this.#program);
    softmaxInto(this.#actor.outputs(this.batch), masks, this.batch, this.#width, this.probabilities);
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#actor.free();
    this.#critic.free();
    this.#kernels.discard(this.#program);
  }
}
