/** What must hold after any trading, whatever the venue, the network and the machine did. */
import type { Bot } from '../../src/bot/bot.ts';
import { type BotEntry, type DecisionEntry, decodeCandle } from '../../src/bot/entries.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { addDecimals, compareDecimals, subtractDecimals } from '../../src/exchange/decimal.ts';
import { type createWorld, minuteMs } from './bot-world.ts';

type World = Pick<ReturnType<typeof createWorld>, 'candles' | 'engine' | 'createSymbols' | 'timeframeMs'>;

/** Every promise that was broken, in words; empty where all were kept. */
export async function checkPromises(
  entries: readonly BotEntry[],
  bot: Bot,
  world: World,
  halted: boolean,
): Promise<string[]> {
  return [
    ...checkCandles(entries, world),
    ...checkOrders(entries, world),
    ...checkRisk(entries, world.timeframeMs),
    ...(await checkReplay(entries, world)),
    ...checkEnd(bot, world, halted),
  ];
}

/** Every candle once, in order, to the last digit, up to the end. */
export function checkCandles(entries: readonly BotEntry[], world: World): string[] {
  const wrong: string[] = [];
  for (const [symbol, candles] of world.candles) {
    const decisions = entries.filter(
      (entry) => entry.type === 'decision' && entry.symbol === symbol,
    ) as DecisionEntry[];
    const seen = decisions.map((entry) => decodeCandle(entry.record.candle));
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
export function checkOrders(entries: readonly BotEntry[], world: World): string[] {
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

/** An independent look at every entry into the market: nothing unresolved, fresh data, no halt. */
export function checkRisk(entries: readonly BotEntry[], timeframeMs = minuteMs): string[] {
  const wrong: string[] = [];
  const open = new Map<string, { symbol: string; role: string; known: boolean }>();
  const last = new Map<string, { dataAgeMs: number; unresolved: unknown; halted: unknown; timeMs: number }>();
  let halted = false;
  for (const entry of entries) {
    if (entry.type === 'halt') halted = true;
    if (entry.type === 'decision') {
      const { runtime, candle } = entry.record;
      last.set(entry.symbol, { ...runtime, timeMs: candle[0] + timeframeMs });
    }
    if (entry.type === 'order') open.set(entry.id, { ...open.get(entry.id)!, known: entry.state === 'open' });
    if (entry.type === 'order-end') open.delete(entry.id);
    if (entry.type !== 'intent') continue;
    if (entry.role === 'entry') {
      const facts = last.get(entry.symbol);
      if (halted) wrong.push(`${entry.id} opens after the halt`);
      if (facts === undefined || facts.timeMs !== entry.decisionMs) wrong.push(`${entry.id} belongs to no decision`);
      else if (facts.unresolved !== null || facts.halted !== null || facts.dataAgeMs > timeframeMs / 2)
        wrong.push(`${entry.id} opens while something is unresolved, or on old data`);
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
  const { differences } = await verifyJournal({
    ...{ name: 'test', entries, symbols, history: null, maxDataAgeMs: world.timeframeMs / 2 },
  });
  return differences.map(({ symbol, timeMs, column, journal, replay }) =>
    [`${symbol} at ${timeMs}: ${column} was`, JSON.stringify(journal), 'and is', JSON.stringify(replay)].join(' '),
  );
}

/** Nothing unresolved at the end, ledger = venue to the last digit, flat where it was halted. */
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
    if (broker.unresolved !== null) wrong.push(`${book.symbol}: unresolved at the end: ${broker.unresolved}`);
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
