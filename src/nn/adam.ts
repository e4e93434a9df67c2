/**
 * Adam (Kingma and Ba 2015) and AdamW with PyTorch's arithmetic, over one or several networks, and the global gradient norm.
 * One pass over memory updates the parameters, renews the transposed weights and, where asked, lets a target follow.
 */
import { InputError } from '../core/errors.ts';
import type { Kernels } from './kernels.ts';
import { type Network, readTensors, type StateDict, writeTensors } from './network.ts';
import * as ops from './ops.ts';
import { updateUnits } from './plan.ts';
import type { Program } from './program.ts';

/** Settings of Adam and AdamW; the defaults are those of PPO. */
export interface AdamOptions {
  /** Learning rate where `step` is not given one; default 3e-4. */
  readonly lr?: number;
  /** Default 1e-5, PPO's custom; PyTorch's own default is 1e-8. */
  readonly eps?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  /**
   * Decoupled weight decay (AdamW; Loshchilov and Hutter 2019, algorithm 2): each step takes lr x weightDecay of every
   * parameter away, whatever its gradient. Default 0: plain Adam.
   */
  readonly weightDecay?: number;
  /** A network that moves towards the first one by tau after every step (Polyak averaging). */
  readonly follow?: { readonly target: Network; readonly tau: number };
}

/** Where the scalars lie that `ops.adam` does not read. */
const SCALAR = { tau: 7, decay: 8 } as const;

/**
 * Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2) with PyTorch's arithmetic, over
 * the gradients that the networks' last `backward` left.
 * @example
 * const network = new QNetwork(kernels, { window: 4, features: 2, filters: 4, hidden: [8, 8] });
 * network.initialize(new Rng(1));
 * const adam = new Adam(kernels, network, { lr: 1e-3 });
 * network.forward(new Float32Array(8).fill(1), 1);
 * network.backward(new Float32Array([1, 0, 0]), 1);
 * adam.step();
 * adam.stateDict().get('step')?.data[0]; // => 1
 */
export class Adam {
  readonly #networks: readonly Network[];
  readonly #kernels: Kernels;
  readonly #lr: number;
  readonly #eps: number;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #moments: { m: Float32Array; v: Float32Array }[];
  readonly #weightDecay: number;
  /** What decay leads to: a step of Polyak averaging towards zero. (longest unit); null without decay. */
  readonly #zeros: Float32Array | null;
  /** A block a network: each may have a gradient scale of its own. */
  readonly #scalars: readonly Float32Array[];
  readonly #follow: AdamOptions['follow'];
  readonly #program: Program;
  #steps = 0;
  // beta^steps as running products: Math.pow promises no equality between machines.
  #power1 = 1;
  #power2 = 1;

  constructor(kernels: Kernels, networks: Network | readonly Network[], options: AdamOptions = {}) {
    this.#kernels = kernels;
    this.#networks = Array.isArray(networks) ? networks : [networks as Network];
    this.#lr = options.lr ?? 3e-4;
    this.#eps = options.eps ?? 1e-5;
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.999;
    this.#weightDecay = options.weightDecay ?? 0;
    this.#zeros =
      this.#weightDecay > 0 ? kernels.alloc(Math.max(...this.#networks.map((n) => n.parameters.length))) : null;
    this.#follow = options.follow;
    this.#moments = this.#networks.map((n) => ({
      m: kernels.alloc(n.parameters.length),
      v: kernels.alloc(n.parameters.length),
    }));
    this.#scalars = this.#networks.map(() => kernels.alloc(16));
    this.#program = kernels.compile([this.#networks.flatMap((network, i) => this.#units(network, i))]);
  }

  /** Steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * One step along `gradients` x gradScale, one factor for all networks or one each. p -= lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps), written as
   * rate m / (sqrt(v) + eps') with rate = lr sqrt(1 - beta2^t) / (1 - beta1^t) and eps' = eps sqrt(1 - beta2^t).
   */
  step(lr = this.#lr, gradScale: number | readonly number[] = 1): void {
    this.#count();
    const root = Math.sqrt(1 - this.#power2);
    this.#scalars.forEach((scalars, i) => {
      scalars.set([
        typeof gradScale === 'number' ? gradScale : gradScale[i],
        (lr * root) / (1 - this.#power1),
        this.#eps * root,
        this.#beta1,
        1 - this.#beta1,
        this.#beta2,
        1 - this.#beta2,
        this.#follow?.tau ?? 0,
        lr * this.#weightDecay,
      ]);
    });
    for (const network of this.#networks) network.refreshTransposed();
    this.#kernels.run(this.#program);
    this.#follow?.target.parametersChanged();
  }

  /** Steps and both moments: `step`, `0.exp_avg.encoder.conv.weight`, `0.exp_avg_sq...`, in PyTorch's layouts. */
  stateDict(): StateDict {
    const state: StateDict = new Map([['step', { shape: [1], data: Float32Array.of(this.#steps) }]]);
    this.#networks.forEach(({ layout }, i) => {
      const { m, v } = this.#moments[i];
      for (const [name, tensor] of readTensors(layout.tensors, m, `${i}.exp_avg.`)) state.set(name, tensor);
      for (const [name, tensor] of readTensors(layout.tensors, v, `${i}.exp_avg_sq.`)) state.set(name, tensor);
    });
    return state;
  }

  loadStateDict(state: StateDict): void {
    const steps = state.get('step')?.data[0];
    if (steps === undefined) throw new InputError("optimiser state: 'step' is missing");
    this.#networks.forEach(({ layout }, i) => {
      writeTensors(layout.tensors, this.#moments[i].m, state, `${i}.exp_avg.`);
      writeTensors(layout.tensors, this.#moments[i].v, state, `${i}.exp_avg_sq.`);
    });
    this.#steps = 0;
    this.#power1 = 1;
    this.#power2 = 1;
    while (this.#steps < steps) this.#count();
  }

  /** Gives the memory back. */
  dispose(): void {
    for (const { m, v } of this.#moments) for (const view of [m, v]) this.#kernels.free(view);
    if (this.#zeros !== null) this.#kernels.free(this.#zeros);
    for (const scalars of this.#scalars) this.#kernels.free(scalars);
    this.#kernels.discard(this.#program);
  }

  #count(): void {
    this.#steps++;
    this.#power1 *= this.#beta1;
    this.#power2 *= this.#beta2;
  }

  #units(network: Network, index: number) {
    const { m, v } = this.#moments[index];
    const { parameters, gradients } = network;
    const scalars = this.#scalars[index];
    const threads = Math.ceil(this.#kernels.threads / this.#networks.length);
    return updateUnits(network, threads, (offset, length) => {
      const part = (flat: Float32Array) => flat.subarray(offset, offset + length);
      const decay =
        this.#zeros === null ? [] : [ops.polyak(part(parameters), this.#zeros, scalars.subarray(SCALAR.decay), length)];
      const step = ops.adam(part(parameters), part(m), part(v), part(gradients), scalars, length);
      if (!this.#follow || index > 0) return [...decay, step];
      const { target } = this.#follow;
      return [
        ...decay,
        step,
        ops.polyak(part(target.parameters), part(parameters), scalars.subarray(SCALAR.tau), length),
      ];
    });
  }
}

/** L2 norm over the gradients of all the networks, as their last `backward` left them. */
export function gradientNorm(networks: readonly Network[]): number {
  let sum = 0;
  for (const { squares } of networks) for (let i = 0; i < squares.length; i++) sum += squares[i];
  return Math.sqrt(sum);
}

/**
 * What to multiply gradients by so that their norm is at most `max`, as PyTorch's `clip_grad_norm_`.
 * @example
 * clipScale(1, 5); // => 1
 * Math.abs(clipScale(10, 5) - 0.5) < 1e-6; // => true
 */
export function clipScale(norm: number, max: number): number {
  return Math.min(1, max / (norm + 1e-6));
}
