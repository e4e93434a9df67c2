/**
 * What is asked of whatever stands in a list, as far as it can be asked without knowing what it computes: nothing from
 * the future, the same twice, a state that can be saved. A plugin's parts are put to it by `tradernet plugin check`.
 */
import type { PluggedList } from '../core/plugged.ts';
import type { Kernels } from '../nn/index.ts';
import { checkAgent } from './agents.ts';
import { checkBaseline } from './baselines.ts';
import { checkSource, checkVenue } from './data.ts';
import { checkEncoder } from './encoders.ts';
import { checkFeatureSet, checkIndicator } from './features.ts';
import { checkReward } from './rewards.ts';
import { checkRule } from './rules.ts';

/** What is wrong with the one of this name in its list, a line each; empty where nothing is. */
export type Contract = (name: string, kernels: Kernels) => readonly string[];

/** The contract of each list. */
export const CONTRACTS: Readonly<Record<PluggedList, Contract>> = {
  indicators: checkIndicator,
  featureSets: checkFeatureSet,
  rewards: checkReward,
  rules: checkRule,
  baselines: checkBaseline,
  encoders: checkEncoder,
  agents: checkAgent,
  sources: checkSource,
  venues: checkVenue,
};
