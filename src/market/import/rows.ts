import { InputError } from '../../core/errors.ts';
import type { ByteSource } from './source.ts';

/** One record of a table. */
export interface Row {
  /** Line number in the file, from 1, as an editor shows it; of the record's first line. */
  readonly line: number;
  /** As written, spaces around them included. */
  readonly cells: readonly string[];
}

/** Rows that can be read from the start as often as one likes. */
export interface Table {
  readonly name: string;
  readonly rows: () => Iterable<Row>;
  /** What lies between two cells of a line; null where the cells were typed values, and not text. */
  readonly delimiter: () => string | null;
}

const DELIMITERS = ['\t', ';', '|', ','] as const;
/** No table of candles has a longer record: a quote that nobody closed, or no table. */
const LONGEST_RECORD = 1 << 16;

/**
 * A delimited text as rows. UTF-8, or UTF-16 by its byte order mark; delimited by comma, semicolon, tab or bar; lines
 * end with LF, CR LF or CR; cells may be quoted, with doubled quotes inside. Blank lines are no rows.
 * @throws InputError while it is read, where it isn't such a text.
 */
export function textTable(source: ByteSource): Table {
  let delimiter: string | null = null;
  return {
    name: source.name,
    delimiter: () => delimiter,
    *rows() {
      for (const block of readText(source)) {
        delimiter ??= findDelimiter(block.text);
        yield* splitBlock(block, delimiter, source.name);
      }
    },
  };
}

/** Whole records of a text: what lies between two ends of line that are in no quotes. */
interface Block {
  readonly text: string;
  readonly line: number;
}

function* decode(source: ByteSource): Generator<string> {
  let decoder: TextDecoder | null = null;
  const fail = () => new InputError(`${source.name} is not a text in UTF-8; save it as CSV in UTF-8`);
  try {
    for (const bytes of source.read()) {
      if (decoder === null) {
        const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff;
        decoder = new TextDecoder(utf16 === true ? 'utf-16be' : utf16 || 'utf-8', { fatal: true });
      }
      yield decoder.decode(bytes, { stream: true });
    }
    yield decoder?.decode() ?? '';
  } catch (error) {
    if (error instanceof TypeError) throw fail();
    throw error;
  }
}

function* readText(source: ByteSource): Generator<Block> {
  let rest = '';
  let line = 1;
  // A lone CR ends a line only in files that have no LF at all.
  let end: string | null = null;
  for (const piece of decode(source)) {
    if (piece.includes('\0')) throw new InputError(`${source.name} is not a text; export it as CSV`);
    let text = rest === '' ? piece : rest + piece;
    // CR LF may be cut in two.
    if (end === null) end = !text.includes('\n') && /\r[^\n]/.test(text) ? '\r' : '\n';
    if (end === '\r') text = text.replaceAll('\r', '\n');
    let cut = text.lastIndexOf('\n') + 1;
    // Quotes are balanced at the end of a record: where they aren't, the last one opens a cell that goes on.
    while (cut > 0 && countQuotes(text, cut) % 2 === 1)
      cut = text.lastIndexOf('\n', text.lastIndexOf('"', cut - 1)) + 1;
    if (text.length - cut > LONGEST_RECORD) throw tooLong(source.name, line, text, cut);
    if (cut > 0) {
      yield { text: text.slice(0, cut), line };
      line += countLines(text, cut);
    }
    rest = text.slice(cut);
  }
  if (rest === '') return;
  if (countQuotes(rest, rest.length) % 2 === 1) throw tooLong(source.name, line, rest, 0);
  yield { text: rest, line };
}

function tooLong(name: string, line: number, text: string, cut: number): InputError {
  const at = line + countLines(text, cut);
  return text.includes('"', cut)
    ? new InputError(`${name}: a quote after line ${at - 1} is never closed; mend the quotes there`)
    : new InputError(`${name}: line ${at} is over ${LONGEST_RECORD} characters long; this is no table`);
}

function countQuotes(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0 && at < end; at = text.indexOf('"', at + 1)) count++;
  return count;
}

function countLines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** The delimiter that most lines have, out of the first fifty. */
function findDelimiter(text: string): string {
  const lines = text.split(/\r?\n/, 50).map((line) => line.replaceAll(/"[^"]*"/g, 'x'));
  const count = (delimiter: string) => lines.filter((line) => line.includes(delimiter)).length;
  // A semicolon or tab wins over as many commas: those may be decimal commas.
  return DELIMITERS.reduce<string>((best, one) => (count(one) > count(best) ? one : best), DELIMITERS[0]);
}

function* splitBlock({ text, line: first }: Block, delimiter: string, name: string): Generator<Row> {
  const quoted = text.includes('"');
  let line = first;
  for (let from = 0; from < text.length; ) {
    let to = text.indexOf('\n', from);
    if (to < 0) to = text.length;
    const start = line++;
    let record = text.slice(from, text[to - 1] === '\r' ? to - 1 : to);
    if (quoted && record.includes('"')) {
      while (countQuotes(record, record.length) % 2 === 1 && to < text.length) {
        to = text.indexOf('\n', to + 1);
        if (to < 0) to = text.length;
        record = text.slice(from, to);
        line++;
        if (record.length > LONGEST_RECORD) throw tooLong(name, start, record, 0);
      }
      yield { line: start, cells: splitQuoted(record, delimiter, start, name) };
    } else if (record.trim() !== '') yield { line: start, cells: record.split(delimiter) };
    from = to + 1;
  }
}

function splitQuoted(record: string, delimiter: string, line: number, name: string): string[] {
  const cells: string[] = [];
  const cell = /\s*"((?:[^"]|"")*)"\s*/y;
  for (let at = 0; at <= record.length; ) {
    cell.lastIndex = at;
    const match = cell.exec(record);
    if (match === null) {
      const end = record.indexOf(delimiter, at);
      const plain = record.slice(at, end < 0 ? record.length : end);
      if (plain.includes('"'))
        throw new InputError(`${name}: line ${line}: a quote inside of a cell; mend the quotes there`);
      cells.push(plain);
      at = end < 0 ? record.length + 1 : end + 1;
      continue;
    }
    cells.push(match[1].replaceAll('""', '"'));
    at = cell.lastIndex;
    if (at < record.length && record[at] !== delimiter)
      throw new InputError(`${name}: line ${line}: text after a closing quote; mend the quotes there`);
    at++;
  }
  return cells;
}
