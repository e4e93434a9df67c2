import { CsvError, parse } from 'csv-parse/sync';
import { InputError } from '../core/errors.ts';

/** One line of a delimited file. */
export interface CsvRow {
  /** Line number in the file, from 1, as an editor shows it. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvText {
  readonly rows: readonly CsvRow[];
  readonly delimiter: string;
}

/**
 * Bytes to rows: UTF-8 with or without a byte order mark, delimited by comma, semicolon, tab or bar.
 * @throws InputError where it isn't such a text; `name` is how the message calls the file.
 */
export function readCsv(bytes: Uint8Array, name: string): CsvText {
  if (bytes.length === 0) throw new InputError(`${name} is empty; export it again`);
  const magic = bytes[0] * 256 + bytes[1];
  if (magic === 0x1f8b || magic === 0x504b)
    throw new InputError(`${name} is packed (gzip or zip); unpack it and import the file inside`);
  if (magic === 0xfffe || magic === 0xfeff) throw new InputError(`${name} is UTF-16; save it as UTF-8`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${name} is not a text in UTF-8; save it as CSV in UTF-8`);
  }
  if (text.includes('\0')) throw new InputError(`${name} is not a text; export it as CSV`);
  const delimiter = findDelimiter(text);
  try {
    const parsed = parse(text, {
      ...{ delimiter, info: true, bom: true, trim: true, relax_column_count: true, skip_empty_lines: true },
    }) as unknown as { record: string[]; info: { lines: number } }[];
    if (parsed.length === 0) throw new InputError(`${name} holds no rows; export it again`);
    return { rows: parsed.map(({ record, info }) => ({ line: info.lines, cells: record })), delimiter };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InputError(`${name}: ${error.message.replaceAll('\n', ' ')}; mend the quotes on that line`);
  }
}

/** The delimiter that most lines have, out of the first fifty. */
function findDelimiter(text: string): string {
  const lines = text.split(/\r?\n/, 50);
  const count = (delimiter: string) => lines.filter((line) => line.split(delimiter).length >= 2).length;
  // A semicolon or tab wins over as many commas: those may be decimal commas.
  return ['\t', ';', '|', ','].reduce((best, one) => (count(one) > count(best) ? one : best));
}

/** A number as exports write it: plain, with an exponent, with thousands separators; NaN where it's none. */
export function parseCell(cell: string, decimalComma: boolean): number {
  const text = decimalComma ? cell.replaceAll('.', '').replace(',', '.') : cell;
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) return Number(text.replaceAll(',', ''));
  return Number.NaN;
}
