/** What the contract of agents asks of each: small settings, what its settings change, and who else says it is right. */
import type { Learner } from '../../../src/agents/index.ts';
import type { Observation } from '../../../src/core/agent.ts';

/** How long, and with which settings. */
export interface Lesson {
  readonly steps: number;
  readonly config: object;
}

export interface AgentCase {
  /** The test that compares its updates with another implementation's, or why there is none and what stands instead. */
  readonly golden: { readonly test: string } | { readonly why: string };
  /** The defaults of its settings, and why they are what they are stands where they were measured. */
  readonly defaults: object;
  /** Environments that step together in its small trainings, and settings with which 64 steps have an update. */
  readonly environments: number;
  readonly small: object;
  /** Environment steps between two looks at a stop signal. */
  readonly step: number;
  /** Another value of each setting, with what else has to be set for it to matter. */
  readonly others: Readonly<Record<string, object>>;
  /** Names of what its training steps report. */
  readonly reports: readonly string[];
  /** Settings with which a training diverges; null for one that can't. */
  readonly diverging: object | null;
  /** (12 bars, 21 market columns, 4 account columns) the shapes of its tensors at the default sizes. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** What it says where the shield masks its training; null where that is done. */
  readonly refusesMask: RegExp | null;
  /** How it values a state in which every step pays 1, at a discount of 0.8; null for one that keeps no values. */
  readonly values: { readonly config: object; value(agent: Learner, obs: Observation): number } | null;
  /** The toy worlds by name; null for those that it isn't made for. */
  readonly toys: Readonly<Record<string, Lesson | null>>;
}

export const NETWORK = { filters: 4, hidden: [8, 8] };
export const DEFAULT_NETWORK = { encoder: 'conv', filters: 32, kernelSize: 3, padding: 'same', hidden: [256, 256] };

/** Another value of each size of the network. */
export const OTHER_NETWORKS = {
  'network.encoder': { network: { encoder: 'mlp', hidden: NETWORK.hidden } },
  'network.filters': { network: { ...NETWORK, filters: 3 } },
  'network.kernelSize': { network: { ...NETWORK, kernelSize: 1 } },
  'network.padding': { network: { ...NETWORK, padding: 'valid' } },
  'network.hidden': { network: { ...NETWORK, hidden: [8, 9] } },
};

/** The tensors of an encoder over `columns`, named as a PyTorch module of the specification's sizes names them. */
export const encoderTensors = (prefix: string, columns = 25) => ({
  [`${prefix}.encoder.conv.weight`]: [32, columns, 3],
  [`${prefix}.encoder.conv.bias`]: [32],
  [`${prefix}.encoder.dense1.weight`]: [256, 384],
  [`${prefix}.encoder.dense1.bias`]: [256],
  [`${prefix}.encoder.dense2.weight`]: [256, 256],
  [`${prefix}.encoder.dense2.bias`]: [256],
});

export const headTensors = (prefix: string, outputs: number) => ({
  [`${prefix}.head.weight`]: [outputs, 256],
  [`${prefix}.head.bias`]: [outputs],
});
