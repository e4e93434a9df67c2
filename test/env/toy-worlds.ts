/**
 * Small worlds with a known best policy, for agents to learn before they see a market. A world is a Markov chain over
 * the states of a table; each state's window repeats its features at every position.
 */
import { ACTION_COUNT, BUY, SELL } from '../../src/core/action.ts';
import type { Json } from '../../src/core/json.ts';
import { Rng } from '../../src/core/rng.ts';
import type { VectorEnv } from '../../src/env/vector-env.ts';

export interface World {
  /** (states, features) */
  readonly states: readonly (readonly number[])[];
  start(rng: Rng): number;
  step(state: number, action: number, rng: Rng): { state: number; reward: number; terminated: boolean };
  /** Steps after which an episode is truncated. */
  readonly maxSteps: number;
  /** What the best policy earns an episode, on average. */
  readonly best: number;
}

/** The state names the action to take: a bandit with a memory of nothing. */
export function identityWorld(): World {
  return {
    states: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    start: (rng) => rng.integer(3),
    step: (state, action, rng) => ({ state: rng.integer(3), reward: action === state ? 1 : 0, terminated: false }),
    maxSteps: 20,
    best: 20,
  };
}

/** A cue asks for BUY or SELL; whether the answer was right is paid `delay` steps later, whatever is done meanwhile. */
export function delayedWorld(delay = 4): World {
  // State 0 and 1 are the cues; then 2 + 2 x stage + (1 if the answer was right).
  const states = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ];
  for (let stage = 0; stage < delay; stage++)
    states.push([0, 0, (stage + 1) / delay, 0], [0, 0, (stage + 1) / delay, 1]);
  return {
    states,
    start: (rng) => rng.integer(2),
    step(state, action) {
      if (state < 2) return { state: action === (state === 0 ? SELL : BUY) ? 3 : 2, reward: 0, terminated: false };
      const right = state % 2;
      if (state >= states.length - 2) return { state, reward: right, terminated: true };
      return { state: state + 2, reward: 0, terminated: false };
    },
    maxSteps: delay + 1,
    best: 1,
  };
}

/** A world as an environment that agents train in. All actions are allowed and there are no extras. */
export class ToyEnv implements VectorEnv {
  readonly count: number;
  readonly window: number;
  readonly features: number;
  readonly extraWidth = 0;
  readonly table: Float32Array;
  readonly obs: Float32Array;
  readonly masks: Uint8Array;
  readonly bars: Int32Array;
  readonly extras = new Float32Array(0);
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly finalObs: Float32Array;
  readonly finalMasks: Uint8Array;
  readonly finalBars: Int32Array;
  readonly finalExtras = new Float32Array(0);
  readonly #world: World;
  readonly #steps: Int32Array;
  readonly #rng = new Rng(0);

  constructor(world: World, count: number, window = 4) {
    const { states } = world;
    this.count = count;
    this.window = window;
    this.features = states[0].length;
    this.table = Float32Array.from(states.flatMap((state) => Array.from({ length: window }, () => state).flat()));
    this.obs = new Float32Array(count * window * this.features);
    this.finalObs = new Float32Array(this.obs.length);
    this.masks = new Uint8Array(count * ACTION_COUNT).fill(1);
    this.finalMasks = new Uint8Array(count * ACTION_COUNT).fill(1);
    this.bars = new Int32Array(count);
    this.finalBars = new Int32Array(count);
    this.rewards = new Float64Array(count);
    this.terminated = new Uint8Array(count);
    this.truncated = new Uint8Array(count);
    this.#world = world;
    this.#steps = new Int32Array(count);
  }

  reset(seed: number): void {
    this.#rng.restore(new Rng(seed).save());
    for (let i = 0; i < this.count; i++) this.#begin(i);
  }

  step(actions: Uint8Array | Int32Array): void {
    const windowSize = this.window * this.features;
    for (let i = 0; i < this.count; i++) {
      const next = this.#world.step(Math.floor(this.bars[i] / this.window), actions[i], this.#rng);
      this.#steps[i]++;
      const cut = this.#steps[i] === this.#world.maxSteps;
      this.rewards[i] = next.reward;
      this.terminated[i] = next.terminated ? 1 : 0;
      this.truncated[i] = cut && !next.terminated ? 1 : 0;
      this.#show(i, next.state);
      if (!next.terminated && !cut) continue;
      this.finalObs.set(this.obs.subarray(i * windowSize, (i + 1) * windowSize), i * windowSize);
      this.finalBars[i] = this.bars[i];
      this.#begin(i);
    }
  }

  writeObservation(bar: number, _extras: Float32Array, _at: number, out: Float32Array, outOffset: number): void {
    const end = (bar + 1) * this.features;
    out.set(this.table.subarray(end - this.window * this.features, end), outOffset);
  }

  saveState(): Json {
    return { rng: this.#rng.save(), bars: Array.from(this.bars), steps: Array.from(this.#steps) };
  }

  restoreState(state: Json): void {
    const saved = state as { rng: number[]; bars: number[]; steps: number[] };
    this.#rng.restore(saved.rng);
    this.#steps.set(saved.steps);
    saved.bars.forEach((bar, i) => {
      this.#show(i, Math.floor(bar / this.window));
    });
  }

  #begin(index: number): void {
    this.#steps[index] = 0;
    this.#show(index, this.#world.start(this.#rng));
  }

  #show(index: number, state: number): void {
    this.bars[index] = state * this.window + this.window - 1;
    this.writeObservation(this.bars[index], this.extras, 0, this.obs, index * this.window * this.features);
  }
}
