/** What `paper` and `live` share: from flags to everything that a bot needs. */

import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { sha256 } from '../agents/checkpoint.ts';
import { describeStanding, type LoadedAgent, mayTrade } from '../agents/index.ts';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import type { NoteEntry } from '../bot/entries.ts';
import { type BotSetup, readSetup, requireOneQuote, requireSpot, requireStreamed } from '../bot/setup.ts';
import { DEFAULT_ACCOUNT } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import { loadedPlugins } from '../core/plugged.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import type { Market, Venue } from '../exchange/venue.ts';
import type { Checkpoint } from '../experiment/evaluate-run.ts';
import type { RunContext } from '../experiment/run-context.ts';
import type { Overrides } from '../shield/index.ts';
import { clockFor, KEYS_OPTION, openVenue, SANDBOX_OPTION, SERVER_OPTION } from './bot-venue.ts';
import { openNamedCheckpoint, symbolsFor } from './checkpoints.ts';
import type { Context, Options, OptionsOf } from './command.ts';
import { BOTS, type JournalPlace, readStart } from './journals.ts';
import { OPTIONS, parseList } from './options.ts';
import { KERNEL_OPTIONS } from './run-context.ts';

export const SESSION_OPTIONS = {
  ...OPTIONS.checkpoint,
  '--symbol <names>': { doc: 'such as BTC/USDT, or several separated by commas', parse: parseList },
  '--venue <name>': { doc: "the venue, by ccxt's name", config: 'bot.venue' },
  ...OPTIONS.shield,
  ...OPTIONS.supervisor,
  '--force': { doc: 'let an agent trade that lost to doing nothing or holding, or whose gate is closed' },
  '--journal <name>': { doc: "the bot's name; the same name goes on where it stopped" },
  ...SERVER_OPTION,
  ...SANDBOX_OPTION,
  ...KEYS_OPTION,
  ...KERNEL_OPTIONS,
} satisfies Options;

export type SessionOptions = OptionsOf<typeof SESSION_OPTIONS>;

/** A checkpoint by its name, with the hash that stands for all of its files. */
export function openBotCheckpoint(name: string | undefined, runContext: RunContext, context: Context) {
  if (name === undefined) throw new InputError("--checkpoint is missing; 'tradernet runs list' shows the runs");
  const checkpoint = openNamedCheckpoint(name, runContext, context);
  const root = checkpoint.run === null ? dirname(resolve(context.cwd, name)) : context.storage;
  const hash = sha256(new NodeFileSystem(root).read(`${checkpoint.path}/checkpoint.json`));
  return { name, hash, checkpoint, agent: checkpoint.agent };
}

export interface Session {
  readonly kind: 'paper' | 'live';
  readonly place: JournalPlace;
  readonly venue: Venue;
  readonly clock: Clock;
  readonly redact: (text: string) => string;
  readonly agent: LoadedAgent;
  readonly supervisor: LoadedAgent | null;
  readonly setup: BotSetup;
  readonly notes: readonly NoteEntry[];
}

/**
 * An agent that lost to doing nothing on its validation fold, or whose gate is closed, trades only on a person's word.
 * @throws InputError where nobody gave it
 */
function requireStanding({ name, standing }: Checkpoint, force: boolean, context: Context): NoteEntry[] {
  if (standing === null || mayTrade(standing)) return [];
  const said = describeStanding(standing).join('; ');
  if (!force) throw new InputError(`${name}: ${said}; --force lets it trade all the same`);
  context.say(said);
  const numbers = { by: userInfo().username, t: standing.gate.t, needed: standing.gate.needed, best: standing.best };
  return [{ type: 'override', timeMs: context.clock.nowMs(), code: 'standing', numbers }];
}

/** From flags to everything a bot needs. What a journal was begun with, it goes on with. */
export async function openSession(
  kind: 'paper' | 'live',
  options: SessionOptions,
  context: Context,
  runContext: RunContext,
): Promise<
  Session & {
    readonly checkpoint: ReturnType<typeof openBotCheckpoint>;
    readonly supervisorWeights: string | null;
    readonly hasKeys: boolean;
  }
> {
  const checkpoint = openBotCheckpoint(options.checkpoint, runContext, context);
  requireSpot(checkpoint.name, checkpoint.agent);
  const notes = requireStanding(checkpoint.checkpoint, options.force, context);
  const supervisor =
    options.supervisor === undefined ? null : openBotCheckpoint(options.supervisor, runContext, context);
  const symbols = symbolsFor(checkpoint.checkpoint, options.symbol);
  const bot = context.bot();
  const { server } = options;
  const clock = await clockFor(server, context);
  const { venue, redact, hasKeys } = openVenue(bot.venue, options, context, clock);
  const stem = [kind, bot.venue, ...symbols, checkpoint.name].join('-').replaceAll(/[^\w-]/g, '');
  const name = options.journal ?? stem;
  if (!/^[\w-]{1,120}$/.test(name))
    throw new InputError(`--journal ${name}: a bot's name has letters, digits, - and _`);
  const place: JournalPlace = { files: new NodeFileSystem(context.storage), folder: `${BOTS}/${name}`, name };
  const begun = place.files.exists(`${place.folder}/${JOURNAL_FILE}`) ? readStart(place) : null;
  const { accounts, markets } =
    begun !== null ? readSetup(begun, name) : await openAccounts(symbols, checkpoint.agent, venue, bot.allocation);
  requireStreamed(checkpoint.name, checkpoint.agent);
  const traded = Object.keys(accounts).join(', ');
  if (options.symbol !== undefined && symbols.join(', ') !== traded)
    throw new InputError(
      `${name}: the journal was begun with ${traded}; begin another with --journal for ${symbols.join(', ')}`,
    );
  const { timeframeMs } = checkpoint.agent.spec;
  const shield = { ...context.config().shield, rules: context.config().shield.rules as Overrides };
  const setup: BotSetup = {
    checkpoint: { name: checkpoint.name, hash: checkpoint.hash },
    supervisor: supervisor === null ? null : { name: supervisor.name, hash: supervisor.hash },
    server: server ?? (options.sandbox === true ? 'sandbox' : null),
    accounts,
    markets,
    shield,
    warmUpBars: bot.warmUpBars,
    maxDataAgeMs: bot.maxDataAge * timeframeMs,
    maxDrawdown: bot.maxDrawdown,
    ...(loadedPlugins().length === 0 ? {} : { plugins: loadedPlugins() }),
  };
  const agents = { agent: checkpoint.agent, supervisor: supervisor?.agent ?? null };
  const supervisorWeights = supervisor?.checkpoint.weights ?? null;
  return { kind, place, venue, clock, redact, ...agents, setup, notes, checkpoint, supervisorWeights, hasKeys };
}

/** The account that the agent was trained with, the bot's allocation in it, on the venue's quantity grid. */
async function openAccounts(symbols: readonly string[], agent: LoadedAgent, venue: Venue, allocation: number) {
  requireOneQuote(symbols);
  const accounts: Record<string, BotSetup['accounts'][string]> = {};
  const markets: Record<string, Market> = {};
  for (const symbol of symbols) {
    const market = await venue.fetchMarket(symbol);
    if (!market.active) throw new InputError(`${symbol}: ${venue.name} doesn't trade it at the moment`);
    const trained = agent.spec.account as object;
    const quantityStep = Number(market.quantityStep);
    accounts[symbol] = { ...DEFAULT_ACCOUNT, ...trained, mode: 'spot', startingEquity: allocation, quantityStep };
    markets[symbol] = market;
  }
  return { accounts, markets };
}
