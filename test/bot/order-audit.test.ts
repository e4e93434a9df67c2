/** A journal that was altered and chained anew: every number of every decision still follows, what was done doesn't. */
import { beforeAll, expect, it } from 'vitest';
import type { BotEntry, DecisionEntry } from '../../src/bot/entries.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';

const world = createWorld({ bars: WARM_UP + 40, seed: 5, overrides: { 'stop-loss': { distance: 0.01 } } });
let journal: readonly BotEntry[] = [];

beforeAll(async () => {
  const clock = world.createClock(world.firstMs);
  const haltMs = world.firstMs + 35 * minuteMs;
  const { entries, failure } = await world.live(
    new MemoryFileSystem(),
    clock,
    world.endMs,
    world.createVenue(clock),
    haltMs,
  );
  expect(failure).toBeNull();
  journal = entries;
});

const differences = async (entries: readonly BotEntry[]) => {
  const symbols = world.createSymbols();
  const { differences: found } = await verifyJournal({
    ...{ entries, symbols, history: null, maxDataAgeMs: minuteMs / 2, stopAfter: 100 },
  });
  return found.map(({ column }) => column);
};

type Of<Type extends BotEntry['type']> = Extract<BotEntry, { type: Type }>;
const indexOf = <Type extends BotEntry['type']>(type: Type, where: (entry: Of<Type>) => boolean = () => true): number =>
  journal.findIndex((entry) => entry.type === type && where(entry as Of<Type>));
const change = <Type extends BotEntry['type']>(index: number, part: Partial<Of<Type>>): BotEntry[] =>
  journal.map((entry, i) => (i === index ? ({ ...entry, ...part } as BotEntry) : entry));
const inRuntime = (index: number, part: object): BotEntry[] => {
  const { record } = journal[index] as DecisionEntry;
  return change<'decision'>(index, { record: { ...record, runtime: { ...record.runtime, ...part } } });
};

it('finds nothing in what really happened', async () => {
  expect(journal.filter(({ type }) => type === 'intent').length).toBeGreaterThan(10);
  expect(await differences(journal)).toEqual([]);
});

it('a buy of a hundred times the quantity', async () => {
  const index = indexOf('intent', ({ role }) => role === 'entry');
  const { quantity } = journal[index] as Of<'intent'>;
  expect(await differences(change<'intent'>(index, { quantity: String(100 * Number(quantity)) }))).toContain(
    'orders.entry.quantity',
  );
});

it('a buy that no decision ordered', async () => {
  const index = indexOf('intent', ({ role }) => role === 'entry');
  const held = journal.findIndex((entry) => entry.type === 'decision' && entry.record.order === 0);
  const { id, ...rest } = journal[index] as Of<'intent'>;
  const extra = { ...rest, id: `${id}z` };
  const ended = {
    type: 'order-end',
    symbol: rest.symbol,
    id: extra.id,
    end: 'rejected',
    why: '',
    dust: false,
    timeMs: 0,
  };
  const entries = journal.toSpliced(held + 1, 0, extra, ended as BotEntry);
  expect(await differences(entries)).toContain('orders.entry');
});

it('a buy after the halt', async () => {
  const halt = indexOf('halt');
  const first = indexOf('decision', ({ record }) => record.order > 0);
  expect(await differences(journal.toSpliced(halt, 1).toSpliced(first, 0, journal[halt]))).toContain('orders.entry');
});

it('an order that was left out', async () => {
  const { id } = journal[indexOf('intent', ({ role }) => role === 'entry')] as Of<'intent'>;
  expect(await differences(journal.filter((entry) => !('id' in entry) || entry.id !== id))).toContain('orders');
});

it('an exit that nothing asked for', async () => {
  const bought = indexOf('order-end', ({ end }) => end === 'filled');
  const exit = { type: 'exit', symbol: 'BTC/USDT', reference: 1, decisionMs: 1, reason: 'order', timeMs: 0 } as const;
  expect(await differences(journal.toSpliced(bought + 1, 0, exit))).toContain('orders.exit');
});

it('a sale of more than is owned', async () => {
  const index = indexOf('intent', ({ role }) => role !== 'entry');
  const { role, quantity } = journal[index] as Of<'intent'>;
  expect(await differences(change<'intent'>(index, { quantity: String(3 * Number(quantity)) }))).toContain(
    `orders.${role}.quantity`,
  );
});

it('an id that is used twice, or is not of this bot', async () => {
  const index = indexOf('intent', ({ role }) => role === 'entry');
  const { id } = journal[index] as Of<'intent'>;
  const renamed = journal.map((entry) => ('id' in entry && entry.id === id ? { ...entry, id: 'somebody' } : entry));
  expect(await differences(renamed as BotEntry[])).toContain('orders.id');
});

it('a fill of the other side, or of more than was ordered', async () => {
  const index = indexOf('fill');
  expect(await differences(change<'fill'>(index, { side: 'sell' }))).toContain('orders.fill.side');
  const { quantity } = journal[index] as Of<'fill'>;
  expect(await differences(change<'fill'>(index, { quantity: String(2 * Number(quantity)) }))).toContain(
    'orders.fill.quantity',
  );
});

it('what the bot is said to have known', async () => {
  const late = journal.findLastIndex((entry) => entry.type === 'decision');
  expect(await differences(inRuntime(late, { halted: null }))).toContain('runtime.halted');
  const old = journal.map((entry) => (entry.type === 'decision' ? { ...entry, timeMs: entry.timeMs } : entry));
  const fifth = old.map((entry, i) => [entry, i] as const).filter(([entry]) => entry.type === 'decision')[5][1];
  // Decided two minutes late, by its own time, and yet on fresh data.
  const entries = old.map((entry, i) => (i === fifth ? { ...entry, timeMs: entry.timeMs + 120_000 } : entry));
  expect(await differences(entries)).toContain('runtime.dataAgeMs');
});

it('an entry at another price, of another decision, or tried too often', async () => {
  const index = indexOf('intent', ({ role }) => role === 'entry');
  const { reference, decisionMs } = journal[index] as Of<'intent'>;
  for (const part of [{ reference: reference * 1.01 }, { decisionMs: decisionMs - minuteMs }, { attempt: 4 }])
    expect(await differences(change<'intent'>(index, part)), JSON.stringify(part)).toContain('orders.entry');
  expect(await differences(change<'intent'>(index, { attempt: 3 }))).not.toContain('orders.entry');
});

it('the same id twice, though the first has ended', async () => {
  const index = indexOf('intent', ({ role }) => role === 'entry');
  const first = journal[index] as Of<'intent'>;
  const later = journal.findIndex(
    (entry, i) => i > index && entry.type === 'intent' && entry.role === 'entry' && entry.id !== first.id,
  );
  const { id } = journal[later] as Of<'intent'>;
  const entries = journal.map((entry, i) =>
    i >= later && 'id' in entry && entry.id === id ? { ...entry, id: first.id } : entry,
  );
  expect(await differences(entries as BotEntry[])).toContain('orders.id');
});

it('a decision that is said to know nothing unresolved while an order is under way', async () => {
  const end = indexOf('order-end', ({ id }) =>
    journal.some((one) => one.type === 'intent' && one.id === id && one.role === 'entry'),
  );
  const { id } = journal[end] as Of<'order-end'>;
  const next = journal.findIndex((entry, i) => i > end && entry.type === 'decision');
  // Its end, and what follows from it, only after the next decision.
  const entries = [
    ...journal.slice(0, end),
    ...journal.slice(end + 1, next + 1),
    journal[end],
    ...journal.slice(next + 1),
  ];
  const { differences: found } = await verifyJournal({
    ...{ entries, symbols: world.createSymbols(), history: null, maxDataAgeMs: minuteMs / 2, stopAfter: 100 },
  });
  const said = found.find(({ column }) => column === 'runtime.unresolved');
  expect(said).toMatchObject({ journal: null, replay: `order ${id}` });
});
