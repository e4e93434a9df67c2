/**
 * A network: an encoder (`encoders/`) and, where there is one, a linear head, over one flat parameter vector. The
 * backward pass of each layer is derived by hand; `plan.ts` turns both into programs.
 */
import { InputError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { DEFAULT_NETWORK, type Head, type Layout, layOut, type NetworkConfig, type Tensor } from './config.ts';
import { initializeOrthogonal } from './init.ts';
import type { Kernels } from './kernels.ts';
import { polyak } from './ops.ts';
import { Activations, backwardPhases, forwardUnits, squareSlots, transposeUnits } from './plan.ts';
import type { Program } from './program.ts';

/** One tensor as PyTorch has it: row-major. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
/** Tensors under PyTorch's names, in module order. */
export type StateDict = Map<string, TensorData>;

interface Programs {
  readonly infer: Program;
  readonly forward: Program;
  readonly backward: Program;
}

/** Programs are kept for this many batch sizes. */
const KEPT_BATCH_SIZES = 16;

/**
 * A network over one flat parameter vector: `infer` for acting, `forward` and `backward` for training, `stateDict` in PyTorch's
 * names and layouts. Inputs are (batch, window, features) row-major.
 * @example
 * const network = new QNetwork(kernels, { window: 4, features: 2, filters: 4, hidden: [8, 8] });
 * network.initialize(new Rng(1));
 * network.infer(new Float32Array(8), 1).length; // => 3
 */
export class Network {
  readonly kernels: Kernels;
  readonly config: NetworkConfig;
  readonly layout: Layout;
  readonly head: Head;
  /**
   * Every weight and bias, in the kernels' layout (see `config.ts`; PyTorch's is what `stateDict` gives). After writing
   * to it by hand call `parametersChanged`.
   */
  readonly parameters: Float32Array;
  /** d loss / d parameters, same layout; filled by `backward`. */
  readonly gradients: Float32Array;
  /** Weights transposed, for the backward pass, a layer each; empty for a layer that needs none. */
  readonly transposed: readonly Float32Array[];
  /** Sums of squares of the parts of `gradients`, filled by `backward`. */
  readonly squares: Float32Array;
  #activations: Activations | null = null;
  #programs = new Map<number, Programs>();
  /** Null where no layer's weight is transposed. */
  #transpose: Program | null;
  #transposedStale = true;
  /** Rows of the last `forward` that `backward` may still use. */
  #kept = 0;
  #polyak: { online: Network; program: Program; tau: Float32Array } | null = null;

  constructor(kernels: Kernels, config: Partial<NetworkConfig>, head: Head) {
    this.kernels = kernels;
    this.config = { ...DEFAULT_NETWORK, ...config };
    this.head = head;
    this.layout = layOut(this.config, head.outputs);
    const { layers, length } = this.layout;
    this.parameters = kernels.alloc(length);
    this.gradients = kernels.alloc(length);
    this.transposed = layers.map(({ layer, weight }) => kernels.alloc(layer.transpose === null ? 0 : weight.length));
    this.squares = kernels.alloc(squareSlots(this.layout));
    const units = transposeUnits(this);
    this.#transpose = units.length === 0 ? null : kernels.compile([units]);
  }

  /** Trainable parameters, as PyTorch counts them. */
  get parameterCount(): number {
    return this.layout.parameterCount;
  }

  /** Width of a row of outputs. */
  get outputs(): number {
    return this.head.outputs || this.layout.encoded.count;
  }

  /** Orthogonal weights (gain sqrt 2 in the body), zero biases but for the head's. */
  initialize(rng: Rng): void {
    initializeOrthogonal(this.layout, this.parameters, this.head, rng);
    this.parametersChanged();
  }

  /**
   * obs (batch, window, features) row-major -> outputs (batch, outputs), a view that is valid until the next call.
   * Keeps what `backward` needs.
   */
  forward(obs: Float32Array, batch: number): Float32Array {
    const outputs = this.#run('forward', obs, batch);
    this.#kept = batch;
    return outputs;
  }

  /** As `forward`, but keeps nothing for `backward`: for acting and for targets. Allocates nothing. */
  infer(obs: Float32Array, batch: number): Float32Array {
    return this.#run('infer', obs, batch);
  }

  /** dOutput (batch, outputs) = d loss / d outputs of the last `forward`, once; overwrites `gradients`. */
  backward(dOutput: Float32Array, batch: number): void {
    if (this.#kept !== batch) throw new Error(`network: backward of ${batch} rows needs a forward of as many before`);
    this.#kept = 0;
    const a = this.activations(batch);
    checkLength('dOutput', dOutput, batch * this.outputs);
    if (dOutput !== a.dOut) a.dOut.set(dOutput.subarray(0, batch * this.outputs));
    this.refreshTransposed();
    this.kernels.run(this.#programsFor(batch).backward);
  }

  /** Buffers for a batch of at most the given size. */
  activations(batch: number): Activations {
    if (!Number.isInteger(batch) || batch < 1) throw new InputError(`network: batch is ${batch}; give at least 1`);
    if (this.#activations && this.#activations.capacity >= batch) return this.#activations;
    this.#freePrograms();
    this.#activations?.free();
    this.#activations = new Activations(this.kernels, this.layout, batch);
    return this.#activations;
  }

  /** Call after writing to `parameters` by hand. */
  parametersChanged(): void {
    this.#transposedStale = true;
  }

  /** Brings the transposed weights up to date where they are not. */
  refreshTransposed(): void {
    if (this.#transposedStale && this.#transpose !== null) this.kernels.run(this.#transpose);
    this.#transposedStale = false;
  }

  /** A copy of every parameter under PyTorch's names and layouts. */
  stateDict(): StateDict {
    return readTensors(this.layout.tensors, this.parameters);
  }

  /** Takes every tensor of `state`; missing or surplus names and wrong shapes are refused, and nothing is changed. */
  loadStateDict(state: StateDict): void {
    writeTensors(this.layout.tensors, this.parameters, state);
    this.parametersChanged();
  }

  /** Takes over the parameters of a network of the same sizes. */
  copyFrom(other: Network): void {
    checkLength('parameters', other.parameters, this.parameters.length);
    this.parameters.set(other.parameters);
    this.parametersChanged();
  }

  /** parameters += tau (online - parameters). */
  polyakFrom(online: Network, tau: number): void {
    if (this.#polyak?.online !== online) {
      const scalars = this.kernels.alloc(1);
      const op = polyak(this.parameters, online.parameters, scalars, this.parameters.length);
      this.#polyak = { online, tau: scalars, program: this.kernels.compile([[[op]]]) };
    }
    this.#polyak.tau[0] = tau;
    this.kernels.run(this.#polyak.program);
    this.parametersChanged();
  }

  /** Gives the memory back; the network can't be used any more. */
  dispose(): void {
    this.#freePrograms();
    this.#activations?.free();
    if (this.#transpose !== null) this.kernels.discard(this.#transpose);
    const views = [this.parameters, this.gradients, ...this.transposed, this.squares];
    if (this.#polyak) {
      this.kernels.discard(this.#polyak.program);
      views.push(this.#polyak.tau);
    }
    for (const view of views) this.kernels.free(view);
  }

  #run(which: 'infer' | 'forward', obs: Float32Array, batch: number): Float32Array {
    this.#kept = 0;
    const a = this.activations(batch);
    const length = batch * this.config.window * this.config.features;
    checkLength('obs', obs, length);
    if (obs !== a.obs) a.obs.set(obs.length === length ? obs : obs.subarray(0, length));
    this.kernels.run(this.#programsFor(batch)[which]);
    return a.outputs(batch);
  }

  #programsFor(batch: number): Programs {
    const kept = this.#programs.get(batch);
    if (kept) return kept;
    if (this.#programs.size >= KEPT_BATCH_SIZES) this.#freePrograms();
    const { kernels } = this;
    const a = this.activations(batch);
    const programs = {
      infer: kernels.compile([forwardUnits(this, a, batch, kernels.threads, false)]),
      forward: kernels.compile([forwardUnits(this, a, batch, kernels.threads, true)]),
      backward: kernels.compile(backwardPhases(this, a, batch, kernels.threads)),
    };
    this.#programs.set(batch, programs);
    return programs;
  }

  #freePrograms(): void {
    for (const { infer, forward, backward } of this.#programs.values()) {
      for (const program of [infer, forward, backward]) this.kernels.discard(program);
    }
    this.#programs.clear();
  }
}

/** Copies tensors out of a flat vector, in PyTorch's layout. */
export function readTensors(tensors: readonly Tensor[], flat: Float32Array, prefix = ''): StateDict {
  const state: StateDict = new Map();
  for (const { name, shape, offset, place } of tensors) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = flat[offset + place(i)];
    state.set(prefix + name, { shape, data });
  }
  return state;
}

/** Copies tensors into a flat vector; checks all of them first. */
export function writeTensors(tensors: readonly Tensor[], flat: Float32Array, state: StateDict, prefix = ''): void {
  const known = new Set(tensors.map((t) => prefix + t.name));
  for (const name of state.keys()) {
    if (name.startsWith(prefix) && !known.has(name)) throw new InputError(`state dict: unknown tensor ${name}`);
  }
  for (const { name, shape } of tensors) {
    const given = state.get(prefix + name);
    if (!given) throw new InputError(`state dict: tensor ${prefix + name} of shape (${shape.join(', ')}) is missing`);
    if (given.shape.join() !== shape.join()) {
      const shapes = `(${given.shape.join(', ')}) where the network has (${shape.join(', ')})`;
      throw new InputError(`state dict: tensor ${prefix + name} has shape ${shapes}`);
    }
  }
  for (const { name, offset, place } of tensors) {
    const { data } = state.get(prefix + name) as TensorData;
    for (let i = 0; i < data.length; i++) flat[offset + place(i)] = data[i];
  }
}

function checkLength(what: string, given: Float32Array, expected: number): void {
  if (given.length < expected) throw new Error(`network: ${what} has ${given.length} elements, needs ${expected}`);
}
