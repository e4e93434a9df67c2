/**
 * Actor and critic on the same observations in one call of the kernels, for rollouts over a vector of environments:
 * each network on its own thread, nothing allocated.
 */
import type { Kernels } from './kernels.ts';
import { type Masks, maskedLogSoftmax } from './losses.ts';
import type { ActorNetwork, ValueNetwork } from './networks.ts';
import { Activations, forwardUnits } from './plan.ts';
import type { Program } from './program.ts';

/**
 * Actor and critic on the same observations in one call of the kernels: fill `obs`, call `run`, read `logProbs` and `values`.
 * The program works on the networks' own parameters, whatever they are by then.
 * @example
 * const [actor, critic] = [new ActorNetwork(kernels), new ValueNetwork(kernels)];
 * const rollout = new RolloutInference(kernels, actor, critic, 8);
 * rollout.run(null);
 * rollout.values.length; // => 8
 */
export class RolloutInference {
  /** (batch, window, features): fill it, then call `run`. */
  readonly obs: Float32Array;
  /** (batch, actions) log-probabilities of the last `run`, of the masked distribution; -Infinity where not allowed. */
  readonly logProbs: Float64Array;
  /** (batch) of the last `run`. */
  readonly values: Float32Array;
  readonly batch: number;
  readonly #kernels: Kernels;
  readonly #width: number;
  readonly #actor: Activations;
  readonly #critic: Activations;
  readonly #program: Program;
  readonly #row: Float64Array;
  readonly #scratch: Float64Array;
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
    this.logProbs = new Float64Array(batch * actor.outputs);
    this.#row = new Float64Array(actor.outputs);
    this.#scratch = new Float64Array(actor.outputs);
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

  /** obs -> log-probabilities and values; masks (batch, actions) or null for all. */
  run(masks: Masks): void {
    this.#kernels.run(this.#program);
    const { logits } = this;
    for (let at = 0; at < this.logProbs.length; at += this.#width) {
      maskedLogSoftmax(logits, masks, at, this.#width, this.#row, this.#scratch);
      this.logProbs.set(this.#row, at);
    }
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#actor.free();
    this.#critic.free();
    this.#kernels.discard(this.#program);
  }
}
