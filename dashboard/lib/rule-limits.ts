/**
 * How far each rule is from its limit at one decision. A rule that allows says no number; but rules are pure, so one is
 * asked once more, in the state in which it was, with a threshold so tight that it must object, and its objection holds
 * the number. What the threshold means, and which way it is tight, the rule's own schema says.
 */
import type { Action } from '../../src/core/action.ts';
import type { AgentDecision } from '../../src/core/agent.ts';
import type { Json } from '../../src/core/json.ts';
import type { DecisionFacts, RuleVerdict } from '../../src/core/shield.ts';
import type { ConfiguredRule } from '../../src/shield/index.ts';

/** A threshold and how much of it is used. */
export interface LimitReading {
  readonly rule: string;
  readonly threshold: string;
  readonly unit: string;
  readonly limit: number;
  /** In the limit's unit; null where the rule has nothing to measure now. */
  readonly value: number | null;
  /** 0 to 1 and beyond; null as `value`. */
  readonly used: number | null;
}

/** What a rule said, and how near it was. */
export interface RuleReading {
  readonly rule: string;
  readonly doc: string;
  readonly verdict: RuleVerdict;
  readonly limits: readonly LimitReading[];
}

/** Which of a rule's numbers is held against a threshold. */
const MEASURED: Readonly<Record<string, (numbers: Readonly<Record<string, number>>, facts: DecisionFacts) => number>> =
  {
    'confidence.maxEntropy': ({ entropy }) => entropy,
    'confidence.minQGap': ({ gap }) => gap,
    'daily-loss.maxLoss': ({ equity, start }) => Math.max(0, 1 - equity / start),
    'gappy-data.maxGapBars': ({ gapBars }) => gapBars,
    'max-drawdown.reduceAt': ({ equity, reference }) => 1 - equity / reference,
    'max-drawdown.haltAt': ({ drawdown }) => drawdown,
    'max-leverage.maxLeverage': ({ notional, equity }) => notional / equity,
    'max-notional.maxMultiple': ({ notional }, { startingEquity }) => notional / startingEquity,
    'max-position.maxShare': ({ units, maxUnits }) => Math.abs(units) / maxUnits,
    'order-rate.perHour': ({ hour }) => hour,
    'order-rate.perDay': ({ day }) => day,
    'out-of-range.maxClippedShare': ({ clippedShare }) => clippedShare,
    'volatility-spike.maxRatio': ({ ratio }) => ratio,
    'stop-loss.distance': (_, { close, entryPrice, position }) =>
      Math.max(0, Math.sign(position) * (1 - close / entryPrice)),
    'take-profit.distance': (_, { close, entryPrice, position }) =>
      Math.max(0, Math.sign(position) * (close / entryPrice - 1)),
  };

/** Tight enough to object to anything; each satisfies no schema and needs none. */
const TIGHTEST: Readonly<Record<string, number>> = { lower: -1e9, higher: 1e9 };

interface Moment {
  readonly state: Json;
  readonly request: Action;
  readonly facts: DecisionFacts;
  readonly decision: AgentDecision;
}

export function readRule({ rule, config }: ConfiguredRule, verdict: RuleVerdict, moment: Moment): RuleReading {
  const limits = Object.entries(rule.config.shape).flatMap(([threshold, schema]): LimitReading[] => {
    const measure = MEASURED[`${rule.name}.${threshold}`];
    const limit = config[threshold];
    if (measure === undefined || typeof limit !== 'number') return [];
    const { unit, tighter } = schema.meta() as { unit: string; tighter: string };
    const numbers = provoke({ rule, config }, threshold, TIGHTEST[tighter], moment);
    const measured = numbers === null ? Number.NaN : measure(numbers, moment.facts);
    const value = Number.isFinite(measured) ? measured : null;
    const used = value === null ? null : tighter === 'lower' ? ratio(value, limit) : ratio(limit, value);
    return [{ rule: rule.name, threshold, unit, limit, value, used }];
  });
  return { rule: rule.name, doc: rule.doc, verdict, limits };
}

const ratio = (value: number, limit: number): number => (limit > 0 ? Math.max(0, value / limit) : value > 0 ? 1 : 0);

/** The numbers of the objection that a threshold so tight brings; null where there is none. */
function provoke(
  { rule, config }: ConfiguredRule,
  threshold: string,
  tightest: number,
  { state, request, facts, decision }: Moment,
): Readonly<Record<string, number>> | null {
  try {
    const question = { request, facts, decision, advice: null, trainingDistance: null };
    const { verdict } = rule.judge({ ...config, [threshold]: tightest }, state, question);
    // A rule with a protective level measures from the facts alone.
    return verdict.kind === 'allow' ? (facts.position !== 0 ? {} : null) : verdict.numbers;
  } catch {
    return null;
  }
}
