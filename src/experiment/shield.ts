/** The shield of an experiment. */

import type { AgentSpec, LoadedAgent } from '../agents/index.ts';
import { SHIELD_COLUMNS } from '../core/shield.ts';
import { createShield, type Overrides, type Profile, type RuleShield, rangeOf } from '../shield/index.ts';
import type { ExperimentConfig } from './config.ts';

/** The shield that masks a training: a profile with the user's own rules and exits. A supervisor has no part in it. */
export function maskingShield(
  profile: Profile,
  { exits, rules }: Pick<ExperimentConfig['shield'], 'exits' | 'rules'>,
  spec: Pick<AgentSpec, 'trainingRange'>,
): RuleShield {
  return createShield({
    profile,
    ...(exits === null ? {} : { exits }),
    overrides: rules as Overrides,
    without: ['smurf'],
    ...rangeOf(spec),
  });
}

/** What of a shield's settings decides a training: what differs from the profile that masks it; nothing where none does. */
export function maskSettings({ training, shield: { exits, rules } }: Pick<ExperimentConfig, 'training' | 'shield'>): {
  readonly mask?: Pick<ExperimentConfig['shield'], 'exits' | 'rules'>;
} {
  const differs = exits !== null || Object.keys(rules).length > 0;
  return training.maskByShield !== null && differs ? { mask: { exits, rules } } : {};
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
