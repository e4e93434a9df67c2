/** Bots as the page lists them, read off their journals: nothing is asked of a running bot. */
import { join } from 'node:path';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import type { BotEntry, DecisionEntry } from '../bot/entries.ts';
import { readHalt } from '../bot/halt-file.ts';
import { readEntries } from '../bot/read-entries.ts';
import type { FileSystem } from '../core/file-system.ts';
import { isLockTaken } from '../disk/process-lock.ts';
import { readParts, sizeOfParts } from '../journal/parts.ts';
import type { BotRow } from './api.ts';

const BOTS = 'bots';
const DAY_MS = 86_400_000;

/** A journal whole: its row and its entries. */
export interface BotJournal {
  readonly row: BotRow;
  readonly entries: readonly BotEntry[];
}

/** Reads the journals of one storage; one that has not grown is not read again. */
export class BotReader {
  readonly #files: FileSystem;
  readonly #storage: string;
  readonly #known = new Map<
    string,
    { readonly size: number; readonly entries: readonly BotEntry[]; readonly fault: string | null }
  >();

  constructor(files: FileSystem, storage: string) {
    this.#files = files;
    this.#storage = storage;
  }

  names(): string[] {
    return this.#files.list(BOTS).filter((name) => this.#files.exists(`${BOTS}/${name}/${JOURNAL_FILE}`));
  }

  list(): BotRow[] {
    return this.names().map((name) => this.read(name).row);
  }

  read(name: string): BotJournal {
    const { entries, fault } = this.#entries(name);
    const halt = readHalt(this.#files, `${BOTS}/${name}`);
    const [start] = entries;
    const decisions = entries.filter((entry) => entry.type === 'decision');
    const last = decisions.at(-1);
    const isStart = start?.type === 'start';
    const lastMs = entries.at(-1)?.timeMs ?? 0;
    const row: BotRow = {
      name,
      kind: isStart ? kindOf(start.kind, start.setup) : 'paper',
      venue: isStart ? start.venue : '',
      timeframeMs: isStart ? start.timeframeMs : 0,
      symbols: isStart ? start.symbols : [],
      running: isLockTaken(join(this.#storage, `${BOTS}/${name}/journal.lock`)),
      halted: halt ?? latched(entries),
      startedMs: start?.timeMs ?? 0,
      lastMs,
      equity: last?.portfolio.total ?? null,
      startingEquity: decisions[0]?.portfolio.total ?? null,
      equityToday: sinceMidnight(decisions, lastMs),
      decisions: decisions.length,
      alarms: entries.filter(({ type }) => type === 'alarm').length,
      fault,
    };
    return { row, entries };
  }

  #entries(name: string): { readonly entries: readonly BotEntry[]; readonly fault: string | null } {
    const path = `${BOTS}/${name}/${JOURNAL_FILE}`;
    const size = sizeOfParts(this.#files, path);
    const known = this.#known.get(name);
    if (known?.size === size) return known;
    let read: { readonly entries: readonly BotEntry[]; readonly fault: string | null };
    try {
      const { records, fault } = readParts(this.#files, path);
      // A torn tail is what a bot is writing just now.
      const said = fault === null || fault.torn ? null : `record ${fault.record}: ${fault.reason}`;
      read = { entries: readEntries(records, name), fault: said };
    } catch (error) {
      read = { entries: [], fault: (error as Error).message };
    }
    this.#known.set(name, { size, ...read });
    return read;
  }
}

/** A bot on a venue of this machine plays with made-up money, whatever its kind. */
function kindOf(kind: 'paper' | 'live', setup: unknown): BotRow['kind'] {
  const { server } = (setup ?? {}) as { server?: unknown };
  return typeof server === 'string' ? 'rehearsal' : kind;
}

/** A halt without a reset after it. */
function latched(entries: readonly BotEntry[]): BotRow['halted'] {
  const last = entries.findLast(({ type }) => type === 'halt' || type === 'reset');
  return last?.type === 'halt' ? { by: last.by, reason: last.reason, timeMs: last.timeMs } : null;
}

/** Equity against that of the first decision of the day of the last entry, UTC. */
function sinceMidnight(decisions: readonly DecisionEntry[], nowMs: number): number | null {
  const midnight = nowMs - (nowMs % DAY_MS);
  const first = decisions.find(({ timeMs }) => timeMs >= midnight);
  const last = decisions.at(-1);
  return first === undefined || last === undefined ? null : last.portfolio.total - first.portfolio.total;
}
