/**
 * What a plugin is written with: `import { definePlugin } from 'tradernet/plugin'`. A plugin adds to the lists of
 * indicators, feature sets, rewards, rules, baselines, encoders, agents, sources and venues; what it adds is chosen by
 * name like what is built in, and its content hash stands in every checkpoint, registration and journal that it had a
 * part in. `examples/plugins/` has one of each kind.
 */
import type { LearnerType } from './agents/agent-type.ts';
import type { Json } from './core/json.ts';
import type { Reward } from './env/rewards/reward.ts';
import type { Baseline } from './evaluate/baselines/baseline.ts';
import type { CandleVenue } from './exchange/candle-venue.ts';
import type { IndicatorType } from './features/indicator.ts';
import type { CandleSource } from './market/import/candle-source.ts';
import type { Encoder } from './nn/encoders/encoder.ts';
import type { AnyRule, Rule, Thresholds } from './shield/rule.ts';

export { z } from 'zod';
export type { Account, AccountConfig } from './core/account.ts';
export { ACTION_NAMES, type Action, BUY, HOLD, SELL } from './core/action.ts';
export { type Agent, type AgentDecision, type Observation, PLAIN } from './core/agent.ts';
export type { Candle, CandleSeries } from './core/candle.ts';
export { InputError } from './core/errors.ts';
export { exp, log, tanh } from './core/math.ts';
export { setting } from './core/setting.ts';
export type { DecisionFacts } from './core/shield.ts';
export type { AccountReward, Reward, TableReward } from './env/rewards/reward.ts';
export type { Baseline, BaselineContext } from './evaluate/baselines/baseline.ts';
export type { CandleVenue } from './exchange/candle-venue.ts';
export { Ema, emaWeight } from './features/ema.ts';
export { bars, choice, decayBars, defineIndicator, type IndicatorType } from './features/indicator.ts';
export { RollingMax, RollingWindow } from './features/rolling.ts';
export type { CandleSource } from './market/import/candle-source.ts';
export { defineEncoder, hidden, width } from './nn/encoders/encoder.ts';
export { convolution } from './nn/layers/convolution.ts';
export { dense } from './nn/layers/dense.ts';
export { ALLOW, deny, halt, noState, type Rule, reduceOnly, threshold } from './shield/rule.ts';

/** What a plugin's file exports by default, made by `definePlugin`. Every part may be left out. */
export interface Plugin {
  /** As messages, checkpoints and journals call it; default: its file's name. */
  readonly name?: string;
  readonly indicators?: readonly IndicatorType[];
  /** Name to the text that describes it: `{ 'mine': 'tradernet21 + my-indicator(3) - hour' }`. */
  readonly featureSets?: Readonly<Record<string, string>>;
  readonly rewards?: readonly Reward[];
  /** `asRule` forgets a rule's own types. */
  readonly rules?: readonly AnyRule[];
  readonly baselines?: readonly Baseline[];
  readonly encoders?: readonly Encoder[];
  /** A function where the agents need networks: `async () => (await import('./my-agent.ts')).agents`. */
  readonly agents?: readonly LearnerType[] | (() => Promise<readonly LearnerType[]>);
  /** Files of candles in a form of one's own: `data import FILE --source NAME`. */
  readonly sources?: readonly CandleSource[];
  /** Where candles can be downloaded from: `data download --venue NAME`. None of them can be traded on. */
  readonly venues?: readonly CandleVenue[];
}

/**
 * The plugin itself; this gives its parts their types.
 * @example
 * definePlugin({ featureSets: { short: 'rsi + hour' } }).featureSets?.short; // => 'rsi + hour'
 */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}

/** A rule among a plugin's, its own types of thresholds and state forgotten. */
export function asRule<Config extends Thresholds, State extends Json>(rule: Rule<Config, State>): AnyRule {
  return rule as unknown as AnyRule;
}
