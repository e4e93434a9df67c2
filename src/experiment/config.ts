/** Every setting of an experiment: data to folds, a training, an evaluation. Each states its unit, default and meaning. */
import { z } from 'zod';
import { LEARNERS, type LearnerName } from '../agents/index.ts';
import { InputError } from '../core/errors.ts';
import { setting } from '../core/setting.ts';
import { REWARD_NAMES, rewardNamed } from '../env/rewards/index.ts';
import { featureSet, featureSetNames } from '../features/sets.ts';
import { configureRules } from '../shield/profiles.ts';
import { PROFILES } from '../shield/rule.ts';
import { PRESET_NAMES, PRESETS } from './presets.ts';

const rate = (maximum: number) => z.number().min(0).max(maximum);
const count = z.number().int().min(1);
const share = z.number().gt(0).lt(1);

const moment = z
  .union([z.iso.date(), z.iso.datetime()], { error: 'not a date: write 2024-01-31 or 2024-01-31T12:00:00Z' })
  .nullable();

/** What `check` lets pass; its InputError is the message. */
const checked = <S extends z.ZodType>(schema: S, check: (value: z.output<S>) => unknown): S =>
  schema.superRefine((value, context) => {
    try {
      check(value);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });

const known = (find: (name: string) => unknown) => checked(z.string(), find);

/** What `training.agent` may be. */
export const LEARNER_NAMES: readonly LearnerName[] = LEARNERS.map(({ name }) => name);

type LearnerSections = {
  [Type in (typeof LEARNERS)[number] as Type['name']]: z.ZodPrefault<Type['settings']>;
};

/** A section of settings for each agent, under its name. */
const learnerSections = Object.fromEntries(
  LEARNERS.map(({ name, settings }) => [name, (settings as z.ZodObject).prefault({})]),
) as unknown as LearnerSections;

/** One way to write a set, so that the same columns are the same trial. */
function writeOutSet(text: string): string {
  try {
    return text === 'auto' ? text : featureSet(text).name;
  } catch {
    return text;
  }
}

/**
 * The settings file: every section with its defaults, units and meanings. Unknown names are refused, former ones taken.
 * @example
 * experimentSchema.parse({ seed: 3 }).account.feeRate; // => 0.001
 */
export const experimentSchema = z.strictObject({
  preset: setting(
    z.enum(PRESET_NAMES).nullable(),
    null,
    'choice',
    `numbers that stand under what is set here; ${PRESET_NAMES.map((name) => `${name}: ${PRESETS[name].doc}`).join('; ')}`,
  ),
  seed: setting(z.number().int().min(0), 1, 'integer', 'the same seed gives the same bytes'),
  market: z
    .strictObject({
      venue: setting(z.string().min(1), 'synthetic', 'name', 'where the candles came from'),
      timeframe: setting(z.string().regex(/^\d+[smhdw]$/), '1h', 'length', 'bar length: 15m, 1h, 1d'),
    })
    .prefault({}),
  account: z
    .strictObject({
      mode: setting(z.enum(['spot', 'margin']), 'spot', 'choice', 'spot never goes below flat; margin may be short'),
      startingEquity: setting(z.number().positive(), 10_000, 'quote', 'equity at the start of an evaluation'),
      maxUnits: setting(count.max(100), 4, 'units', 'the position is built in at most this many units'),
      unitQuote: setting(
        z.number().positive().nullable(),
        null,
        'quote',
        'fixed size of a unit; null: equity / maxUnits',
      ),
      feeRate: setting(rate(0.1), 0.001, 'share of notional, a side', 'trading fee'),
      slippageRate: setting(rate(0.1), 0.0005, 'share of price, a side', 'how much worse than the open an order fills'),
      quantityStep: setting(z.number().min(0), 0, 'base', 'smallest quantity increment; 0: none'),
      borrowRatePerYear: setting(rate(10), 0.1, 'share a year', 'cost of borrowing (margin only)'),
    })
    .prefault({}),
  features: z
    .strictObject({
      set: setting(
        known((text) => text === 'auto' || featureSet(text)).overwrite(writeOutSet),
        'auto',
        'text',
        `auto: the largest scale-free set that the data supports; or ${featureSetNames().join(', ')}, and indicators added or columns taken out, as in 'tradernet21 + atr(14) - hour'`,
      ),
      window: setting(count.max(512), 12, 'bars', 'length of the window that an agent sees'),
      scaler: setting(z.enum(['min-max', 'standardise']), 'standardise', 'name', 'fitted on the training fold only'),
      columnScale: setting(
        z.number().positive().max(10),
        0.1,
        'factor',
        "deviation of a standardised column, and the account's columns times it; 1 makes a network fit noise",
      ),
      clip: setting(z.number().positive(), 5, 'deviations', 'beyond which a standardised value says nothing more'),
      accountFeatures: setting(
        z.boolean(),
        true,
        'yes/no',
        "the account's columns follow the market's: four, or for exact the units held",
      ),
    })
    .prefault({}),
  split: z
    .strictObject({
      train: setting(share, 0.7, 'share of bars', 'training fold, the oldest bars'),
      validation: setting(share, 0.15, 'share of bars', 'validation fold; the rest is the test fold'),
      trainFrom: setting(moment, null, 'date', 'first bar of the training fold; null: the first there is'),
      validationFrom: setting(moment, null, 'date', 'first bar of the validation fold; null: by the shares'),
      testFrom: setting(
        moment,
        null,
        'date',
        'first bar of the test fold; what lies before is shared by training and validation; null: by the shares',
      ),
      testTo: setting(
        moment,
        null,
        'date',
        'first bar after the test fold; null: the test goes to the end of the data',
      ),
    })
    .prefault({}),
  training: z
    .strictObject({
      agent: setting(z.enum(LEARNER_NAMES), LEARNER_NAMES[0], 'choice', 'the algorithm'),
      steps: setting(
        count.nullable(),
        null,
        'environment steps',
        "how long to train; null: as long as the agent's kind takes on this many bars",
      ),
      reward: setting(
        known(rewardNamed),
        'market-order',
        'name',
        `what training pays for; evaluation goes through the account: ${REWARD_NAMES}`,
      ),
      rewardScale: setting(z.number().positive(), 100, 'factor', 'training multiplies the reward by it'),
      maskByShield: setting(
        z.enum(PROFILES).nullable(),
        null,
        'choice',
        'profile that, with shield.rules and shield.exits, masks what it denies while training, seen in columns of its own; null: no mask',
      ),
      episodeBars: setting(z.number().int().min(0), 720, 'bars', 'longest training episode; 0: to the end of the fold'),
      validateEvery: setting(
        count.nullable(),
        null,
        'environment steps',
        'how often the validation fold is run; null: ten times in all',
      ),
      checkpointEvery: setting(
        count.nullable(),
        null,
        'environment steps',
        'how often last/ is written; null: ten times in all',
      ),
    })
    .prefault({}),
  ...learnerSections,
  evaluation: z
    .strictObject({
      bootstrapSamples: setting(
        count.min(1000).max(100_000),
        2000,
        'samples',
        'of the block bootstrap behind the verdict and the walk-forward',
      ),
    })
    .prefault({}),
  shield: z
    .strictObject({
      profile: setting(z.enum(PROFILES), 'cautious', 'choice', 'rules and thresholds'),
      exits: setting(
        z.enum(['always-pass', 'literal']).nullable(),
        null,
        'choice',
        "whether a denial may stop a reduction of risk; null: the profile's",
      ),
      rules: setting(
        checked(z.record(z.string(), z.union([z.literal(false), z.record(z.string(), z.unknown())])), (rules) =>
          configureRules('none', rules),
        ),
        {},
        'rule -> thresholds',
        'what differs from the profile; false leaves a rule out, {} takes it in as it stands',
      ),
    })
    .prefault({}),
});

/** A settings file, parsed. */
export type ExperimentConfig = z.output<typeof experimentSchema>;

/** A configuration without the sections of the agents that it does not train. */
export function dropOtherAgents<Config extends Pick<ExperimentConfig, 'training'>>(config: Config): Config {
  const others = LEARNER_NAMES.filter((name) => name !== config.training.agent);
  return Object.fromEntries(
    Object.entries(config).filter(([section]) => !others.some((name) => name === section)),
  ) as Config;
}
