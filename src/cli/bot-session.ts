/** What `paper` and `live` share: from flags to a running bot, its log, alarms and status pages. */

import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { sha256 } from '../agents/checkpoint.ts';
import { describeStanding, type LoadedAgent, mayTrade } from '../agents/index.ts';
import type { AlarmChannel } from '../bot/alarms/alarm.ts';
import { AlarmDesk } from '../bot/alarms/alarm-desk.ts';
import { createTelegram } from '../bot/alarms/telegram.ts';
import { createWebhook } from '../bot/alarms/webhook.ts';
import { Bot } from '../bot/bot.ts';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import type { BotEntry, NoteEntry } from '../bot/entries.ts';
import { formatLogLine, summariseEntry } from '../bot/log-line.ts';
import { isolate } from '../bot/observers.ts';
import {
  type BotSetup,
  createSymbols,
  readSetup,
  requireOneQuote,
  requireSpot,
  requireStreamed,
} from '../bot/setup.ts';
import { BotStatus } from '../bot/status.ts';
import { DEFAULT_ACCOUNT } from '../core/account.ts';
import { ACTION_NAMES } from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import { writeDurably } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { ExchangeConnector } from '../exchange/connector.ts';
import { readKeys } from '../exchange/keys.ts';
import { createRedactor, secretsOfUrl } from '../exchange/redact.ts';
import type { Market, Venue } from '../exchange/venue.ts';
import type { Checkpoint } from '../experiment/evaluate-run.ts';
import type { RunContext } from '../experiment/run-context.ts';
import { AcceleratedClock } from '../rehearsal/accelerated-clock.ts';
import { REHEARSAL_KEYS } from '../rehearsal/keys.ts';
import type { Overrides } from '../shield/index.ts';
import { openNamedCheckpoint, symbolsFor } from './checkpoints.ts';
import type { Context, Options, OptionsOf, Output } from './command.ts';
import { BOTS, type JournalPlace, lockJournal, readJournal, startOf } from './journals.ts';
import { OPTIONS, parseList } from './options.ts';
import { formatDuration } from './progress.ts';
import { KERNEL_OPTIONS } from './run-context.ts';
import { serveStatus } from './status-server.ts';

export const SERVER_OPTION = {
  '--server <url>': { doc: "a rehearsal server, such as http://127.0.0.1:8686, in the venue's place" },
} satisfies Options;

const SANDBOX_OPTION = {
  '--sandbox': { doc: "the venue's own test network, with keys of its own" },
} satisfies Options;

const KEYS_OPTION = {
  '--keys <file>': {
    doc: 'JSON file with key and secret that only you can read (or TRADERNET_<VENUE>_KEY, _SECRET)',
  },
} satisfies Options;

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

/** A rehearsal server runs on its own, faster clock; everything else on the machine's. */
export async function clockFor(server: string | undefined, context: Context): Promise<Clock> {
  if (server === undefined) return context.clock;
  if (!/^http:\/\/(127\.0\.0\.1|localhost):\d+$/.test(server))
    throw new InputError(`--server ${server}: a rehearsal server is on this machine, such as http://127.0.0.1:8686`);
  const answer = await fetch(`${server}/rehearsal/clock`).catch(() => null);
  if (answer?.ok !== true)
    throw new InputError(`--server ${server}: no rehearsal server answers; start one with 'tradernet rehearse'`);
  const { nowMs, speed } = (await answer.json()) as { nowMs: number; speed: number };
  return new AcceleratedClock(context.clock, nowMs, speed);
}

/** How long a signed order may take to arrive: seconds, and on a fast clock as many of the network's. */
const windowOn = (clock: Clock): number =>
  5_000 * (clock instanceof AcceleratedClock ? Math.max(1, clock.speed / 2) : 1);

export function openVenue(
  name: string,
  { keys: file, server, sandbox }: OptionsOf<typeof KEYS_OPTION & typeof SERVER_OPTION & typeof SANDBOX_OPTION>,
  context: Context,
  clock: Clock,
): { readonly venue: ExchangeConnector; readonly redact: (text: string) => string; readonly hasKeys: boolean } {
  if (server !== undefined && file !== undefined)
    throw new InputError('--keys with --server: a rehearsal server gets made-up keys, never yours; leave --keys out');
  const keys =
    server === undefined
      ? readKeys(name, context.env, file === undefined ? undefined : resolve(context.cwd, file))
      : REHEARSAL_KEYS;
  const secrets = [...Object.values(keys ?? {}), ...secretsIn(context.env)];
  const venue = new ExchangeConnector({
    venue: name,
    clock,
    keys,
    sandbox: sandbox === true && server === undefined,
    ...(server === undefined ? {} : { localUrl: server, orderWindowMs: windowOn(clock) }),
  });
  return { venue, redact: createRedactor(secrets), hasKeys: keys !== null };
}

/** What of the environment nobody else may read, whichever venue and channel are in use. */
function secretsIn(environment: Context['env']): string[] {
  return Object.entries(environment)
    .filter(([name]) => /^TRADERNET_\w*(KEY|SECRET|PASSPHRASE|TOKEN|URL)$/.test(name))
    .flatMap(([name, value]) => (name.endsWith('URL') ? secretsOfUrl(value ?? '') : [value ?? '']));
}

function openChannels(context: Context): AlarmChannel[] {
  const { TRADERNET_TELEGRAM_TOKEN: token, TRADERNET_WEBHOOK_URL: webhook } = context.env;
  const post = async (url: string, body: string) => {
    const signal = AbortSignal.timeout(10_000);
    return (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal })).status;
  };
  const { telegramChat } = context.bot();
  return [
    ...(webhook ? [createWebhook(webhook, post)] : []),
    ...(token && telegramChat !== null ? [createTelegram(token, telegramChat, post)] : []),
  ];
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
): Promise<Session & { readonly checkpoint: ReturnType<typeof openBotCheckpoint>; readonly hasKeys: boolean }> {
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
  const begun = place.files.exists(`${place.folder}/${JOURNAL_FILE}`) ? readJournal(place).entries : [];
  const { accounts, markets } =
    begun.length > 0
      ? readSetup(startOf(begun, name), name)
      : await openAccounts(symbols, checkpoint.agent, venue, bot.allocation);
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
  };
  const agents = { agent: checkpoint.agent, supervisor: supervisor?.agent ?? null };
  return { kind, place, venue, clock, redact, ...agents, setup, notes, checkpoint, hasKeys };
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

/** One line for a person; null for what only the log needs. */
function describeEntry(entry: BotEntry): string | null {
  const time = new Date(entry.timeMs).toISOString().slice(5, 19).replace('T', ' ');
  if (entry.type === 'decision') {
    const { candle, action, shield, order, equity, units, guard } = entry.record;
    const final = ACTION_NAMES[shield.final];
    const colour = shield.final === 1 ? 'green' : shield.final === 0 ? 'red' : 'dim';
    const no = shield.verdicts.find(({ verdict }) => verdict.kind !== 'allow');
    const asked = action === shield.final ? '' : ` (asked ${ACTION_NAMES[action]}; ${no?.rule ?? ''} said no)`;
    const held = guard === null ? '' : ` (not sent: ${guard})`;
    const sized = order === 0 ? '' : ` ${order > 0 ? '+' : ''}${Number(order.toPrecision(6))}`;
    return `${time}  ${entry.symbol}  close ${candle[4]}  ${styleText(colour, final)}${sized}${asked}${held}  units ${units}  equity ${equity.toFixed(2)}`;
  }
  if (entry.type === 'fill')
    return `${time}  ${entry.symbol}  ${entry.side} ${entry.quantity} at ${entry.price}, fee ${entry.feeAmount} ${entry.feeCurrency}`;
  if (entry.type === 'halt') return styleText('red', `${time}  HALTED by ${entry.by}: ${entry.reason}`);
  if (entry.type === 'holdings' && entry.change !== '0')
    return `${time}  external balance change: ${entry.change} ${entry.currency}`;
  if (entry.type === 'cut') return `${time}  the journal's last record was torn by a crash and was cut`;
  return null;
}

/** Alarms that can't be delivered hold up an end no longer than this. */
const DRAIN_MS = 15_000;

/** Runs the bot until Ctrl-C, with its log, alarms and pages. */
export async function runSession(session: Session, context: Context): Promise<Output> {
  const { place, clock, redact, setup, agent } = session;
  const settings = context.bot();
  const unlock = lockJournal(place);
  const home = join(place.files.root, place.folder);
  const logFile = join(home, 'bot.log');
  // Its owner's alone; earlier versions left them to others.
  for (const file of [logFile, join(home, JOURNAL_FILE)]) if (existsSync(file)) chmodSync(file, 0o600);
  const desk = new AlarmDesk({
    clock: context.clock,
    channels: openChannels(context),
    redact,
    onFailure: (channel, message) => log('warn', 'alarm-failed', { channel, message }),
  });
  // A watcher that fails is said once and ends nothing: neither the bot nor what another watcher is told.
  const sayFailure = (observer: string) => (message: string) =>
    desk.raise('observer-failed', { observer, message: redact(message) });
  const log = isolate(
    (level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>) =>
      appendFileSync(logFile, `${formatLogLine(level, event, clock.nowMs(), fields, redact)}\n`, { mode: 0o600 }),
    sayFailure('log'),
  );
  const logEntry = isolate(
    (entry: BotEntry) => log(entry.type === 'alarm' ? 'warn' : 'info', entry.type, summariseEntry(entry)),
    sayFailure('log'),
  );
  const count = isolate((entry: BotEntry) => status?.count(entry), sayFailure('status'));
  const print = isolate((entry: BotEntry) => {
    const line = describeEntry(entry);
    if (line !== null) context.print(redact(line));
  }, sayFailure('screen'));
  let bot: Bot | null = null;
  let status: BotStatus | null = null;
  let pages: Awaited<ReturnType<typeof serveStatus>> | null = null;
  const beganMs = context.clock.nowMs();
  try {
    bot = new Bot({
      kind: session.kind,
      venue: session.venue,
      clock,
      elapsedMs: () => performance.now(),
      files: place.files,
      folder: place.folder,
      id: randomBytes(4).toString('hex'),
      timeframeMs: agent.spec.timeframeMs,
      symbols: createSymbols(setup, agent, session.supervisor),
      setup: setup as unknown as Json,
      warmUpBars: setup.warmUpBars,
      maxDrawdown: setup.maxDrawdown,
      maxDataAgeMs: setup.maxDataAgeMs,
      notes: session.notes,
      // On a fast clock the network's milliseconds are seconds: wait longer, or a running candle passes for closed.
      ...(clock instanceof AcceleratedClock
        ? { graceMs: Math.min(agent.spec.timeframeMs / 8, 300 * clock.speed), deadlineMs: 10_000 * clock.speed }
        : {}),
      onEntry(entry) {
        count(entry);
        logEntry(entry);
        print(entry);
      },
      onAlarm: (code, numbers) => desk.raise(code, numbers),
      onMeasured: (stage, ms) => status?.[stage].add(ms),
    });
    status = new BotStatus(bot, () => clock.nowMs());
    if (settings.statusPort > 0) {
      const token = context.env.TRADERNET_STATUS_TOKEN ?? randomBytes(16).toString('hex');
      writeDurably(place.files, `${place.folder}/status-token`, `${token}\n`, 0o600);
      pages = await serveStatus(status, settings.statusPort, token);
      context.say(`health and metrics: http://127.0.0.1:${pages.port} (token in ${join(home, 'status-token')})`);
    }
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    context.say(`${place.name}: ${bot.resumed ? 'goes on' : 'begins'}; journal and log in ${home}`);
    const pulse = sendHeartbeats(desk, bot, settings.heartbeatMinutes, context, signal);
    try {
      await withLastWords(desk, redact, () => bot!.run(signal));
    } finally {
      stop.abort(new Error('the bot stopped'));
      await pulse;
    }
    return summarise(bot, place, context.clock.nowMs() - beganMs);
  } catch (error) {
    const message = redact(String((error as Error).message));
    desk.raise('crashed', { message });
    log('error', 'crashed', { message });
    throw redactError(error, redact);
  } finally {
    for (const { symbol, broker } of bot?.traders ?? [])
      if (broker.account.units !== 0)
        desk.raise('ended-with-position', { symbol, position: String(broker.account.position) });
    await desk.drain(DRAIN_MS);
    await pages?.close();
    await session.venue.close();
    unlock();
  }
}

/** The error as the terminal may show it, its class and its stack kept. */
function redactError(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error;
  error.message = redact(error.message);
  if (error.stack !== undefined) error.stack = redact(error.stack);
  return error;
}

/** Says now and then that decisions are made, or that they aren't: a process that is there proves nothing. */
async function sendHeartbeats(
  desk: AlarmDesk,
  bot: Bot,
  minutes: number,
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  let before = 0;
  while (minutes > 0 && !signal.aborted) {
    await context.clock.sleep(minutes * 60_000, signal).catch(() => {});
    if (signal.aborted) return;
    const { portfolio, halted, silent, journalHead, traders } = bot;
    const decisions = traders.reduce((sum, trader) => sum + trader.decisions, 0);
    desk.heartbeat(
      [
        silent.length > 0 ? `NO DECISION FOR ${silent.join(', ')}` : `${decisions - before} decisions`,
        `equity ${portfolio.total.toFixed(2)}`,
        ...(halted === null ? [] : [`HALTED: ${halted}`]),
        `journal ${journalHead.slice(0, 16)}`,
      ].join(', '),
    );
    before = decisions;
  }
}

/** Has what nobody catches said before the process ends with it. */
async function withLastWords(desk: AlarmDesk, redact: (text: string) => string, work: () => Promise<void>) {
  let fail: (error: unknown) => void = () => {};
  const uncaught = new Promise<never>((_, reject) => {
    fail = (error) => {
      desk.raise('uncaught', { message: redact(error instanceof Error ? error.message : String(error)) });
      reject(error);
    };
  });
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    await Promise.race([work(), uncaught]);
  } finally {
    process.off('uncaughtException', fail);
    process.off('unhandledRejection', fail);
  }
}

function summarise(bot: Bot, place: JournalPlace, elapsedMs: number): Output {
  const symbols = bot.traders.map(({ symbol, decisions, broker: { account } }) => {
    const { equity, units, position, closedTrades, feesPaid } = account;
    return { symbol, decisions, equity, units, position, closedTrades, feesPaid };
  });
  const lines = symbols.map(
    ({ symbol, decisions, equity, units, closedTrades, feesPaid }) =>
      `${symbol}: ${decisions} decisions, ${closedTrades} trades, equity ${equity.toFixed(2)}, units ${units}, fees ${feesPaid.toFixed(2)}`,
  );
  const halted =
    bot.halted === null
      ? []
      : [styleText('red', `halted: ${bot.halted}; 'tradernet reset --journal ${place.name}' lets it trade again`)];
  const text = [
    `${place.name}: stopped in order after ${formatDuration(elapsedMs)}`,
    ...lines,
    ...halted,
    `next:   tradernet verify --journal ${place.name}`,
  ].join('\n');
  return { text, json: { journal: place.name, halted: bot.halted, symbols } as unknown as Json };
}
