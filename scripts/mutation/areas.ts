/** What is mutated, and by which tests it is judged. */

export interface MutationArea {
  readonly name: string;
  /** Folders of the code, all that lies in them. */
  readonly code: readonly string[];
  /** Folders of the tests, and files there that start processes, take minutes or ask for none of this. */
  readonly tests: readonly string[];
  readonly without: readonly string[];
  /** Folders that faults are planted in, too, and that are not mutated. */
  readonly around?: readonly string[];
  /** How many mutants are drawn; all where it is left out. */
  readonly sample?: number;
  /** Mutators that are left out. */
  readonly leaves: readonly string[];
}

export const MUTATION_AREAS: readonly MutationArea[] = [
  {
    name: 'shield',
    code: ['src/shield'],
    tests: ['test/shield', 'test/decision'],
    // The long proofs, and the faults.
    without: ['laws', 'liar', 'faults'],
    around: ['src/decision'],
    leaves: [],
  },
  {
    name: 'live',
    code: ['src/broker', 'src/bot', 'src/exchange', 'src/journal'],
    tests: ['test/broker', 'test/bot', 'test/exchange', 'test/journal', 'test/venue'],
    without: ['crash', 'sockets', 'stream-sockets', 'dialects', 'exchange', 'damaged-journals', 'soak', 'session'],
    sample: 500,
    // What is said to people: a word more or less is no fault.
    leaves: ['sentence'],
  },
];
