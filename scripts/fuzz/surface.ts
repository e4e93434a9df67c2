import type { Rng } from '../../src/core/rng.ts';

/** What became of an input. `wrong`: it was taken for something that it doesn't say; a fault like a stack or a hang. */
export type Outcome = 'taken' | 'refused' | { readonly wrong: string };

export interface Opened {
  /** Makes the input that `rng` draws and tries it. Whatever it throws beside the errors for users is a stack. */
  attempt(rng: Rng): Outcome | Promise<Outcome>;
  close?(): Promise<void> | void;
}

/** A place at which something comes in that this program did not write. */
export interface Surface {
  readonly name: string;
  /** What is mutated, and what a wrong answer would be. */
  readonly about: string;
  /** Inputs of a whole run. */
  readonly inputs: number;
  open(): Promise<Opened> | Opened;
}
