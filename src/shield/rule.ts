/**
 * What a rule of the shield is. A rule sees a request and the facts and says how far the account may move; its verdict
 * names no action, so it can't open a trade. Rules are pure: state goes in and comes out, small and serialisable.
 */
import { z } from 'zod';
import type { Action } from '../core/action.ts';
import type { AgentDecision } from '../core/agent.ts';
import type { Json } from '../core/json.ts';
import type { DecisionFacts, PositionFacts, ProtectiveLevels, RuleVerdict } from '../core/shield.ts';

/** The shields that there are, the strictest first. */
export const PROFILES = ['cautious', 'balanced', 'spec', 'none'] as const;
/** One of `PROFILES`. */
export type Profile = (typeof PROFILES)[number];

/** What a rule judges: one request at the close of one bar. */
export interface Question {
  /** The request as the supervisor left it. */
  readonly request: Action;
  readonly facts: DecisionFacts;
  /** null where only a mask is asked for, before the agent has decided. */
  readonly decision: AgentDecision | null;
  /** What the supervisor would do; null without one. */
  readonly advice: Action | null;
  /** Distance of the newest row from the training fold over that fold's own 99.9 % quantile; null without a fit. */
  readonly trainingDistance: number | null;
}

/** What a rule says, and its state from then on. */
export interface RuleResult<State> {
  readonly verdict: RuleVerdict;
  readonly state: State;
}

export type Thresholds = Record<string, number | readonly number[]>;

/** A rule of the shield: pure, with its thresholds and its state handed in. `examples/custom-rule.ts` writes one. */
export interface Rule<Config extends Thresholds, State extends Json> {
  readonly name: string;
  /** One sentence for the table in the docs. */
  readonly doc: string;
  /** Every field is a `threshold`. */
  readonly config: z.ZodObject;
  readonly state: z.ZodType;
  /** The values where a profile (or a config) has the rule and says nothing else. */
  readonly standard: Config;
  /** The profiles that have the rule, with what they set differently. */
  readonly profiles: Readonly<Partial<Record<Profile, Partial<Config>>>>;
  initial(config: Config): State;
  judge(config: Config, state: State, question: Question): RuleResult<State>;
  /** Told whether an order leaves, once every rule has spoken; for rules that count orders. */
  settle?(config: Config, state: State, facts: DecisionFacts, ordered: boolean): State;
  /** What a new episode keeps of the state; without it, nothing. */
  carry?(state: State): State;
  /** Price levels at which the position is closed within a bar. */
  levels?(config: Config, position: PositionFacts): ProtectiveLevels;
}

/** A rule among its peers, its types forgotten. */
export type AnyRule = Rule<Thresholds, Json>;

/** Which way a threshold is tighter: never more is allowed in the same state. `shape` has no such direction. */
export type Tighter = 'lower' | 'higher' | 'fewer' | 'shape';

/** One threshold: a zod schema with its unit, meaning and direction. */
export function threshold<S extends z.ZodType>(schema: S, tighter: Tighter, unit: string, doc: string): S {
  return schema.meta({ unit, doc, tighter });
}

/** A rule without memory. */
export type NoState = null;
/** The state of a rule without memory. */
export const noState = z.null();

/** The verdict of a rule that has no objection. */
export const ALLOW: RuleVerdict = { kind: 'allow' };

/**
 * A verdict: this request becomes HOLD, unless it reduces the position. `numbers` are those that led to it.
 * @example
 * deny('too-late', { hour: 23 }).kind; // => 'deny'
 */
export function deny(code: string, numbers: Readonly<Record<string, number>>): RuleVerdict {
  return { kind: 'deny', code, numbers };
}

/** A verdict: only requests that reduce the position pass. */
export function reduceOnly(code: string, numbers: Readonly<Record<string, number>>): RuleVerdict {
  return { kind: 'reduce-only', code, numbers };
}

/** A verdict: everything is closed, and nothing is opened until a person resets. */
export function halt(code: string, numbers: Readonly<Record<string, number>>): RuleVerdict {
  return { kind: 'halt', code, numbers };
}
