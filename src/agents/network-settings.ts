import type { z } from 'zod';
import type { NetworkConfig, networkSettings } from '../nn/index.ts';
import type { AgentSpec } from './checkpoint.ts';

export { networkSettings } from '../nn/index.ts';

/** The networks of an agent that sees what `spec` says. */
export function networkFor(spec: AgentSpec, settings: z.output<typeof networkSettings>): NetworkConfig {
  return { ...settings, window: spec.window, features: spec.columns.length + spec.accountColumns.length };
}
