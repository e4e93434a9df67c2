/** A day on the hostile venue that a test walks through by hand: bots come and go, the exchange and its ledger stay. */
import { Bot } from '../../src/bot/bot.ts';
import type { BotEntry } from '../../src/bot/entries.ts';
import type { BotOptions } from '../../src/bot/options.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import type { Agent, Observation } from '../../src/core/agent.ts';
import type { FileSystem } from '../../src/core/file-system.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import type { Overrides } from '../../src/shield/index.ts';
import { createWorld } from '../bot/bot-world.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { type Amount, amount } from './amount.ts';
import { HostileExchange } from './exchange.ts';
import { MarketPath } from './market-path.ts';
import { VenuePort } from './port.ts';
import { rulesOf } from './rules.ts';
import { type Trouble, TroubleBook } from './troubles.ts';
import { VirtualTime } from './virtual-time.ts';

export const MINUTE = 60_000;
export const START_MS = Date.UTC(2024, 0, 2);
const WARM_UP = 30;
const FOLDER = 'bots/day';

/** Buys a unit whenever it is flat, and holds what it has. */
export const holder: Agent = {
  kind: 'holder',
  getAction: (obs) => decideToHold(obs),
  decide: (obs) => ({ action: decideToHold(obs), probabilities: [0, 0.5, 0.5], qValues: null }),
};

/** The first account column, which comes last but three in the newest row, is units / maxUnits. */
function decideToHold({ values, mask }: Observation): 1 | 2 {
  return values[values.length - 4] === 0 && mask[1] === 1 ? 1 : 2;
}

export interface DayOptions {
  readonly kind?: 'paper' | 'live';
  readonly bases?: readonly string[];
  readonly agent?: Agent;
  readonly troubles?: readonly Trouble[];
  readonly overrides?: Overrides;
  /** The user's own coins beside the allocations of 10,000 USDT a symbol. */
  readonly own?: Readonly<Record<string, string>>;
  readonly feeCoin?: string;
  readonly bot?: Partial<BotOptions>;
  readonly seed?: number;
  readonly minutes?: number;
}

export function openDay(options: DayOptions = {}) {
  const { kind = 'live', bases = ['BTC'], agent = holder, seed = 1, minutes = 180 } = options;
  const own: Record<string, Amount> = Object.fromEntries(
    Object.entries(options.own ?? { BTC: '0.5', USDT: '137' }).map(([coin, value]) => [coin, amount(value)]),
  );
  const troubles = new TroubleBook(options.troubles ?? []);
  const rules = bases.map((base) => rulesOf(base));
  const paths = new Map(
    rules.map((one, i) => [one.symbol, new MarketPath(seed * 7 + i, START_MS, minutes * 60, i === 0 ? 30_000 : 2_000)]),
  );
  const balances = { ...own, USDT: (own.USDT ?? 0n) + amount('10000') * BigInt(bases.length) };
  const exchange = new HostileExchange({
    ...{ rules, paths, troubles, seed, feeRate: amount('0.001'), balances },
    ...(options.feeCoin === undefined ? {} : { feeCoin: options.feeCoin }),
  });
  const time = new VirtualTime(START_MS + WARM_UP * MINUTE + 5_000, troubles);
  const world = createWorld({ bases, ...(options.overrides === undefined ? {} : { overrides: options.overrides }) });
  const createSymbols = () => world.createSymbols().map((setup) => ({ ...setup, agent }));

  let runs = 0;

  /** A bot that runs from now on; `stop` ends it in order, `kill` by never hearing of it again. */
  function start(files: FileSystem, changes: Partial<BotOptions> = {}) {
    const entries: BotEntry[] = [];
    const alarms: string[] = [];
    const stopping = new AbortController();
    const bot = new Bot({
      ...{ kind, clock: time.clock, elapsedMs: time.elapsedMs, files, folder: FOLDER },
      venue: new VenuePort(exchange, time, seed),
      ...{
        id: 'abcdef01',
        runId: `r${(runs++).toString(36).padStart(3, '0')}`,
        timeframeMs: MINUTE,
        symbols: createSymbols(),
        setup: {},
        warmUpBars: WARM_UP - 5,
      },
      ...{ maxDrawdown: 0, maxDataAgeMs: MINUTE / 2 },
      onEntry: (entry) => entries.push(entry),
      onAlarm: (code) => alarms.push(code),
      ...options.bot,
      ...changes,
    });
    const running = bot.run(stopping.signal);
    const failure = running.then(
      () => null,
      (error: unknown) => error,
    );
    const stop = async () => {
      stopping.abort(new Error('stopped'));
      await time.runUntil(failure);
      const error = await failure;
      if (error !== null) throw error;
    };
    return { bot, entries, alarms, stop, failure };
  }

  return {
    ...{ exchange, time, own, rules, createSymbols, start, folder: FOLDER, files: new MemoryFileSystem() },
    createPort: () => new VenuePort(exchange, time, seed),
    pass: (ms: number) => time.runUntil(time.sleep(ms)),
    /** Lets time pass until something is so; false where it isn't within the time. */
    async until(isSo: () => boolean, longestMs = 10 * MINUTE): Promise<boolean> {
      const endMs = time.ms + longestMs;
      while (!isSo() && time.ms < endMs) await time.runUntil(time.sleep(1_000));
      return isSo();
    },
    /** What the venue holds for the bot. */
    held: (base: string): Amount => exchange.ledger.total(base) - (own[base] ?? 0n),
    entries: (files: FileSystem) => readEntries(readRecords(files.read(`${FOLDER}/journal.log`)).records, 'day'),
    async differences(entries: readonly BotEntry[]) {
      const { differences } = await verifyJournal({
        ...{ name: 'day', entries, symbols: createSymbols(), history: null, maxDataAgeMs: MINUTE / 2, stopAfter: 20 },
      });
      return differences.map(({ column, journal, replay }) => `${column}: ${JSON.stringify([journal, replay])}`);
    },
  };
}

export type Day = ReturnType<typeof openDay>;
