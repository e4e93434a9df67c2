/** From a profile's name to rules with thresholds. A profile is what the rule files say about it. */
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { type AnyRule, PROFILES, type Profile, type Thresholds } from './rule.ts';
import { RULES } from './rules/index.ts';

/**
 * `always-pass`: a denial can't stop a request that reduces the position. `literal`: a denial turns any request into
 * HOLD, as the specification says word for word; it applies to denials only, never to stops and halts.
 */
export type Exits = 'always-pass' | 'literal';

/** Rule name to what differs from the profile; `false` leaves the rule out, `{}` takes it in as it stands. */
export type Overrides = Readonly<Record<string, Readonly<Record<string, unknown>> | false>>;

/** A rule with its thresholds settled. */
export interface ConfiguredRule {
  readonly rule: AnyRule;
  readonly config: Thresholds;
}

/** The part of a configuration file that describes a shield. */
export const shieldSchema = z.strictObject({
  profile: z.enum(PROFILES).default('cautious'),
  exits: z.enum(['always-pass', 'literal']).optional(),
  rules: z
    .strictObject(
      Object.fromEntries(
        RULES.map((rule) => [rule.name, z.union([z.literal(false), rule.config.partial()]).optional()]),
      ),
    )
    .prefault({}),
});

/** How a profile treats exits where nobody says otherwise. */
export function exitsOf(profile: Profile): Exits {
  return profile === 'spec' ? 'literal' : 'always-pass';
}

/** A rule's thresholds in a profile; null where the profile doesn't have it. */
export function profileConfig(rule: AnyRule, profile: Profile): Thresholds | null {
  const differences = rule.profiles[profile];
  return differences === undefined ? null : ({ ...rule.standard, ...differences } as Thresholds);
}

function requireRule(name: string): void {
  if (!RULES.some((rule) => rule.name === name))
    throw new InputError(
      `shield: there is no rule '${name}'; the rules are ${RULES.map((rule) => rule.name).join(', ')}`,
    );
}

function checkConfig(rule: AnyRule, config: unknown): Thresholds {
  const parsed = rule.config.safeParse(config);
  if (parsed.success) return parsed.data as Thresholds;
  const issue = parsed.error.issues[0];
  const known = Object.keys(rule.config.shape);
  if (issue.code === 'unrecognized_keys')
    throw new InputError(
      `shield: rule ${rule.name} has no threshold '${issue.keys[0]}'; it has ${known.length === 0 ? 'none' : known.join(', ')}`,
    );
  throw new InputError(`shield: ${[rule.name, ...issue.path].join('.')}: ${issue.message}`);
}

/**
 * The rules of a profile, with a user's changes, in the order in which they are asked.
 * @example
 * configureRules('none', { 'stop-loss': {} }).length; // => 1
 */
export function configureRules(
  profile: Profile,
  overrides: Overrides = {},
  without: readonly string[] = [],
): ConfiguredRule[] {
  if (!PROFILES.includes(profile))
    throw new InputError(`shield: there is no profile '${profile}'; the profiles are ${PROFILES.join(', ')}`);
  for (const name of [...Object.keys(overrides), ...without]) requireRule(name);
  return RULES.flatMap((rule) => {
    const change = overrides[rule.name];
    const base = profileConfig(rule, profile);
    if (change === false || without.includes(rule.name) || (base === null && change === undefined)) return [];
    return [{ rule, config: checkConfig(rule, { ...(base ?? rule.standard), ...change }) }];
  });
}
