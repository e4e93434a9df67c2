/** One bot whole, folded from its journal: what it holds, what it decided, what it dealt, what it was told. */
import type { BotEntry, DecisionEntry, NoteEntry } from '../bot/entries.ts';
import type { Json } from '../core/json.ts';
import type { BotDetail, BotMarket, Deal, Lot } from './api.ts';
import type { BotJournal } from './bot-rows.ts';

const MOST_BARS = 240;
const CURVE_POINTS = 400;
const MOST_ALARMS = 30;

/** As the account saves itself, as far as a page shows it. */
interface AccountState {
  readonly cash: number;
  readonly position: number;
  readonly entryPrice: number;
  readonly feesPaid: number;
  readonly closedTrades: number;
}

const accountOf = (entry: DecisionEntry): AccountState =>
  (entry.state.broker as unknown as { account: AccountState }).account;

/** What changed the position between two decisions, seen in the account itself, so that no coin is counted twice. */
function dealsOf(decisions: readonly DecisionEntry[], startingCash: number): Deal[] {
  let before: Pick<AccountState, 'cash' | 'position' | 'feesPaid'> = { cash: startingCash, position: 0, feesPaid: 0 };
  return decisions.flatMap((entry): Deal[] => {
    const { cash, position, feesPaid } = accountOf(entry);
    const [quantity, paid, fee] = [position - before.position, cash - before.cash, feesPaid - before.feesPaid];
    before = { cash, position, feesPaid };
    if (quantity === 0) return [];
    // Filled at the open of the bar that this decision closed.
    return [{ timeMs: entry.record.candle[0], quantity, cash: paid, fee, price: Math.abs((paid + fee) / quantity) }];
  });
}

/** First in, first out: what was sold against what it was bought for, fees taken off on both sides. */
export function matchLots(deals: readonly Deal[]): Lot[] {
  const open: { timeMs: number; quantity: number; perUnit: number; feePerUnit: number; price: number }[] = [];
  const lots: Lot[] = [];
  for (const { timeMs, quantity, cash, fee, price } of deals) {
    if (quantity > 0) {
      open.push({ timeMs, quantity, perUnit: -cash / quantity, feePerUnit: fee / quantity, price });
      continue;
    }
    let left = -quantity;
    const perUnit = cash / left;
    const feePerUnit = fee / left;
    while (left > 1e-12 && open.length > 0) {
      const [first] = open;
      const taken = Math.min(left, first.quantity);
      lots.push({
        ...{ boughtMs: first.timeMs, soldMs: timeMs, quantity: taken, cost: first.price, proceeds: price },
        fees: taken * (first.feePerUnit + feePerUnit),
        profit: taken * (perUnit - first.perUnit),
      });
      first.quantity -= taken;
      left -= taken;
      if (first.quantity <= 1e-12) open.shift();
    }
  }
  return lots;
}

function marketOf(symbol: string, all: readonly DecisionEntry[], startingCash: number): BotMarket | null {
  const decisions = all.filter((entry) => entry.symbol === symbol);
  const last = decisions.at(-1);
  if (last === undefined) return null;
  const deals = dealsOf(decisions, startingCash);
  const account = accountOf(last);
  const dealt = deals.reduce((sum, { cash }) => sum + cash, 0);
  return {
    symbol,
    bars: decisions.slice(-MOST_BARS).map(({ record }) => ({
      candle: record.candle.slice(0, 6) as unknown as BotMarket['bars'][number]['candle'],
      asked: record.action,
      done: record.shield.final,
      behind: record.probabilities ?? record.qValues,
    })),
    deals,
    lots: matchLots(deals),
    unexplained: account.cash - startingCash - dealt,
    last: {
      ...{ timeMs: last.timeMs, record: last.record as unknown as Json, account: account as unknown as Json },
      shield: last.state.shield,
    },
  };
}

function thin<T>(values: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(values.length / most));
  return values.filter((_, i) => i % step === 0 || i === values.length - 1);
}

/** Symbols that are paused by now; '' for all. */
function pausedOf(entries: readonly BotEntry[]): string[] {
  const paused = new Set<string>();
  for (const entry of entries) {
    const { type, command, symbol } = entry as { type: string; command?: string; symbol?: string | null };
    if (type !== 'command') continue;
    if (command === 'pause') paused.add(symbol ?? '');
    if (command === 'resume') paused.delete(symbol ?? '');
  }
  return [...paused];
}

export function describeBot({ row, entries }: BotJournal): BotDetail {
  const start = entries.find((entry) => entry.type === 'start');
  const setup = (start?.setup ?? null) as {
    accounts?: Readonly<Record<string, { startingEquity: number }>>;
    checkpoint?: { name: string };
  } | null;
  const decisions = entries.filter((entry) => entry.type === 'decision');
  return {
    row,
    setup: (start?.setup ?? null) as Json,
    checkpoint: setup?.checkpoint?.name ?? '',
    markets: row.symbols.flatMap(
      (symbol) => marketOf(symbol, decisions, setup?.accounts?.[symbol]?.startingEquity ?? 0) ?? [],
    ),
    curve: thin(
      decisions.map(({ record, portfolio }): [number, number] => [record.candle[0] + row.timeframeMs, portfolio.total]),
      CURVE_POINTS,
    ),
    alarms: entries
      .filter((entry): entry is NoteEntry => entry.type === 'alarm')
      .slice(-MOST_ALARMS)
      .map(({ timeMs, code, numbers }) => ({ timeMs, code, numbers: numbers as Json })),
    paused: pausedOf(entries),
    records: entries.length,
  };
}
