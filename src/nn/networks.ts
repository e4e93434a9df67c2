/** The networks by name: one encoder, four heads. The only subclasses of the code: names for settings of `Network`. */
import { ACTION_COUNT, type Action, HOLD } from '../core/action.ts';
import { bestAllowed } from './best-allowed.ts';
import type { NetworkConfig } from './config.ts';
import type { Kernels } from './kernels.ts';
import { type Masks, softmax } from './losses.ts';
import { Network } from './network.ts';

/**
 * The encoder alone: (batch, window, features) -> features (batch, 256). 166,400 parameters at 21 x 12.
 * @example
 * new EncodingNetwork(kernels).parameterCount; // => 166400
 */
export class EncodingNetwork extends Network {
  constructor(kernels: Kernels, config: Partial<NetworkConfig> = {}) {
    super(kernels, config, { outputs: 0, gain: 0 });
  }
}

/**
 * Encoder + Linear(256, 3): Q-values. 167,171 parameters at 21 x 12.
 * @example
 * const network = new QNetwork(kernels, { window: 12, features: 21 });
 * network.initialize(new Rng(1));
 * network.parameterCount; // => 167171
 * network.infer(new Float32Array(2 * 12 * 21), 2).length; // => 6
 */
export class QNetwork extends Network {
  constructor(kernels: Kernels, config: Partial<NetworkConfig> = {}) {
    super(kernels, config, { outputs: ACTION_COUNT, gain: 1 });
  }

  /**
   * The allowed action of the highest Q-value for one window; ties go to the lowest number. Allocates nothing.
   * @throws InputError where a Q-value is no number
   */
  bestAction(window: Float32Array, mask: Masks = null): Action {
    return bestAllowed(this.infer(window, 1), 0, mask, 0);
  }
}

/** What an actor may have beside its sizes. */
export interface ActorOptions {
  /** Policies that share the encoder, one for each state that is not in the window, such as units held; default 1. */
  readonly states?: number;
  /** Logit that HOLD begins with, so that an untrained policy is in no hurry; default 0. */
  readonly holdBias?: number;
}

/**
 * Encoder + Linear(256, states x 3) + softmax; `forward` gives the logits. 167,171 parameters at 21 x 12, 1 state.
 * @example
 * const actor = new ActorNetwork(kernels);
 * actor.probabilities(new Float32Array(252), 1, Uint8Array.of(1, 0, 1)); // => new Float32Array([0.5, 0, 0.5])
 */
export class ActorNetwork extends Network {
  constructor(kernels: Kernels, config: Partial<NetworkConfig> = {}, { states = 1, holdBias = 0 }: ActorOptions = {}) {
    const bias = Array.from({ length: states * ACTION_COUNT }, (_, i) => (i % ACTION_COUNT === HOLD ? holdBias : 0));
    super(kernels, config, { outputs: states * ACTION_COUNT, gain: 0.01, bias });
  }

  /** Probabilities (batch, states x 3) of the distributions over the allowed actions; masks alike, or null for all. */
  probabilities(obs: Float32Array, batch: number, masks: Uint8Array | null = null): Float32Array {
    const states = this.outputs / ACTION_COUNT;
    return softmax(this.infer(obs, batch), masks, batch * states, ACTION_COUNT);
  }
}

/**
 * Encoder (its own weights) + Linear(256, 1): the value of a state. 166,657 parameters at 21 x 12.
 * @example
 * new ValueNetwork(kernels).parameterCount; // => 166657
 */
export class ValueNetwork extends Network {
  constructor(kernels: Kernels, config: Partial<NetworkConfig> = {}) {
    super(kernels, config, { outputs: 1, gain: 1 });
  }
}
