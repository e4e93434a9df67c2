/** The shield's public names. */
export { effectOf } from './exposure.ts';
export {
  type ConfiguredRule,
  configureRules,
  type Exits,
  exitsOf,
  type Overrides,
  profileConfig,
  shieldSchema,
} from './profiles.ts';
export {
  ALLOW,
  deny,
  halt,
  type NoState,
  noState,
  PROFILES,
  type Profile,
  type Question,
  type Rule,
  type RuleResult,
  reduceOnly,
  threshold,
} from './rule.ts';
export { RULES } from './rules/index.ts';
export { createShield, type Latch, RuleShield, type ShieldOptions } from './shield.ts';
export { listThresholds, printThresholdTables, type ThresholdRow } from './table.ts';
export { fitTrainingRange, rangeOf, type TrainingRange, trainingRangeSchema } from './training-range.ts';
