/** `tradernet.json`: one schema, in which each value states its unit, default and meaning. Flags override the file. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { listSettings, setting } from '../core/setting.ts';

const rate = (maximum: number) => z.number().min(0).max(maximum);
const count = z.number().int().min(1);

export const CONFIG_FILE = 'tradernet.json';

export const configSchema = z.strictObject({
  seed: setting(z.number().int().min(0), 1, 'integer', 'the same seed gives the same bytes'),
  market: z
    .strictObject({
      venue: setting(z.string().min(1), 'synthetic', 'name', 'where the candles came from'),
      timeframe: setting(z.string().regex(/^\d+[smhd]$/), '1h', 'length', 'bar length: 15m, 1h, 1d'),
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
        z.enum(['auto', 'tradernet21', 'tradernet20', 'tradernet19', 'tradernet21-published']),
        'auto',
        'name',
        'auto: the largest scale-free set that the data supports',
      ),
      timeframe: setting(count.max(512), 12, 'bars', 'length of the window that an agent sees'),
      scaler: setting(z.enum(['min-max', 'standardise']), 'standardise', 'name', 'fitted on the training fold only'),
      accountFeatures: setting(z.boolean(), true, 'yes/no', 'four account columns follow the market columns'),
    })
    .prefault({}),
  split: z
    .strictObject({
      train: setting(z.number().gt(0).lt(1), 0.7, 'share of bars', 'training fold, the oldest bars'),
      validation: setting(z.number().gt(0).lt(1), 0.15, 'share of bars', 'validation fold; the rest is the test fold'),
      testBars: setting(
        z.number().int().min(0),
        0,
        'bars',
        'length of the test fold in bars; 0: what the shares leave',
      ),
    })
    .prefault({}),
  training: z
    .strictObject({
      agent: setting(z.enum(['ppo', 'dqn']), 'ppo', 'choice', 'the algorithm'),
      steps: setting(count, 200_000, 'environment steps', 'how long to train'),
      reward: setting(
        z.string(),
        'market-order',
        'name',
        'what training pays for; evaluation always goes through the account',
      ),
      rewardScale: setting(z.number().positive(), 100, 'factor', 'training multiplies the reward by it'),
      episodeBars: setting(z.number().int().min(0), 720, 'bars', 'longest training episode; 0: to the end of the fold'),
      validateEvery: setting(count, 20_000, 'environment steps', 'how often the validation fold is run'),
      checkpointEvery: setting(count, 20_000, 'environment steps', 'how often last/ is written'),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      bootstrapSamples: setting(count.max(100_000), 2000, 'samples', 'of the block bootstrap'),
    })
    .prefault({}),
  shield: z
    .strictObject({
      profile: setting(z.enum(['cautious', 'balanced', 'spec', 'none']), 'cautious', 'choice', 'rules and thresholds'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
/** Dotted path to value, as flags and `--set` give them. */
export type ConfigOverrides = Readonly<Record<string, unknown>>;

export interface ConfigOrigin {
  readonly config: Config;
  /** Dotted path to where its value came from; a path that is missing here has its default. */
  readonly origins: ReadonlyMap<string, string>;
}

function assignPath(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  let node = target;
  for (const key of keys.slice(0, -1)) {
    node[key] ??= {};
    node = node[key] as Record<string, unknown>;
  }
  node[keys[keys.length - 1]] = value;
}

function listLeaves(value: unknown, prefix = ''): string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, prefix === '' ? key : `${prefix}.${key}`));
}

/** The nearest known path or section, for a typing error; a path that begins as typed is nearer than any other. */
function nearest(path: string, known: readonly string[]): string {
  const distance = (a: string, b: string): number => {
    let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++)
        row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      previous = row;
    }
    return previous[b.length];
  };
  const sections = known.flatMap((one) => (one.includes('.') ? [one.slice(0, one.lastIndexOf('.'))] : []));
  const cost = (one: string): number => (one.startsWith(path) ? 0 : distance(path, one));
  return [...known, ...sections].sort((a, b) => cost(a) - cost(b))[0];
}

/** Reads the file in `folder` (or `file`), puts `overrides` over it, and checks the whole. */
export function readConfig(folder: string, overrides: ConfigOverrides = {}, file?: string): ConfigOrigin {
  const path = file === undefined ? join(folder, CONFIG_FILE) : join(folder, file);
  let raw: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  if (existsSync(path)) {
    try {
      raw = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw new InputError(`${path}: not valid JSON (${(error as Error).message}); mend it or remove it`);
    }
    if (raw === null || typeof raw !== 'object' || Array.isArray(raw))
      throw new InputError(`${path}: must hold a JSON object such as {"account": {"feeRate": 0.001}}`);
    for (const leaf of listLeaves(raw)) origins.set(leaf, path);
  } else if (file !== undefined) {
    throw new InputError(`${path}: there is no such config file; leave --config out to use the defaults`);
  }
  const merged = structuredClone(raw);
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    assignPath(merged, key, value);
    origins.set(key, 'flag');
  }
  const parsed = configSchema.safeParse(merged);
  if (parsed.success) return { config: parsed.data, origins };
  const issue = parsed.error.issues[0];
  const known = listSettings(configSchema).map((row) => row.path);
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = at === '' ? issue.keys[0] : `${at}.${issue.keys[0]}`;
    const origin = origins.get(unknown) ?? [...origins].find(([key]) => key.startsWith(`${unknown}.`))?.[1] ?? path;
    throw new InputError(
      `config: there is no setting '${unknown}' (from ${origin}); did you mean '${nearest(unknown, known)}'?`,
    );
  }
  const row = listSettings(configSchema).find((one) => one.path === at);
  throw new InputError(
    `config: ${at || 'the file'}: ${issue.message} (from ${origins.get(at) ?? path})${row ? `; the default is ${JSON.stringify(row.default)} ${row.unit}` : ''}`,
  );
}
