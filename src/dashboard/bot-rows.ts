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

/** What was read of a journal; `last` is the last record's text, by which one that has only grown is known. */
interface Known {
  readonly size: number;
  readonly entries: readonly BotEntry[];
  readonly last: string;
  readonly fault: string | null;
}

/** Reads the journals of one storage; of one that has grown only what is new is made into entries. */
export class BotReader {
  readonly #files: FileSystem;
  readonly #storage: string;
  readonly #known = new Map<string, Known>();

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

  #entries(name: string): Known {
    const path = `${BOTS}/${name}/${JOURNAL_FILE}`;
    const size = sizeOfParts(this.#files, path);
    const known = this.#known.get(name);
    if (known?.size === size) return known;
    let read: Known;
    try {
      const { records, fault } = readParts(this.#files, path);
      // A torn tail is what a bot is writing just now.
      const said = fault === null || fault.torn ? null : `record ${fault.record}: ${fault.reason}`;
      const count = known?.entries.length ?? 0;
      const hasGrown = known !== undefined && count > 0 && JSON.stringify(records[count - 1]) === known.last;
      const before = hasGrown ? known.entries : [];
      const entries = [...before, ...readEntries(records.slice(before.length), name)];
      read = { size, entries, last: JSON.stringify(records.at(-1) ?? null), fault: said };
    } catch (error) {
      read = { size, entries: [], last: '', fault: (error as Error).message };
    }
    this.#known.set(name, read);
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
