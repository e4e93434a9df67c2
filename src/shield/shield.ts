/**
 * The combinator: asks every rule and lets the strictest verdict stand. A verdict can turn a request into HOLD or halt;
 * nothing here can turn HOLD into an order. Order of the layers: supervisor, agent, N-consecutive, the other limits.
 *
 * States: ACTIVE; REDUCING while a rule lets only reductions pass; HALTED, which closes the position, lets nothing
 * pass and outlives episodes and restarts until a person resets it.
 */
import { z } from 'zod';
import { type Action, BUY, HOLD, SELL } from '../core/action.ts';
import type { Agent, AgentDecision } from '../core/agent.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type {
  DecisionFacts,
  PositionFacts,
  ProtectiveLevels,
  RuleVerdict,
  Shield,
  ShieldDecision,
} from '../core/shield.ts';
import { effectOf } from './exposure.ts';
import { joinLevels } from './levels.ts';
import { type ConfiguredRule, configureRules, type Exits, exitsOf, type Overrides } from './profiles.ts';
import {
  type AnyRule,
  halt,
  type Profile,
  type Question,
  type RuleResult,
  reduceOnly,
  type Thresholds,
} from './rule.ts';
import { outOfRange } from './rules/out-of-range.ts';
import { smurf } from './rules/smurf.ts';
import { measureDistance, type TrainingRange, takeColumns } from './training-range.ts';

/** What a shield is made of. */
export interface ShieldOptions {
  /** Default: cautious. */
  readonly profile?: Profile;
  /** Default: the profile's; see `Exits`. */
  readonly exits?: Exits;
  readonly overrides?: Overrides;
  /** Rules to leave out, for ablation. */
  readonly without?: readonly string[];
  /** The agent behind the rule `smurf`. It sees the first `supervisorFeatures` columns of every row (default: all). */
  readonly supervisor?: Agent | undefined;
  readonly supervisorFeatures?: number;
  /** The agent that the shield is put around; an IntegratedAgent and the rule `smurf` are refused together. */
  readonly primary?: Pick<Agent, 'kind'>;
  /** For the distance in `out-of-range`. */
  readonly trainingRange?: TrainingRange;
}

/** Why a shield is halted. */
export interface Latch {
  readonly rule: string;
  readonly code: string;
  readonly numbers: Readonly<Record<string, number>>;
  /** Unix ms of the decision that halted. */
  readonly timeMs: number;
}

const savedSchema = z.strictObject({
  version: z.literal(1),
  latch: z
    .strictObject({
      rule: z.string(),
      code: z.string(),
      // A number that JSON can't hold was written as null.
      numbers: z.record(
        z.string(),
        z
          .number()
          .nullable()
          .transform((value) => value ?? Number.NaN),
      ),
      timeMs: z.number(),
    })
    .nullable(),
  rules: z.record(z.string(), z.unknown()),
});

/** What the rules keep in their states, and what tells profit from loss, has to be a number. */
function areReadable(facts: DecisionFacts): boolean {
  const { timeMs, high, low, close, position, units, equity, entryPrice, lastSlippage, closedTrades } = facts;
  const certain = [timeMs, high, low, close, position, units, equity, closedTrades].every(Number.isFinite);
  return certain && (units === 0 || Number.isFinite(entryPrice)) && Math.abs(lastSlippage) !== Number.POSITIVE_INFINITY;
}

/** Whether one verdict stops a request. */
export function blocks(verdict: RuleVerdict, request: Action, facts: DecisionFacts, exits: Exits): boolean {
  if (verdict.kind === 'allow') return false;
  if (verdict.kind === 'halt' || effectOf(request, facts) !== 'reduce') return true;
  return verdict.kind === 'deny' && exits === 'literal';
}

/** What a rule is asked, before the supervisor and the training range were. */
type Asked = Omit<Question, 'advice' | 'trainingDistance'>;

interface Considered {
  readonly record: ShieldDecision;
  readonly states: Json[];
  readonly latch: Latch | null;
}

/** The supervisor has no account, so nothing is forbidden to it. */
const ALL_ALLOWED = new Uint8Array([1, 1, 1]);

/**
 * The shield of backtest, paper and live, and of training where one wishes. Made by `createShield`.
 * @example
 * createShield({ profile: 'cautious' }) instanceof RuleShield; // => true
 */
export class RuleShield implements Shield {
  readonly exits: Exits;
  readonly #rules: readonly ConfiguredRule[];
  readonly #supervisor: Agent | null;
  readonly #supervisorFeatures: number | null;
  readonly #trainingRange: TrainingRange | null;
  #states: Json[];
  #latch: Latch | null = null;

  constructor(rules: readonly ConfiguredRule[], options: ShieldOptions = {}) {
    this.exits = options.exits ?? 'always-pass';
    this.#rules = rules;
    this.#supervisor = options.supervisor ?? null;
    this.#supervisorFeatures = options.supervisorFeatures ?? null;
    this.#trainingRange = options.trainingRange ?? null;
    this.#states = rules.map(({ rule, config }) => rule.initial(config));
  }

  /** The rules with their thresholds, in the order in which they are asked. */
  get rules(): readonly ConfiguredRule[] {
    return this.#rules;
  }

  /** Why the shield is halted; null while it isn't. */
  get latch(): Latch | null {
    return this.#latch;
  }

  decide(decision: AgentDecision, facts: DecisionFacts): ShieldDecision {
    if (decision.vetoed !== undefined && this.#rules.some(({ rule }) => rule.name === smurf.name)) refuseTwice();
    const { record, states, latch } = this.#consider(decision.action, decision, facts);
    this.#states = states;
    this.#latch = latch;
    return record;
  }

  /** The kill switch: the next decision flattens, and nothing passes until a person resets. */
  halt(code: string, timeMs: number): void {
    this.#latch ??= { rule: 'person', code, numbers: {}, timeMs };
  }

  /**
   * Clears in `mask` (3) the actions that the shield would turn into HOLD at this decision; its state stays as it is.
   * What an agent's own confidence would say isn't known before it has decided, so that rule is silent here.
   */
  maskActions(facts: DecisionFacts, mask: Uint8Array): void {
    for (const action of [SELL, BUY] as const)
      if (mask[action] === 1 && this.#consider(action, null, facts).record.final !== action) mask[action] = 0;
  }

  /** The bits say what the shield allows, whatever the account does. HOLD is never masked. */
  maskObservation(facts: DecisionFacts, mask: Uint8Array, bits: Float32Array | null, at: number): void {
    const allowed = Uint8Array.of(1, 1, 1);
    this.maskActions(facts, allowed);
    mask[SELL] &= allowed[SELL];
    mask[BUY] &= allowed[BUY];
    mask[HOLD] = 1;
    if (bits === null) return;
    bits[at] = allowed[SELL];
    bits[at + 1] = allowed[BUY];
    bits[at + 2] = this.#latch === null ? 0 : 1;
  }

  levels(facts: PositionFacts): ProtectiveLevels {
    let joined: ProtectiveLevels = { stop: Number.NaN, target: Number.NaN };
    for (const { rule, config } of this.#rules)
      if (rule.levels !== undefined) joined = joinLevels(facts.position, joined, rule.levels(config, facts));
    return joined;
  }

  reset(options: { readonly person: boolean } = { person: false }): void {
    if (options.person) this.#latch = null;
    this.#states = this.#rules.map(({ rule, config }, index) =>
      options.person || rule.carry === undefined ? rule.initial(config) : rule.carry(this.#states[index]),
    );
  }

  saveState(): Json {
    const rules = Object.fromEntries(this.#rules.map(({ rule }, index) => [rule.name, this.#states[index]]));
    return structuredClone({ version: 1, latch: this.#latch as Json, rules });
  }

  /** A rule that the saved state doesn't know starts afresh; a rule that is gone is forgotten; the latch is kept. */
  restoreState(state: Json): void {
    const saved = savedSchema.safeParse(state);
    if (!saved.success) throw new InputError("shield: this is not a shield's saved state; restore a backup");
    this.#states = this.#rules.map(({ rule, config }) => {
      if (!(rule.name in saved.data.rules)) return rule.initial(config);
      const parsed = rule.state.safeParse(saved.data.rules[rule.name]);
      if (!parsed.success)
        throw new InputError(`shield: the saved state of rule ${rule.name} is damaged; restore a backup`);
      return parsed.data as Json;
    });
    this.#latch = saved.data.latch;
  }

  /** The decision and the state after it, which stays here. `decision` is null where only a mask is wanted. */
  #consider(action: Action, decision: AgentDecision | null, facts: DecisionFacts): Considered {
    let latch = this.#latch;
    const verdicts: { rule: string; verdict: RuleVerdict }[] =
      latch === null ? [] : [{ rule: 'latch', verdict: halt(latch.code, { sinceMs: latch.timeMs }) }];
    const states = [...this.#states];
    let request = action;
    const readable = areReadable(facts);
    if (!readable) {
      const { close, position, equity } = facts;
      verdicts.push({ rule: 'facts', verdict: reduceOnly('unreadable-facts', { close, position, equity }) });
    }
    const asked = readable ? this.#rules : [];
    for (const [index, { rule, config }] of asked.entries()) {
      const { verdict, state } = this.#ask(rule, config, states[index], { request, facts, decision });
      verdicts.push({ rule: rule.name, verdict });
      states[index] = state;
      if (verdict.kind === 'halt') {
        const { code, numbers } = verdict;
        latch ??= { rule: rule.name, code, numbers, timeMs: facts.timeMs };
      }
      // The supervisor comes first; every later rule sees the request as it left it.
      if (rule.name === smurf.name && blocks(verdict, request, facts, this.exits)) request = HOLD;
    }
    const final = verdicts.some(({ verdict }) => blocks(verdict, request, facts, this.exits)) ? HOLD : request;
    const flatten = latch !== null && facts.position !== 0;
    const ordered = flatten || effectOf(final, facts) !== 'none';
    for (const [index, { rule, config }] of asked.entries())
      states[index] = rule.settle?.(config, states[index], facts, ordered) ?? states[index];
    const reducing = verdicts.some(({ verdict }) => verdict.kind === 'reduce-only');
    const state = latch !== null ? 'HALTED' : reducing ? 'REDUCING' : 'ACTIVE';
    return { record: { requested: request, final, state, flatten, verdicts }, states, latch };
  }

  /** A rule that fails halts: whatever it guards is unguarded now. */
  #ask(rule: AnyRule, config: Thresholds, state: Json, asked: Asked): RuleResult<Json> {
    try {
      // What costs time is worked out for the one rule that looks at it.
      const advice = rule.name === smurf.name ? this.#advise(asked.facts) : null;
      const trainingDistance = rule.name === outOfRange.name ? this.#measure(asked.facts) : null;
      return rule.judge(config, state, { ...asked, advice, trainingDistance });
    } catch (error) {
      return { verdict: halt(`rule-failed: ${(error as Error).message}`, {}), state };
    }
  }

  #measure(facts: DecisionFacts): number | null {
    return this.#trainingRange === null ? null : measureDistance(this.#trainingRange, facts);
  }

  #advise(facts: DecisionFacts): Action | null {
    if (this.#supervisor === null) return null;
    return this.#supervisor.getAction({ values: takeColumns(facts, this.#supervisorFeatures), mask: ALL_ALLOWED });
  }
}

function refuseTwice(): never {
  throw new InputError(
    'shield: the agent is an IntegratedAgent and has its supervisor already; leave out the rule smurf',
  );
}

/**
 * The shield of a profile with a user's changes.
 * @example
 * createShield({ profile: 'balanced', without: ['spread'] }).rules.length > 10; // => true
 */
export function createShield(options: ShieldOptions = {}): RuleShield {
  const { profile = 'cautious', overrides, without, supervisor, primary } = options;
  let rules = configureRules(profile, overrides, without);
  if (rules.some(({ rule }) => rule.name === smurf.name)) {
    if (supervisor === undefined) {
      if (profile === 'spec' || overrides?.smurf !== undefined)
        throw new InputError('shield: the rule smurf needs a supervisor: name its checkpoint, or leave the rule out');
      rules = rules.filter(({ rule }) => rule.name !== smurf.name);
    } else if (primary?.kind === 'integrated' || supervisor.kind === 'integrated') refuseTwice();
  }
  return new RuleShield(rules, { ...options, exits: options.exits ?? exitsOf(profile) });
}
