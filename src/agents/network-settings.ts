import { z } from 'zod';
import { setting } from '../core/setting.ts';
import { DEFAULT_NETWORK, type NetworkConfig } from '../nn/index.ts';
import type { AgentSpec } from './checkpoint.ts';

const { filters, kernelSize, padding, hidden } = DEFAULT_NETWORK;
const width = z.int().min(1).max(4096);

/** Sizes of the encoders; what the observation decides (bars, columns) is not set but taken from it. */
export const networkSettings = z.strictObject({
  filters: setting(width, filters, 'filters', 'of the convolution over time'),
  kernelSize: setting(z.int().min(1).max(63), kernelSize, 'bars', 'under the convolution, odd'),
  padding: setting(z.enum(['same', 'valid']), padding, 'choice', 'same keeps the number of bars, valid shortens it'),
  hidden: setting(z.tuple([width, width]), [hidden[0], hidden[1]], 'units', 'of the two dense layers'),
});

/** The networks of an agent that sees what `spec` says. */
export function networkFor(spec: AgentSpec, settings: z.output<typeof networkSettings>): NetworkConfig {
  return { ...settings, window: spec.window, features: spec.columns.length + spec.accountColumns.length };
}
