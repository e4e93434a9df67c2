import { z } from 'zod';
import type { LoadedAgent } from '../agents/index.ts';
import { decimalSchema } from '../broker/decimal-schema.ts';
import type { AccountConfig } from '../core/account.ts';
import { InputError } from '../core/errors.ts';
import { parseAs } from '../core/parse.ts';
import { type LoadedPlugin, requirePlugins } from '../core/plugged.ts';
import type { Market } from '../exchange/venue.ts';
import { RealTimeFeatureEng } from '../features/realtime.ts';
import { scalerFromJson } from '../features/scaler.ts';
import { featureSet } from '../features/sets.ts';
import { createShield, type Exits, type Overrides, PROFILES, type Profile, rangeOf } from '../shield/index.ts';
import type { StartEntry } from './entries.ts';
import type { SymbolSetup } from './options.ts';

/** Everything that decides what a bot does, as its journal keeps it; a restart and `verify` must have the same. */
export interface BotSetup {
  /** Name as typed, and the SHA-256 of its checkpoint.json, which holds those of its other files. */
  readonly checkpoint: { readonly name: string; readonly hash: string };
  readonly supervisor: { readonly name: string; readonly hash: string } | null;
  /** A rehearsal server in the venue's place. */
  readonly server: string | null;
  readonly accounts: Readonly<Record<string, AccountConfig>>;
  /** The venue's filters as they were when the journal was begun. */
  readonly markets: Readonly<Record<string, Market>>;
  readonly shield: { readonly profile: Profile; readonly exits: Exits | null; readonly rules: Overrides };
  readonly warmUpBars: number;
  readonly maxDataAgeMs: number;
  readonly maxDrawdown: number;
  /** Whose rules, indicators and agents it may use; missing in journals of before there were any. */
  readonly plugins?: readonly LoadedPlugin[];
}

const nameAndHash = z.looseObject({ name: z.string(), hash: z.string() });

/** As far as anything relies on it before whoever uses a part checks it. */
const setupSchema = z.looseObject({
  checkpoint: nameAndHash,
  supervisor: nameAndHash.nullable(),
  server: z.string().nullable(),
  accounts: z.record(
    z.string().regex(/^[^/]+\/[^/]+$/, 'not a symbol'),
    z.looseObject({
      mode: z.enum(['spot', 'margin']),
      maxUnits: z.number(),
      feeRate: z.number(),
      slippageRate: z.number(),
      quantityStep: z.number(),
      unitQuote: z.number().nullable(),
      borrowRatePerYear: z.number(),
      startingEquity: z.number(),
    }),
  ),
  markets: z.record(
    z.string(),
    z.looseObject({
      ...{ symbol: z.string(), base: z.string(), quote: z.string(), active: z.boolean() },
      ...{ priceTick: decimalSchema, quantityStep: decimalSchema, minQuantity: decimalSchema },
      ...{ maxQuantity: decimalSchema.nullable(), maxMarketQuantity: decimalSchema.nullable() },
      ...{ minNotional: decimalSchema, takerFeeRate: decimalSchema.nullable() },
    }),
  ),
  shield: z.looseObject({
    profile: z.enum(PROFILES),
    exits: z.enum(['always-pass', 'literal']).nullable(),
    rules: z.record(z.string(), z.union([z.literal(false), z.record(z.string(), z.unknown())])),
  }),
  warmUpBars: z.number(),
  maxDataAgeMs: z.number(),
  maxDrawdown: z.number(),
  plugins: z.array(nameAndHash).optional(),
});

/** What a journal was begun with, as it stands there. @throws InputError where it isn't what a bot writes */
export function readSetup({ setup }: StartEntry, name: string): BotSetup {
  parseAs(setupSchema, setup, `${name}: the setup that it was begun with`, 'restore a backup');
  return setup as unknown as BotSetup;
}

/** Fresh features, shield and account of every symbol, around one agent, which has no memory of its own. */
export function createSymbols(setup: BotSetup, agent: LoadedAgent, supervisor: LoadedAgent | null): SymbolSetup[] {
  const { spec } = agent;
  const { profile, exits, rules } = setup.shield;
  requirePlugins('the journal', setup.plugins ?? []);
  return Object.entries(setup.accounts).map(([symbol, account]) => {
    const features = new RealTimeFeatureEng(
      featureSet(spec.featureSet),
      scalerFromJson(spec.scaler),
      spec.timeframeMs,
      { window: spec.window, extraColumns: spec.accountColumns },
    );
    if (features.signature !== spec.signature)
      throw new InputError(
        `${setup.checkpoint.name}: was trained on ${spec.signature}, this version computes ${features.signature}; train anew`,
      );
    const shield = createShield({
      profile,
      overrides: rules,
      primary: agent,
      ...rangeOf(spec),
      ...(exits === null ? {} : { exits }),
      ...(supervisor === null ? {} : { supervisor, supervisorFeatures: supervisor.spec.columns.length }),
    });
    return { symbol, account, market: setup.markets[symbol] ?? null, features, agent, shield };
  });
}

/** A venue's candles carry no Google Trends, and a bot that waits for them would hold for ever. */
export function requireStreamed(name: string, { spec }: LoadedAgent): void {
  if (featureSet(spec.featureSet).indicators.some(({ needs }) => needs === 'trends'))
    throw new InputError(
      `${name}: sees Google Trends, which no venue sends; train one without, such as with --set features.set=tradernet20`,
    );
}

/** A checkpoint for short positions and loans is refused wherever orders could be real. */
export function requireSpot(name: string, agent: LoadedAgent): void {
  const { mode } = agent.spec.account as { mode?: string };
  if (mode !== 'spot')
    throw new InputError(`${name}: was trained for a ${mode ?? 'unknown'} account; the bot trades spot only`);
}

/** Equities, the drawdown and the reconciliation are sums of one currency. @throws InputError */
export function requireOneQuote(symbols: readonly string[]): void {
  const quotes = [...new Set(symbols.map((symbol) => symbol.split('/')[1]))];
  if (quotes.length > 1)
    throw new InputError(
      `${symbols.join(', ')}: a bot's symbols share one quote currency, these have ${quotes.join(' and ')}; run a bot for each`,
    );
}
