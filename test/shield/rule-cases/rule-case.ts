/** What the contract of rules asks of each: its grid with a second opinion, its objections, and the edges of its schemas. */
import type { Action } from '../../../src/core/action.ts';
import type { AgentDecision } from '../../../src/core/agent.ts';
import type { DecisionFacts, RuleVerdict } from '../../../src/core/shield.ts';
import type { Question } from '../../../src/shield/rule.ts';
import { HOUR_MS, makeFacts, START_MS } from '../facts.ts';

export { HOUR_MS, START_MS };

export type Kind = RuleVerdict['kind'];
// biome-ignore lint/suspicious/noExplicitAny: a grid knows the shape of its own rule's state and thresholds
export type Loose = any;

export interface Enumeration {
  /** Threshold to its values; the grid is their product. */
  readonly thresholds: Record<string, readonly Loose[]>;
  readonly states: readonly Loose[];
  readonly questions: readonly Question[];
  /** The verdict's kind and the next state, worked out independently. */
  expect(config: Loose, state: Loose, question: Question): { kind: Kind; next: Loose };
}

/** Every combination of the values. */
export function cross<T extends Record<string, readonly unknown[]>>(axes: T): { [K in keyof T]: T[K][number] }[] {
  let rows: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(axes))
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  return rows as { [K in keyof T]: T[K][number] }[];
}

export const REQUESTS: readonly Action[] = [0, 1, 2];

export function question(facts: Partial<DecisionFacts>, changes: Partial<Question> = {}): Question {
  return {
    request: 1,
    facts: makeFacts(facts),
    decision: { action: 1, probabilities: null, qValues: null },
    advice: null,
    trainingDistance: null,
    ...changes,
  };
}

export const sequences = (length: number): number[][] =>
  length === 0 ? [[]] : sequences(length - 1).flatMap((head) => REQUESTS.map((last) => [...head, last]));
export const queues = [0, 1, 2, 3].flatMap(sequences);

/** The kind of a rule that lets only reductions pass while `risky`. */
export const guard = (risky: boolean, next: Loose = null) => ({
  kind: (risky ? 'reduce-only' : 'allow') as Kind,
  next,
});

export const decided = (probabilities: number[] | null, qValues: number[] | null): AgentDecision => ({
  action: 1,
  probabilities,
  qValues,
});

/** A request that the rule objects to, and what it says then, word for word. */
export interface Objection {
  /** The bars that lead to it; the last one is judged. */
  readonly bars: readonly Partial<DecisionFacts>[];
  readonly decision?: AgentDecision;
  readonly overrides?: Record<string, number | readonly number[]>;
  readonly kind: string;
  readonly code: string;
  readonly numbers: Record<string, number>;
}

/** Values at the edges that pass, and those just beyond that don't. */
export interface Edges {
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

export interface RuleCase {
  readonly enumeration: Enumeration;
  readonly objections: readonly [Objection, ...Objection[]];
  /** Of every threshold. */
  readonly bounds: Readonly<Record<string, Edges>>;
  /** The first state, and states that may be restored beside damaged ones. */
  readonly first: unknown;
  readonly saved: Edges;
}
