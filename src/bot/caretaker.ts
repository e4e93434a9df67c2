/**
 * Does what a person orders while no bot runs: the journal is replayed, the venue asked what became of everything, the
 * command carried out and written down. It needs no checkpoint, and opens nothing.
 */
import { Holdings } from '../broker/holdings.ts';
import { LiveBroker } from '../broker/live.ts';
import type { Alarm } from '../broker/order-desk.ts';
import { Reconciler } from '../broker/reconcile.ts';
import type { Clock } from '../core/clock.ts';
import { ExchangeError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import { UNLIMITED } from '../decision/limits.ts';
import { Portfolio } from '../decision/portfolio.ts';
import { steadyVenue } from '../exchange/steady-venue.ts';
import type { Venue } from '../exchange/venue.ts';
import { BotJournal } from './bot-journal.ts';
import { CommandDesk, describeClosing } from './command-desk.ts';
import { createBroker } from './create-trader.ts';
import type { StartEntry } from './entries.ts';
import { Keeper } from './follower.ts';
import type { CommandAnswer, CommandRequest } from './requests.ts';
import type { BotSetup } from './setup.ts';
import { BotState } from './state.ts';

/** Nothing is fresh enough to be opened. */
const NEVER_FRESH_MS = Number.NEGATIVE_INFINITY;
/** What is done in the journal alone. */
export const ASKS_NO_VENUE: ReadonlySet<string> = new Set(['pause', 'resume', 'tighten']);

export interface CaretakerOptions {
  readonly files: FileSystem;
  readonly folder: string;
  readonly venue: Venue;
  readonly clock: Clock;
  /** With which the journal begins. */
  readonly start: StartEntry;
  readonly setup: BotSetup;
  readonly alarm: Alarm;
  /** As in `BotOptions`. */
  readonly runId: string;
  /** How long it may take in all, a question to the venue, and between two rounds. */
  readonly longestMs: number;
  readonly deadlineMs?: number;
  readonly tickMs?: number;
}

/** Whoever calls has the journal's lock. @throws InputError where the journal is damaged */
export async function carryOutAlone(
  request: CommandRequest,
  options: CaretakerOptions,
  signal: AbortSignal,
): Promise<CommandAnswer> {
  const { clock, longestMs, start, deadlineMs = 20_000, tickMs = 2_000 } = options;
  const venue = steadyVenue(options.venue, clock, deadlineMs);
  const { state, journal, desk } = open({ ...options, venue });
  const untilMs = clock.elapsedMs() + longestMs;
  const waits = async (): Promise<boolean> => {
    await clock.sleep(tickMs, signal).catch(() => {});
    return !signal.aborted && clock.elapsedMs() < untilMs;
  };
  try {
    if (!ASKS_NO_VENUE.has(request.command)) await meet(state, venue, start, options.alarm, waits);
    let answer = await desk.carryOut(request);
    while (answer.kind === 'later' && (await waits())) {
      await attend(state);
      answer = await desk.carryOut(request);
    }
    if (request.command !== 'close' || answer.kind !== 'done') return answer;
    const closing = state.traders.filter(({ symbol }) => request.symbol === null || symbol === request.symbol);
    const isOpen = () => closing.some(({ broker }) => broker.account.units !== 0 || broker.busy);
    while (isOpen() && (await waits())) await attend(state);
    const lines = closing.map(({ symbol, broker }) => `${symbol}: ${describeClosing(broker)}`);
    return { kind: isOpen() ? 'later' : 'done', lines };
  } finally {
    journal.append({ type: 'stop', timeMs: clock.nowMs(), code: 'command', numbers: {} });
    journal.sync();
  }
}

function open(options: CaretakerOptions) {
  const { files, folder, venue, clock, start, setup, alarm, runId } = options;
  const { kind, id, timeframeMs } = start;
  const symbols = Object.entries(setup.accounts).map(([symbol, account]) => {
    return { symbol, account, market: setup.markets[symbol] ?? null };
  });
  const journal = new BotJournal(
    { files, folder, clock, id, kind, venue, timeframeMs, symbols, setup: start.setup },
    () => {},
    (message) => alarm('journal-failed', { message }),
  );
  const holdings = new Holdings(venue, clock);
  const writer = { record: journal.append.bind(journal), sync: journal.sync.bind(journal) };
  const knownUntilMs = journal.earlier.at(-1)?.timeMs ?? null;
  const brokerOptions = { kind, venue, clock, maxDataAgeMs: NEVER_FRESH_MS, knownUntilMs, runId };
  const limits = { ...UNLIMITED, maxDataAgeMs: setup.maxDataAgeMs };
  const keepers = symbols.map(
    (one, index) =>
      new Keeper(createBroker(one, `${id}${index.toString(36)}`, brokerOptions, writer, holdings, alarm), limits),
  );
  const brokers = keepers.map(({ broker }) => broker).filter((broker) => broker instanceof LiveBroker);
  const reconciler =
    kind === 'paper' ? null : new Reconciler({ venue, clock, holdings, brokers, record: writer.record, alarm });
  const allocations = new Map(symbols.map(({ symbol, account }) => [symbol, account.startingEquity]));
  const state = new BotState(keepers, new Portfolio(allocations, setup.maxDrawdown), reconciler);
  state.replay(journal.earlier, folder);
  journal.begin();
  const desk = new CommandDesk({
    ...{ state, venue, timeframeMs, append: writer.record, sync: writer.sync },
    nowMs: () => clock.nowMs(),
  });
  return { state, journal, desk };
}

/** Asks what became of everything. Paper needs nothing of a venue but a price, and has one of its own. */
async function meet(
  state: BotState<Keeper>,
  venue: Venue,
  { kind }: StartEntry,
  alarm: Alarm,
  waits: () => Promise<boolean>,
): Promise<void> {
  for (;;) {
    try {
      await venue.connect();
      break;
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      alarm('venue-error', { code: error.code, message: error.message });
      if (kind === 'paper') return;
      if (!(await waits())) throw error;
    }
  }
  for (const { broker } of state.traders) await broker.recover();
  await attend(state);
}

async function attend({ traders, reconciler }: BotState<Keeper>): Promise<void> {
  for (const { broker } of traders) await broker.poll();
  const results = await reconciler?.reconcile();
  for (const [broker, result] of results ?? []) broker.takeReconciled(result);
}
