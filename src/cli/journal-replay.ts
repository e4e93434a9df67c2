import type { LoadedAgent } from '../agents/index.ts';
import { createSymbols, readSetup } from '../bot/setup.ts';
import { type Verification, verifyJournal } from '../bot/verify.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { Context } from './command.ts';
import { type JournalPlace, readJournal, startOf } from './journals.ts';
import { openStore } from './run-context.ts';

/** Replays a journal with the agents that it was made with; refuses any others. */
export async function replayJournal(
  place: JournalPlace,
  agent: { readonly agent: LoadedAgent; readonly hash: string },
  supervisor: { readonly agent: LoadedAgent; readonly hash: string } | null,
  context: Context,
  stopAfter = 1,
): Promise<Verification> {
  const { entries, fault } = readJournal(place);
  if (fault !== null && !fault.torn)
    throw new InputError(
      `${place.name}: record ${fault.record} (byte ${fault.offset}): ${fault.reason}; restore a backup`,
    );
  const start = startOf(entries, place.name);
  const setup = readSetup(start, place.name);
  requireSame('checkpoint', place.name, setup.checkpoint, agent.hash);
  if (setup.supervisor !== null) requireSame('supervisor', place.name, setup.supervisor, supervisor?.hash ?? 'none');
  return verifyJournal({
    name: place.name,
    entries,
    symbols: createSymbols(setup, agent.agent, supervisor?.agent ?? null),
    history: readHistory(context, start.venue, start.symbols, start.timeframeMs),
    maxDataAgeMs: setup.maxDataAgeMs,
    stopAfter,
  });
}

function requireSame(
  what: string,
  journal: string,
  made: { readonly name: string; readonly hash: string },
  hash: string,
): void {
  if (made.hash !== hash)
    throw new InputError(
      `${journal}: was made with ${what} ${made.name} (${made.hash.slice(0, 12)}), not with ${hash.slice(0, 12)}; name that one`,
    );
}

/** What the database knows of these symbols; null where it knows nothing. */
function readHistory(
  context: Context,
  venue: string,
  symbols: readonly string[],
  timeframeMs: number,
): ReadonlyMap<string, CandleSeries> | null {
  using store = openStore(context);
  const stored = store.list().filter((one) => one.venue === venue && one.timeframeMs === timeframeMs);
  const known = symbols.filter((symbol) => stored.some((one) => one.symbol === symbol));
  return known.length === 0 ? null : new Map(known.map((symbol) => [symbol, store.load(venue, symbol, timeframeMs)]));
}
