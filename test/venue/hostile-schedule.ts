/** One seeded day on the hostile venue: troubles, crashes, a halt; judged by the venue's ledger alone. */
import { Bot } from '../../src/bot/bot.ts';
import type { BotEntry } from '../../src/bot/entries.ts';
import { writeHalt } from '../../src/bot/halt-file.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { readParts } from '../../src/journal/parts.ts';
import { createWorld } from '../bot/bot-world.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { amount } from './amount.ts';
import { audit } from './audit.ts';
import { HostileExchange } from './exchange.ts';
import { MarketPath } from './market-path.ts';
import { VenuePort } from './port.ts';
import { Random } from './random.ts';
import { rulesOf } from './rules.ts';
import { drawTroubles, type Kind, TroubleBook } from './troubles.ts';
import { VirtualTime } from './virtual-time.ts';

const MINUTE = 60_000;
const START_MS = Date.UTC(2024, 0, 2);
const WARM_UP = 30;
const BUSY = 40;
/** Bars at the end without troubles, in which everything must have come right. */
const QUIET = 12;
const OWN = '0.5';

export interface HostileResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly struck: Readonly<Record<string, number>>;
  readonly orders: number;
  readonly trades: number;
  readonly crashes: number;
  readonly halted: boolean;
}

class ProcessDied extends Error {}

export interface HostileOptions {
  readonly kinds?: readonly Kind[];
  readonly crashes?: number;
}

export async function runHostile(seed: number, options: HostileOptions = {}): Promise<HostileResult> {
  const random = new Random(seed);
  const bases = random.chance(0.3) ? ['BTC', 'ETH'] : ['BTC'];
  const liveMs = START_MS + WARM_UP * MINUTE + 5_000;
  const calmMs = START_MS + (WARM_UP + BUSY) * MINUTE;
  const endMs = calmMs + QUIET * MINUTE;
  const kinds = options.kinds === undefined ? {} : { kinds: options.kinds };
  const troubles = new TroubleBook(
    drawTroubles(random, { fromMs: liveMs, toMs: calmMs, count: 1 + random.below(8), ...kinds }),
  );
  // Now and then a whole position is more than one market order may be.
  const small = random.chance(0.2) ? { maxMarketQuantity: amount('0.1') } : {};
  const rules = bases.map((base) => rulesOf(base, 'USDT', small));
  const seconds = (WARM_UP + BUSY + QUIET + 4) * 60;
  const paths = new Map(
    rules.map((one, i) => [one.symbol, new MarketPath(seed * 7 + i, START_MS, seconds, i === 0 ? 30_000 : 2_000)]),
  );
  const own = { ...Object.fromEntries(bases.map((base) => [base, amount(OWN)])), USDT: amount('137') };
  const allocation = amount('10000');
  const exchange = new HostileExchange({
    ...{ rules, paths, troubles, seed, feeRate: amount('0.001') },
    balances: {
      ...own,
      USDT: own.USDT + allocation * BigInt(bases.length),
      ...(random.chance(0.2) ? { BNB: amount('5') } : {}),
    },
    feeCoin: 'BNB',
  });
  const stops = random.chance(0.6);
  const time = new VirtualTime(liveMs, troubles);
  // Features, agent and shield as the bot's other tests have them; of the world itself nothing is used.
  const world = createWorld({ bases, overrides: stops ? { 'stop-loss': { distance: 0.004 } } : {} });
  const intents = new Set<string>();
  const alarms: string[] = [];
  const haltMs = random.chance(0.3) ? random.between(liveMs, calmMs) : null;
  let haltedMs: number | null = null;
  let files = new MemoryFileSystem();
  let crashes = 0;
  let bot: Bot | null = null;
  const violations: string[] = [];
  const lives = 1 + (options.crashes ?? random.below(3));
  for (let life = 0; life < lives; life++) {
    const last = life === lives - 1;
    const stop = new AbortController();
    let disk: MemoryFileSystem | null = null;
    if (!last) {
      const dying = files;
      let left = 20 + random.below(200);
      dying.onOperation = () => {
        if (--left > 0) return;
        if (disk === null) {
          const states = [...dying.crashStates()];
          disk = random.pick(states);
        }
        throw new ProcessDied();
      };
    }
    const port = new VenuePort(exchange, time, seed + life, { onExchangeStop: random.chance(0.7) });
    const run = async () => {
      bot = new Bot({
        ...{ kind: 'live', venue: port, clock: time.clock, elapsedMs: time.elapsedMs, files, folder: 'bots/hostile' },
        ...{
          id: 'abcdef01',
          runId: 'run0',
          timeframeMs: MINUTE,
          symbols: world.createSymbols(),
          setup: {},
          warmUpBars: WARM_UP - 5,
        },
        ...{ maxDrawdown: 0, maxDataAgeMs: MINUTE / 2 },
        // Every second journal is in parts.
        ...(seed % 2 === 0 ? {} : { partBytes: 40_000 }),
        onEntry(entry: BotEntry) {
          if (entry.type === 'intent') intents.add(entry.id);
          if (entry.type === 'alarm') alarms.push(entry.code);
        },
      });
      await bot.run(stop.signal);
    };
    const running = run();
    let ended = false;
    running.then(
      () => {
        ended = true;
      },
      () => {
        ended = true;
      },
    );
    // A life that begins at the very end has time to find out what the last one left.
    const day = time.sleep(Math.max(endMs - time.ms, 4 * MINUTE), stop.signal).then(
      () => stop.abort(new Error('the day is over')),
      () => {},
    );
    if (haltMs !== null && haltedMs === null && haltMs > time.ms)
      time.sleep(haltMs - time.ms, stop.signal).then(
        () => {
          if (ended) return;
          haltedMs = time.ms;
          try {
            bot?.halt('person', 'said so');
          } catch (error) {
            // The process has died, or was dying: its journal takes nothing any more.
            if (!(error instanceof ProcessDied) && disk === null) throw error;
          }
        },
        () => {},
      );
    let failure: unknown = null;
    const outcome = await time.runUntil(
      running.catch((error) => {
        failure = error;
        stop.abort(new Error('ended'));
      }),
    );
    if (outcome === 'stuck') violations.push('the bot is stuck: it waits for what never comes');
    await day;
    files.onOperation = null;
    if (disk === null) {
      if (failure !== null) violations.push(`the bot ended by itself: ${(failure as Error).message}`);
      break;
    }
    crashes++;
    files = disk;
    await time.runUntil(time.sleep(random.between(500, 90_000)));
    if (haltedMs === null && haltMs !== null && haltMs <= time.ms) {
      haltedMs = time.ms;
      writeHalt(files, 'bots/hostile', { by: 'person', reason: 'said so', timeMs: time.ms });
    } else if (haltedMs !== null)
      writeHalt(files, 'bots/hostile', { by: 'person', reason: 'said so', timeMs: time.ms });
  }
  // What was written down in earlier lives counts too.
  for (const record of readEntries(readParts(files, 'bots/hostile/journal.log').records, 'hostile'))
    if (record.type === 'intent') intents.add(record.id);
  violations.push(
    ...audit({
      ...{
        exchange,
        timeframeMs: MINUTE,
        own,
        allocation,
        maxUnits: 4,
        haltMs: haltedMs,
        endMs: time.ms,
        intents,
        alarms,
      },
      final: ((bot as Bot | null)?.traders ?? []).map(({ broker }) => ({
        symbol: broker.symbol,
        position: broker.account.position,
        cash: broker.account.cash,
        units: broker.account.units,
        unresolved: broker instanceof LiveBroker ? broker.unresolved : null,
      })),
    }),
  );
  return {
    ...{ seed, violations, struck: troubles.struck as Record<string, number>, orders: exchange.orders.length },
    ...{ trades: exchange.trades.length, crashes, halted: haltedMs !== null },
  };
}
