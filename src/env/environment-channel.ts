/**
 * An environment for another process, over a pair of pipes; `clients/python` is the other end. All numbers are
 * little-endian, as every machine that this runs on has them.
 *
 * First: the length of a JSON text (uint32), the text, and the table (rows, features) as float32. Then, for each request,
 * a state: what `VectorEnv` has but the windows, which the other end cuts out of the table, since a state is a row and
 * a few floats. Requests: `R` and a seed (uint32); `S` and an action (uint8) for each environment. The end of the pipe
 * ends it.
 */
import { ACTION_COUNT } from '../core/action.ts';
import type { Json } from '../core/json.ts';
import type { TradingEnv } from './trading-env.ts';

/** A pair of pipes that fill or take all of the bytes, or say that the other end is gone. */
export interface Pipes {
  read(bytes: Uint8Array): boolean;
  write(bytes: Uint8Array): boolean;
}

const [RESET, STEP] = [82, 83];
const WORD = 4;

export class EnvironmentChannel {
  readonly #env: TradingEnv;
  readonly #extraScale: number;
  readonly #pipes: Pipes;
  /** The state as it goes over the pipe, and where each of its parts comes from. */
  readonly #state: Uint8Array;
  readonly #parts: {
    readonly name: string;
    readonly type: string;
    readonly width: number;
    readonly at: number;
    readonly from: Uint8Array;
  }[] = [];
  readonly #equity: Float64Array;

  constructor(env: TradingEnv, extraScale: number, pipes: Pipes) {
    this.#env = env;
    this.#extraScale = extraScale;
    this.#pipes = pipes;
    this.#equity = new Float64Array(env.count);
    let at = 0;
    // Eight bytes first, so that every part lies where its numbers may lie.
    for (const [name, values, width] of [
      ['rewards', env.rewards, 1],
      ['equity', this.#equity, 1],
      ['bars', env.bars, 1],
      ['final_bars', env.finalBars, 1],
      ['extras', env.extras, env.extraWidth],
      ['final_extras', env.finalExtras, env.extraWidth],
      ['masks', env.masks, ACTION_COUNT],
      ['final_masks', env.finalMasks, ACTION_COUNT],
      ['terminated', env.terminated, 1],
      ['truncated', env.truncated, 1],
    ] as const) {
      const from = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.#parts.push({ name, type: values.constructor.name, width, at, from });
      at += from.length;
    }
    this.#state = new Uint8Array(Math.ceil(at / WORD) * WORD);
  }

  /** Until the other end closes the pipe. @param about what the other end is told beside the layout */
  serve(about: { readonly [key: string]: Json }): void {
    const { count, window, features, extraWidth, table } = this.#env;
    const layout = this.#parts.map(({ name, type, width, at }) => ({ name, type, width, at }));
    const text = JSON.stringify({
      ...about,
      ...{ count, window, features, extraWidth, extraScale: this.#extraScale, rows: table.length / features },
      ...{ stateBytes: this.#state.length, layout },
    });
    const header = new TextEncoder().encode(text);
    this.#pipes.write(new Uint8Array(Uint32Array.of(header.length).buffer));
    this.#pipes.write(header);
    this.#pipes.write(new Uint8Array(table.buffer, table.byteOffset, table.byteLength));
    const kind = new Uint8Array(1);
    const seed = new Uint32Array(1);
    const actions = new Uint8Array(count);
    while (this.#pipes.read(kind)) {
      if (kind[0] === RESET) {
        if (!this.#pipes.read(new Uint8Array(seed.buffer))) return;
        this.#env.reset(seed[0]);
      } else if (kind[0] === STEP) {
        if (!this.#pipes.read(actions)) return;
        // What is no action is HOLD, as what the account forbids is: an environment never ends for what it is sent.
        for (let i = 0; i < count; i++) if (actions[i] >= ACTION_COUNT) actions[i] = ACTION_COUNT - 1;
        this.#env.step(actions);
      } else return;
      for (let i = 0; i < count; i++) this.#equity[i] = this.#env.accounts[i].equity;
      for (const { at, from } of this.#parts) this.#state.set(from, at);
      if (!this.#pipes.write(this.#state)) return;
    }
  }
}
