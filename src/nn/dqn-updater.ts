/**
 * One DQN update in the shape that is fastest: online and target forward in one call of the kernels, targets and loss
 * in TypeScript, backward in a second call, Adam and the target's Polyak step in a third.
 */
import { Adam, type AdamOptions, clipScale, gradientNorm } from './adam.ts';
import type { Kernels } from './kernels.ts';
import { type DQNBatch, dqnLoss, dqnTargets, huber, type RegressionLoss } from './losses.ts';
import type { QNetwork } from './networks.ts';
import { Activations, backwardPhases, forwardUnits } from './plan.ts';
import type { Program } from './program.ts';

/** What a `DQNUpdater` is made with. */
export interface DQNUpdaterOptions {
  /** Largest batch. */
  readonly batch: number;
  /** Discount; default 0.99. */
  readonly gamma?: number;
  /** Double DQN: the online network chooses, the target values; default true. */
  readonly double?: boolean;
  /** Default `huber`. */
  readonly loss?: RegressionLoss;
  /** The target's Polyak step after every update; 0 leaves it alone (hard updates: `target.copyFrom`). Default 0.005. */
  readonly tau?: number;
  /** Bound of the gradient norm; default none. */
  readonly maxGradNorm?: number | null;
  readonly adam?: Omit<AdamOptions, 'follow'>;
}

/** Figures of one update, means over the minibatch. */
export interface DQNUpdate {
  readonly loss: number;
  /** Mean of Q(s, a) over the batch. */
  readonly meanQ: number;
  /** Before clipping. */
  readonly gradNorm: number;
}

/**
 * One minibatch update of DQN: fill `obs` and `nextObs` (batch, window, features), `actions`, `rewards`, `terminated` and
 * `nextMasks`, call `update`. Forward, loss, backward, Adam and Polyak averaging in the shape that is fastest.
 * @example
 * const sizes = { window: 4, features: 2, filters: 4, hidden: [8, 8] as const };
 * const [online, target] = [new QNetwork(kernels, sizes), new QNetwork(kernels, sizes)];
 * online.initialize(new Rng(1));
 * target.copyFrom(online);
 * const updater = new DQNUpdater(kernels, online, target, { batch: 2 });
 * updater.rewards.set([1, -1]);
 * updater.terminated.fill(1);
 * updater.update(2, 1e-3).loss > 0; // => true
 */
export class DQNUpdater implements DQNBatch {
  readonly adam: Adam;
  /** (batch, window, features); this and the arrays below are the batch, to be filled before `update`. */
  readonly obs: Float32Array;
  /** (batch, window, features) */
  readonly nextObs: Float32Array;
  readonly actions: Uint8Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  /** (batch, actions) 1 where allowed; all 1 at first. */
  readonly nextMasks: Uint8Array;
  readonly #kernels: Kernels;
  readonly #online: QNetwork;
  readonly #target: QNetwork;
  readonly #onlineMemory: Activations;
  readonly #targetMemory: Activations;
  /** The online network's pass over the next states; only for double DQN. */
  readonly #chooserMemory: Activations | null;
  readonly #gamma: number;
  readonly #loss: RegressionLoss;
  readonly #maxGradNorm: number | null;
  readonly #targets: Float64Array;
  readonly #programs = new Map<number, { forward: Program; backward: Program }>();

  constructor(kernels: Kernels, online: QNetwork, target: QNetwork, options: DQNUpdaterOptions) {
    const { batch } = options;
    const tau = options.tau ?? 0.005;
    this.#kernels = kernels;
    this.#online = online;
    this.#target = target;
    this.#gamma = options.gamma ?? 0.99;
    this.#loss = options.loss ?? huber;
    this.#maxGradNorm = options.maxGradNorm ?? null;
    this.adam = new Adam(kernels, online, { ...options.adam, ...(tau > 0 ? { follow: { target, tau } } : {}) });
    this.#onlineMemory = new Activations(kernels, online.layout, batch);
    this.#targetMemory = new Activations(kernels, target.layout, batch);
    this.#chooserMemory =
      (options.double ?? true) ? new Activations(kernels, online.layout, batch, this.#targetMemory.obs) : null;
    this.obs = this.#onlineMemory.obs;
    this.nextObs = this.#targetMemory.obs;
    this.actions = new Uint8Array(batch);
    this.rewards = new Float32Array(batch);
    this.terminated = new Uint8Array(batch);
    this.nextMasks = new Uint8Array(batch * online.outputs).fill(1);
    this.#targets = new Float64Array(batch);
  }

  /** One update on the first `batch` samples at learning rate `lr`. */
  update(batch: number, lr?: number): DQNUpdate {
    const { forward, backward } = this.#programsFor(batch);
    this.#kernels.run(forward);
    const q = this.#onlineMemory.outputs(batch);
    const chooser = this.#chooserMemory?.outputs(batch) ?? null;
    dqnTargets(this.#targetMemory.outputs(batch), chooser, batch, this, this.#gamma, this.#targets);
    const loss = dqnLoss(q, batch, this.actions, this.#targets, this.#loss, this.#onlineMemory.dOut);
    let meanQ = 0;
    for (let b = 0; b < batch; b++) meanQ += q[b * this.#online.outputs + this.actions[b]] / batch;
    this.#online.refreshTransposed();
    this.#kernels.run(backward);
    const gradNorm = gradientNorm([this.#online]);
    this.adam.step(lr, this.#maxGradNorm === null ? 1 : clipScale(gradNorm, this.#maxGradNorm));
    return { loss, meanQ, gradNorm };
  }

  /** Gives the memory back. */
  dispose(): void {
    for (const { forward, backward } of this.#programs.values()) {
      this.#kernels.discard(forward);
      this.#kernels.discard(backward);
    }
    this.#onlineMemory.free();
    this.#targetMemory.free();
    this.#chooserMemory?.free();
    this.adam.dispose();
  }

  #programsFor(batch: number) {
    let programs = this.#programs.get(batch);
    if (!programs) {
      const { threads } = this.#kernels;
      const half = Math.ceil(threads / 2);
      const units = [
        ...forwardUnits(this.#online, this.#onlineMemory, batch, half, true),
        ...forwardUnits(this.#target, this.#targetMemory, batch, half, false),
        ...(this.#chooserMemory ? forwardUnits(this.#online, this.#chooserMemory, batch, threads, false) : []),
      ];
      programs = {
        forward: this.#kernels.compile([units]),
        backward: this.#kernels.compile(backwardPhases(this.#online, this.#onlineMemory, batch, threads)),
      };
      this.#programs.set(batch, programs);
    }
    return programs;
  }
}
