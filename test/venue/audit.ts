/**
 * What must be true of a bot's trading, judged by the venue's own ledger. Of the bot it takes only what it ended with:
 * nothing that it wrote down excuses anything.
 */
import { type Amount, amount, short, times } from './amount.ts';
import type { HostileExchange, Order, Rules } from './exchange.ts';

export interface Facts {
  readonly exchange: HostileExchange;
  readonly timeframeMs: number;
  /** The user's own coins, of which nothing may be sold or spent. */
  readonly own: Readonly<Record<string, Amount>>;
  /** What the bot owns of the quote coin for each symbol. */
  readonly allocation: Amount;
  readonly maxUnits: number;
  /** True time of the halt; null without one. */
  readonly haltMs: number | null;
  readonly endMs: number;
  /** Client ids that the bot wrote down before it sent anything. */
  readonly intents: ReadonlySet<string>;
  readonly final: readonly {
    readonly symbol: string;
    readonly position: number;
    readonly cash: number;
    readonly units: number;
    readonly unresolved: string | null;
  }[];
  readonly alarms: readonly string[];
}

/** A halt may take a tick of the bot, a deadline and a proof that takes as long as the venue's listing lag. */
const HALT_MS = 120_000;

export function audit(facts: Facts): string[] {
  return [
    ...checkOwn(facts),
    ...facts.exchange.rules.flatMap((rules) => checkSymbol(facts, rules)),
    ...checkEnd(facts),
  ];
}

function checkOwn({ exchange, own }: Facts): string[] {
  return Object.entries(own).flatMap(([coin, least]) => {
    const held = exchange.ledger.least.get(coin) ?? 0n;
    return held < least ? [`${coin}: ${short(least - held)} of the user's own was sold or spent`] : [];
  });
}

const executed = (order: Order): Amount => order.trades.reduce((sum, one) => sum + one.quantity, 0n);
const cost = (order: Order): Amount => order.trades.reduce((sum, one) => sum + times(one.quantity, one.price), 0n);

function checkSymbol(facts: Facts, rules: Rules): string[] {
  const { exchange, timeframeMs, allocation, maxUnits, haltMs, intents } = facts;
  const wrong: string[] = [];
  const orders = exchange.orders.filter((one) => one.rules === rules);
  const ids = orders.map((one) => one.clientId);
  for (const id of new Set(ids)) {
    if (ids.filter((one) => one === id).length > 1) wrong.push(`order ${id} was placed twice`);
    if (!intents.has(id)) wrong.push(`order ${id} left without being written down`);
  }
  // One decision a bar, one unit a decision: more than that in a bar is an order placed twice, whatever its id.
  const unit = (allocation * 13n) / (10n * BigInt(maxUnits));
  const bought = new Map<number, Amount>();
  for (const order of orders.filter((one) => one.side === 'BUY')) {
    const bar = Math.floor(order.createdMs / timeframeMs);
    bought.set(bar, (bought.get(bar) ?? 0n) + cost(order));
    for (const other of orders)
      if (other.createdMs < order.createdMs && other.listedMs.query > order.createdMs)
        wrong.push(`order ${order.clientId} opens risk while nobody could know what became of ${other.clientId}`);
    if (haltMs !== null && order.createdMs > haltMs + 15_000)
      wrong.push(`order ${order.clientId} opens risk after the halt`);
  }
  for (const [bar, sum] of bought)
    if (sum > unit)
      wrong.push(
        `${rules.symbol}: ${short(sum)} were bought in the bar of ${new Date(bar * timeframeMs).toISOString()}`,
      );
  if (haltMs !== null) wrong.push(...checkHalt(facts, rules, orders, haltMs));
  return wrong;
}

/** The bot's position by the venue's count, after all trades until a time. */
function positionAt(orders: readonly Order[], rules: Rules, ms: number): Amount {
  let position = 0n;
  for (const { trades } of orders)
    for (const one of trades) {
      if (one.ms > ms) continue;
      position += one.side === 'BUY' ? one.quantity : -one.quantity;
      if (one.feeCoin === rules.base) position -= one.fee;
    }
  return position;
}

/** Too small to be sold. */
const isDust = (position: Amount, rules: Rules, price: Amount): boolean =>
  position < rules.minQuantity || times((position / rules.step) * rules.step, price) < rules.minNotional;

function checkHalt({ exchange, endMs }: Facts, rules: Rules, orders: readonly Order[], haltMs: number): string[] {
  // The time counts from when the venue can be reached and tells the truth.
  const blocking = [
    'maintenance',
    'stall',
    'request-lost',
    'stale-balances',
    'partial-balances',
    'listed-late',
    'late-fill',
    'answer-cut',
    'error-but-taken',
  ];
  const calmMs = exchange.troubles.all
    .filter((one) => blocking.includes(one.kind) && one.toMs + one.size > haltMs - 60_000)
    .reduce((latest, one) => Math.max(latest, one.toMs + one.size), haltMs);
  const dueMs = calmMs + HALT_MS;
  if (dueMs > endMs) return [];
  const left = positionAt(orders, rules, dueMs);
  const price = exchange.path(rules).priceAt(dueMs);
  return isDust(left, rules, price)
    ? []
    : [`${rules.symbol}: halted, and ${short(left)} are held after ${HALT_MS / 1000} s of calm`];
}

/** A stop that the market reached is heard of in the bot's next round; a day that ends before leaves it unheard. */
const ROUND_MS = 10_000;

function checkEnd({ exchange, own, allocation, final, endMs }: Facts): string[] {
  const wrong: string[] = [];
  let moved = 0n;
  for (const { symbol, position, cash, unresolved } of final) {
    const rules = exchange.rules.find((one) => one.symbol === symbol)!;
    const orders = exchange.orders.filter((one) => one.rules === rules);
    if (unresolved !== null) wrong.push(`${symbol}: unresolved at the end: ${unresolved}`);
    const real = exchange.ledger.total(rules.base) - (own[rules.base] ?? 0n);
    const unheard = orders.some(
      ({ type, trades }) => type === 'STOP_LOSS' && trades.some(({ ms }) => ms > endMs - ROUND_MS),
    );
    if (!unheard && Math.abs(Number(short(real)) - position) > 1e-9)
      wrong.push(`${symbol}: the venue holds ${short(real)} for the bot, it believes ${position}`);
    let spent = 0n;
    for (const order of orders)
      for (const one of order.trades) {
        spent += one.side === 'BUY' ? times(one.quantity, one.price) : -times(one.quantity, one.price);
        if (one.feeCoin === rules.quote) spent += one.fee;
      }
    moved += spent;
    // What was taken in a third coin is worth a hundred of the quote coin's unit each.
    const third = orders
      .flatMap(({ trades }) => trades)
      .filter((one) => one.feeCoin !== rules.base && one.feeCoin !== rules.quote)
      .reduce((sum, one) => sum + one.fee * 100n, 0n);
    const believed = Number(short(allocation - spent - third));
    if (!unheard && Math.abs(believed - cash) > 1e-6)
      wrong.push(`${symbol}: cash is ${believed} by the venue, ${cash} by the bot`);
    const resting = orders.filter((one) => one.end === null && one.type !== 'STOP_LOSS');
    for (const order of resting) wrong.push(`order ${order.clientId} rests, forgotten`);
    const stops = orders.filter((one) => one.end === null && one.type === 'STOP_LOSS');
    const stopped = stops.reduce((sum, one) => sum + one.quantity - executed(one), 0n);
    if (stopped > real) wrong.push(`${symbol}: stops rest for ${short(stopped)}, the bot holds ${short(real)}`);
  }
  const quotes = new Set(exchange.rules.map((one) => one.quote));
  if (quotes.size === 1) {
    const [quote] = quotes;
    const expected = (own[quote] ?? 0n) + allocation * BigInt(final.length) - moved;
    if (exchange.ledger.total(quote) !== expected)
      wrong.push(`${quote}: ${short(exchange.ledger.total(quote))} held, ${short(expected)} by the trades`);
  }
  return wrong;
}

export { amount };
