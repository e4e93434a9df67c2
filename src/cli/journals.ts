/** Where bots keep their journals, and how a command finds one. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import type { BotEntry, StartEntry } from '../bot/entries.ts';
import { readEntries } from '../bot/read-entries.ts';
import { InputError } from '../core/errors.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { readLastPart, readParts } from '../journal/parts.ts';
import type { LogContent } from '../journal/record-log.ts';
import type { Context, Options, OptionsOf } from './command.ts';

export const BOTS = 'bots';

export const JOURNAL_OPTION = { '--journal <name>': { doc: "a bot's name, or its folder" } } satisfies Options;

export interface JournalPlace {
  readonly files: NodeFileSystem;
  readonly folder: string;
  /** For messages. */
  readonly name: string;
}

/** The journal that is named, or the only one there is. */
export function findJournal({ journal: named }: OptionsOf<typeof JOURNAL_OPTION>, context: Context): JournalPlace {
  const files = new NodeFileSystem(context.storage);
  const all = files.list(BOTS).filter((name) => files.exists(`${BOTS}/${name}/${JOURNAL_FILE}`));
  if (named === undefined) {
    if (all.length === 1) return { files, folder: `${BOTS}/${all[0]}`, name: all[0] };
    throw new InputError(
      all.length === 0
        ? "there is no bot yet; start one with 'tradernet paper'"
        : `--journal is missing; name one of ${all.join(', ')}`,
    );
  }
  if (all.includes(named)) return { files, folder: `${BOTS}/${named}`, name: named };
  const path = resolve(context.cwd, named);
  const folder = basename(path) === JOURNAL_FILE ? dirname(path) : path;
  if (existsSync(join(folder, JOURNAL_FILE)))
    return { files: new NodeFileSystem(dirname(folder)), folder: basename(folder), name: basename(folder) };
  throw new InputError(
    `--journal ${named}: there is no such journal; ${all.length === 0 ? 'there are none yet' : `there are ${all.join(', ')}`}`,
  );
}

/** A journal's records, whatever they are, up to the first that is not intact. */
export function readChain({ files, folder }: JournalPlace): LogContent {
  return readParts(files, `${folder}/${JOURNAL_FILE}`);
}

/** @throws InputError where a record isn't one of a bot's entries */
export function readJournal(place: JournalPlace): LogContent & { readonly entries: BotEntry[] } {
  const content = readChain(place);
  return { ...content, entries: readEntries(content.records, place.name) };
}

/** With what the journal began, by the head of its last part; null where there is no entry yet. @throws InputError */
export function readStart({ files, folder, name }: JournalPlace): StartEntry | null {
  const { records } = readLastPart(files, `${folder}/${JOURNAL_FILE}`);
  return records.length === 0 ? null : startOf(readEntries(records.slice(0, 1), name), name);
}

/** The entry with which the journal begins. */
export function startOf(entries: readonly BotEntry[], name: string): StartEntry {
  const first = entries[0]?.type === 'checkpoint' ? entries[0].start : entries[0];
  if (first?.type !== 'start')
    throw new InputError(`${name}: the journal is empty or damaged; see 'tradernet journal verify'`);
  return first;
}

/** The lock that a running bot holds beside its journal. */
const LOCK_FILE = 'journal.lock';

/** Whether a bot runs on the journal, or a reset is under way. */
export function isRunning({ files, folder }: Pick<JournalPlace, 'files' | 'folder'>): boolean {
  if (!files.exists(`${folder}/${LOCK_FILE}`)) return false;
  const release = files.lock(`${folder}/${LOCK_FILE}`);
  release?.();
  return release === null;
}

/** One process a journal. Returns what gives the lock back. @throws InputError where another has it */
export function lockJournal({ files, folder, name }: JournalPlace): () => void {
  files.mkdir(folder);
  const release = files.lock(`${folder}/${LOCK_FILE}`);
  if (release === null)
    throw new InputError(
      `${name}: another process runs this bot already; stop it first, or begin another with --journal`,
    );
  return release;
}
