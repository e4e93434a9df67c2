/** One seeded schedule of faults, crashes and halts, and what must hold after it. The soak runs thousands. */
import type { Bot } from '../../src/bot/bot.ts';
import type { BotEntry, DecisionEntry } from '../../src/bot/entries.ts';
import { decodeCandle } from '../../src/bot/entries.ts';
import { writeHalt } from '../../src/bot/halt-file.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { Rng } from '../../src/core/rng.ts';
import { addDecimals, compareDecimals, subtractDecimals } from '../../src/exchange/decimal.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { drawFaults } from '../../src/rehearsal/faults.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';

export interface ScheduleResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly injected: Readonly<Record<string, number>>;
  readonly orders: number;
  readonly fills: number;
  readonly decisions: number;
  readonly crashes: number;
  readonly halted: boolean;
}

/** Bars after the last fault in which everything must have come right. */
const QUIET_BARS = 14;
const LIVE_BARS = 44;
/** The venue's clock may be minutes behind when the last bar closes. */
const SETTLE_MS = 5 * minuteMs;

class ProcessDied extends Error {}

/** A random state of the disk after a crash. */
function crash(files: MemoryFileSystem, rng: Rng): MemoryFileSystem {
  const states = [...files.crashStates()];
  return states[rng.integer(states.length)];
}

export async function runSchedule(seed: number): Promise<ScheduleResult> {
  const rng = new Rng(seed, 77);
  const bases = rng.integer(3) === 0 ? ['BTC', 'ETH'] : ['BTC'];
  const stops = rng.integer(2) === 0;
  const bars = WARM_UP + LIVE_BARS;
  const plan = createWorld({ bars });
  const faultEndMs = plan.endMs - QUIET_BARS * minuteMs;
  const faults = drawFaults(seed, {
    startMs: plan.firstMs,
    endMs: faultEndMs - 6 * minuteMs,
    count: rng.integer(30),
    longestMs: 6 * minuteMs,
  });
  const world = createWorld({
    seed,
    bars,
    bases,
    faults,
    overrides: stops ? { 'stop-loss': { distance: 0.01 }, 'take-profit': { distance: 0.02 } } : {},
    matching: { feeIn: rng.integer(2) === 0 ? 'received' : 'quote' },
    venue: { closedFlag: rng.integer(3) > 0, onExchangeStop: rng.integer(3) > 0 },
  });
  const crashes = rng.integer(3);
  const haltMs = rng.integer(4) === 0 ? plan.firstMs + rng.integer(faultEndMs - plan.firstMs) : Number.NaN;

  let files = new MemoryFileSystem();
  const clock = world.createClock(world.firstMs);
  // The venue's client dies with the process, the venue doesn't.
  let venue = world.createVenue(clock);
  let bot: Bot | null = null;
  let died = 0;
  let halted = false;
  for (let life = 0; life <= crashes; life++) {
    if (life < crashes) {
      let left = 20 + rng.integer(150);
      let disk: MemoryFileSystem | null = null;
      const dying = files;
      dying.onOperation = () => {
        if (--left > 0) return;
        disk ??= crash(dying, rng);
        throw new ProcessDied();
      };
      const ended = await world.live(files, clock, faultEndMs, venue, haltMs);
      if (ended.failure !== null && disk === null) throw ended.failure;
      halted ||= ended.halted;
      files.onOperation = null;
      if (disk !== null) {
        files = disk;
        died++;
        await clock.advanceTo(clock.nowMs() + 1 + rng.integer(90_000));
        venue = world.createVenue(clock);
        if (!halted && haltMs <= clock.nowMs()) {
          // The person found no running bot, or one that died of it, and left the order beside the journal.
          writeHalt(files, 'bots/test', { by: 'test', reason: 'a person said so', timeMs: clock.nowMs() });
          halted = true;
        }
      }
    } else {
      const ended = await world.live(files, clock, world.endMs + SETTLE_MS, venue, haltMs);
      if (ended.failure !== null) throw ended.failure;
      halted ||= ended.halted;
      bot = ended.bot;
    }
  }
  const log = readRecords(files.read('bots/test/journal.log'));
  const entries = log.records as unknown as BotEntry[];
  const violations: string[] = log.fault === null ? [] : [`journal: ${log.fault.reason}`];
  violations.push(
    ...checkCandles(entries, world),
    ...checkOrders(entries, world),
    ...checkRisk(entries),
    ...(await checkReplay(entries, world)),
    ...checkEnd(bot as Bot, world, halted),
  );
  const injected: Record<string, number> = {};
  for (const { kind } of world.faults.injections) injected[kind] = (injected[kind] ?? 0) + 1;
  return {
    seed,
    violations,
    injected,
    orders: world.engine.orders().length,
    fills: world.engine.fills.length,
    decisions: entries.filter((entry) => entry.type === 'decision').length,
    crashes: died,
    halted,
  };
}

type World = ReturnType<typeof createWorld>;

/** Every candle once, in order, to the last digit, up to the end. */
function checkCandles(entries: readonly BotEntry[], world: World): string[] {
  const wrong: string[] = [];
  for (const [symbol, candles] of world.candles) {
    const decisions = entries.filter(
      (entry) => entry.type === 'decision' && entry.symbol === symbol,
    ) as DecisionEntry[];
    const seen = decisions.map((entry) => decodeCandle((entry.record as { candle: never }).candle));
    const first = candles.findIndex((candle) => candle.timeMs === seen[0]?.timeMs);
    if (first < 0) wrong.push(`${symbol}: no candle was decided on`);
    seen.forEach((candle, i) => {
      if (JSON.stringify(candle) !== JSON.stringify(candles[first + i]))
        wrong.push(`${symbol}: decision ${i} has candle ${candle.timeMs}, expected ${candles[first + i]?.timeMs}`);
    });
    const missing = candles.length - (first + seen.length);
    if (missing > 0) wrong.push(`${symbol}: the last ${missing} candles were not decided on`);
  }
  return wrong;
}

/** No order twice, and every fill of the venue's in the journal exactly once. */
function checkOrders(entries: readonly BotEntry[], world: World): string[] {
  const wrong: string[] = [];
  const orders = world.engine.orders();
  const ids = orders.map((order) => order.clientOrderId);
  for (const id of new Set(ids))
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`order ${id} was placed twice`);
  const intents = new Map(entries.flatMap((entry) => (entry.type === 'intent' ? [[entry.id, entry] as const] : [])));
  const filledEntries = new Map<string, string>();
  for (const order of orders) {
    const intent = intents.get(order.clientOrderId);
    if (intent === undefined) wrong.push(`order ${order.clientOrderId} left without an intent in the journal`);
    else if (order.quantity !== intent.quantity || order.price !== intent.price)
      wrong.push(`order ${order.clientOrderId} isn't what was written down`);
    if (intent?.role !== 'entry' || compareDecimals(order.filled, '0') === 0) continue;
    const key = `${intent.symbol} ${intent.decisionMs}`;
    if (filledEntries.has(key))
      wrong.push(`decision ${key} was filled by ${filledEntries.get(key)} and ${order.clientOrderId}`);
    filledEntries.set(key, order.clientOrderId);
  }
  const journalled = entries.flatMap((entry) => (entry.type === 'fill' ? [entry.fillId] : []));
  const real = world.engine.fills.map((fill) => fill.fillId);
  if (journalled.length !== new Set(journalled).size) wrong.push('a fill was booked twice');
  for (const id of real) if (!journalled.includes(id)) wrong.push(`fill ${id} was lost`);
  for (const id of journalled) if (!real.includes(id)) wrong.push(`fill ${id} was invented`);
  return wrong;
}

/** An independent look at every entry into the market: nothing in doubt, fresh data, no halt. */
function checkRisk(entries: readonly BotEntry[]): string[] {
  const wrong: string[] = [];
  const open = new Map<string, { symbol: string; role: string; known: boolean }>();
  const last = new Map<string, { dataAgeMs: number; doubt: unknown; halted: unknown; timeMs: number }>();
  let halted = false;
  for (const entry of entries) {
    if (entry.type === 'halt') halted = true;
    if (entry.type === 'decision') {
      const { known, candle } = entry.record as never as { known: never; candle: number[] };
      last.set(entry.symbol, { ...(known as object), timeMs: candle[0] + minuteMs } as never);
    }
    if (entry.type === 'order') open.set(entry.id, { ...open.get(entry.id)!, known: entry.state === 'open' });
    if (entry.type === 'order-end') open.delete(entry.id);
    if (entry.type !== 'intent') continue;
    if (entry.role === 'entry') {
      const facts = last.get(entry.symbol);
      if (halted) wrong.push(`${entry.id} opens after the halt`);
      if (facts === undefined || facts.timeMs !== entry.decisionMs) wrong.push(`${entry.id} belongs to no decision`);
      else if (facts.doubt !== null || facts.halted !== null || facts.dataAgeMs > minuteMs / 2)
        wrong.push(`${entry.id} opens in doubt or on old data`);
      for (const [id, other] of open)
        if (other.symbol === entry.symbol && (other.role !== 'stop' || !other.known))
          wrong.push(`${entry.id} opens while ${id} is under way`);
    }
    open.set(entry.id, { symbol: entry.symbol, role: entry.role, known: false });
  }
  return wrong;
}

/** Every decision follows again from its candle, bit by bit, crashes or not. */
async function checkReplay(entries: readonly BotEntry[], world: World): Promise<string[]> {
  const symbols = world.createSymbols();
  const { differences } = await verifyJournal({ entries, symbols, history: null, maxDataAgeMs: minuteMs / 2 });
  return differences.map(({ symbol, timeMs, column, journal, replay }) =>
    [`${symbol} at ${timeMs}: ${column} was`, JSON.stringify(journal), 'and is', JSON.stringify(replay)].join(' '),
  );
}

/** Nothing in doubt at the end, ledger = venue to the last digit, flat where it was halted. */
function checkEnd(bot: Bot, world: World, halted: boolean): string[] {
  const wrong: string[] = [];
  const balances = world.engine.balances();
  const total = (currency: string) => {
    const { free, locked } = balances.get(currency)!;
    return addDecimals(free, locked);
  };
  let quote = '0';
  for (const { broker } of bot.traders) {
    if (!(broker instanceof LiveBroker)) continue;
    const { book, account } = broker;
    if (broker.doubt !== null) wrong.push(`${book.symbol}: in doubt at the end: ${broker.doubt}`);
    if (total(book.base) !== addDecimals('0.5', book.baseOwned))
      wrong.push(`${book.base}: the venue holds ${total(book.base)}, the book 0.5 + ${book.baseOwned}`);
    if (Math.abs(account.position - Number(book.baseOwned)) > 1e-9)
      wrong.push(`${book.symbol}: account ${account.position}`);
    const cash = account.config.startingEquity + Number(book.quoteMoved);
    if (Math.abs(account.cash - cash) > 1e-6)
      wrong.push(`${book.symbol}: cash ${account.cash}, moved ${book.quoteMoved}`);
    if (halted && account.units !== 0) wrong.push(`${book.symbol}: halted and still holds ${account.position}`);
    quote = addDecimals(quote, book.quoteMoved);
    const resting = world.engine.openOrders(book.symbol).map((order) => order.clientOrderId);
    for (const id of resting) if (!book.orders.has(id)) wrong.push(`order ${id} rests on the venue, forgotten`);
  }
  const foreign = subtractDecimals(total('USDT'), quote);
  const expected = String(10_000 * bot.traders.length + 137);
  if (foreign !== expected) wrong.push(`USDT: the venue holds ${total('USDT')}, the books moved ${quote}`);
  if (halted && bot.halted === null) wrong.push('the halt was forgotten');
  return wrong;
}
