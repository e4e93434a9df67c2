/** What is mutated, and by which tests it is judged. */

export interface MutationArea {
  readonly name: string;
  /** Folders of the code, all that lies in them. */
  readonly code: readonly string[];
  /** Test files that run in one thread: none that starts processes or takes minutes. */
  readonly tests: readonly string[];
  /** How many mutants are drawn; all where it is left out. */
  readonly sample?: number;
}

const inFolder = (folder: string, names: string): string[] =>
  names.split(' ').map((name) => `test/${folder}/${name}.test.ts`);

export const MUTATION_AREAS: readonly MutationArea[] = [
  {
    name: 'shield',
    code: ['src/shield'],
    // The long proofs (laws, liar) and the faults are left out.
    tests: inFolder(
      'shield',
      'n-consecutive verdicts bounds exhaustive levels tables training-range shield breadth-first combinator',
    ),
  },
  {
    name: 'live',
    code: ['src/broker', 'src/bot', 'src/exchange', 'src/journal'],
    tests: [
      ...inFolder('broker', 'order-life paper live'),
      ...inFolder('bot', 'trader promotion order-audit old-journals halt parts never-quiet parity session soak'),
      ...inFolder('bot', 'damaged-journals'),
      ...inFolder('exchange', 'venue-clock decimal order-rules whole-fetch echo download stream conformance'),
      ...inFolder('exchange', 'connector keys object-words fuzz'),
      ...inFolder('journal', 'record-log'),
      ...inFolder('venue', 'hostile'),
    ],
    sample: 500,
  },
];
