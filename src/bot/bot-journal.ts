/** The journal of one bot: opened, checked to be this bot's, and written to from then on. */
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { beginPart, openParts } from '../journal/parts.ts';
import { isDiskError, type LogFault, type RecordLog } from '../journal/record-log.ts';
import { type BotEntry, type CheckpointEntry, encodeEntry, type NoteEntry, type StartEntry } from './entries.ts';
import type { BotOptions, SymbolSetup } from './options.ts';
import { readEntries } from './read-entries.ts';

export const JOURNAL_FILE = 'journal.log';

type JournalOptions = Pick<
  BotOptions,
  'files' | 'folder' | 'clock' | 'id' | 'kind' | 'timeframeMs' | 'setup' | 'notes'
> & {
  readonly venue: { readonly name: string };
  readonly symbols: readonly Pick<SymbolSetup, 'symbol'>[];
};

export class BotJournal {
  /** What earlier starts wrote, from the head of the last part on. */
  readonly earlier: readonly BotEntry[];
  /** The bot's id, the same in every start. */
  readonly id: string;
  readonly #options: JournalOptions;
  #log: RecordLog;
  #part: number;
  readonly #cut: LogFault | null;
  readonly #onEntry: (entry: BotEntry) => void;
  readonly #onDiskError: (message: string) => void;

  /**
   * @param onEntry told of every entry that is appended
   * @param onDiskError told of every failure to make entries durable
   * @throws InputError where the journal was begun with another setup, or is none
   */
  constructor(options: JournalOptions, onEntry: (entry: BotEntry) => void, onDiskError: (message: string) => void) {
    this.#onDiskError = onDiskError;
    const { log, records, cut, part } = openParts(options.files, `${options.folder}/${JOURNAL_FILE}`);
    this.#options = options;
    this.#log = log;
    this.#part = part;
    this.#cut = cut;
    this.#onEntry = onEntry;
    this.earlier = readEntries(records, options.folder);
    const first = this.earlier[0];
    this.id = claimJournal(first?.type === 'checkpoint' ? first.start : first, options);
  }

  /** Writes down that a start begins, after everything earlier was taken back. */
  begin(): void {
    const { clock, notes = [] } = this.#options;
    const timeMs = clock.nowMs();
    if (this.#cut !== null) this.append(describeCut(this.#cut, timeMs));
    this.append(startEntry(this.#options, this.id, timeMs));
    for (const note of notes) this.append(note);
    this.#log.sync();
  }

  /** Hash of the last entry, which stands for all before it. */
  get head(): string {
    return this.#log.head;
  }

  /** Bytes of the last part. */
  get length(): number {
    return this.#log.length;
  }

  /**
   * Begins a new part, at whose head everything stands that a start needs; a disk that fails leaves it as it is.
   * @param describe from the hash of the last entry, and with what the journal began
   */
  rotate(describe: (continues: string, start: StartEntry) => CheckpointEntry): boolean {
    if (!this.sync()) return false;
    const { files, folder, clock } = this.#options;
    const entry = describe(this.head, startEntry(this.#options, this.id, clock.nowMs()));
    try {
      this.#log = beginPart(files, `${folder}/${JOURNAL_FILE}`, this.#part + 1, this.head, encodeEntry(entry));
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#onDiskError((error as Error).message);
      return false;
    }
    this.#part++;
    this.#onEntry(entry);
    return true;
  }

  /** Durable only after `sync`. */
  append(entry: BotEntry): void {
    this.#log.append(encodeEntry(entry));
    this.#onEntry(entry);
  }

  /** Whether everything is durable now; where the disk fails that is told, and another call tries again. */
  sync(): boolean {
    try {
      this.#log.sync();
      return true;
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.#onDiskError((error as Error).message);
      return false;
    }
  }
}

function startEntry(options: JournalOptions, id: string, timeMs: number): StartEntry {
  const { kind, venue, timeframeMs, symbols, setup } = options;
  const names = symbols.map(({ symbol }) => symbol);
  return { type: 'start', timeMs, id, kind, venue: venue.name, timeframeMs, symbols: names, setup };
}

function describeCut(cut: LogFault, timeMs: number): NoteEntry {
  return { type: 'cut', timeMs, code: 'torn-tail', numbers: { ...cut } as Record<string, Json> };
}

/** The id of the bot whose journal begins with `first`; what a journal was begun with, it goes on with. */
function claimJournal(first: BotEntry | undefined, options: JournalOptions): string {
  if (first === undefined) return options.id;
  const { folder, kind, symbols, timeframeMs, setup, venue } = options;
  if (first.type !== 'start') throw new InputError(`${folder}: this is not a bot's journal; name another folder`);
  const mine = { kind, venue: venue.name, timeframeMs, symbols: symbols.map(({ symbol }) => symbol), setup };
  for (const [name, value] of Object.entries(mine)) {
    const [was, is] = [JSON.stringify(first[name as keyof StartEntry]), JSON.stringify(value)];
    if (was !== is)
      throw new InputError(
        `${folder}: the journal was begun with ${name} ${was}, this start has ${is}; keep it, or begin a new journal`,
      );
  }
  return first.id;
}
