/** The shield of an experiment. */

import type { AgentSpec, LoadedAgent } from '../agents/index.ts';
import { SHIELD_COLUMNS } from '../core/shield.ts';
import { createShield, type Overrides, type Profile, type RuleShield, rangeOf } from '../shield/index.ts';
import type { ExperimentConfig } from './config.ts';

/** The shield that masks a training. A supervisor has no part in it. */
export function maskingShield(profile: Profile, spec: Pick<AgentSpec, 'trainingRange'>): RuleShield {
  return createShield({ profile, without: ['smurf'], ...rangeOf(spec) });
}

/** The columns that a shield adds to an observation, of an agent whose training was masked. */
export function shieldColumns({ maskByShield }: ExperimentConfig['training']): readonly string[] {
  return maskByShield === null ? [] : SHIELD_COLUMNS;
}

export interface ShieldParts {
  /** Rules to leave out. */
  readonly without?: readonly string[];
  /** The agent behind the rule `smurf`. */
  readonly supervisor?: LoadedAgent;
}

/** The shield that a configuration describes, around this agent. An integrated agent is its own rule `smurf`. */
export function shieldFor(config: ExperimentConfig, agent: LoadedAgent, parts: ShieldParts = {}): RuleShield {
  const { profile, exits, rules } = config.shield;
  const { supervisor, without = [] } = parts;
  const supervised = agent.kind === 'integrated' && supervisor === undefined && rules.smurf === undefined;
  return createShield({
    profile,
    ...(exits === null ? {} : { exits }),
    overrides: rules as Overrides,
    without: supervised ? [...without, 'smurf'] : without,
    primary: agent,
    ...rangeOf(agent.spec),
    ...(supervisor === undefined ? {} : { supervisor, supervisorFeatures: supervisor.spec.columns.length }),
  });
}
