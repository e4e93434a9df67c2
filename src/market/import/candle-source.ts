import { InputError } from '../../core/errors.ts';
import { withPlugged } from '../../core/plugged.ts';
import { type Table, textTable } from './rows.ts';
import { type ByteSource, bytesSource, readWhole } from './source.ts';

/** A form of files that only its author knows: it makes rows of them, and the importer judges the rows as any other's. */
export interface CandleSource {
  /** What `data import --source` takes. */
  readonly name: string;
  /** One line for the help. */
  readonly docs: string;
  /** Column titles, as in a CSV file: time, open, high, low, close, volume, and whatever else the importer knows. */
  readonly columns: readonly string[];
  /** The cells of each row, in the order of the columns. */
  rows(bytes: Uint8Array): Iterable<readonly (string | number)[]>;
}

/** Forms of files beyond those that are found out. Plugins add to them. */
export const CANDLE_SOURCES = withPlugged<readonly CandleSource[]>('sources', []);

const LARGEST = 1 << 30;

/** @throws InputError for an unknown name, for rows of another width, or where the source can't read the file */
export function openSource(name: string, file: ByteSource): Table {
  const source = CANDLE_SOURCES.find((one) => one.name === name);
  if (source === undefined) {
    const known = CANDLE_SOURCES.map((one) => one.name).join(', ') || 'none; a plugin adds one (--plugin FILE)';
    throw new InputError(`there is no source '${name}'; there are: ${known}`);
  }
  const lines = [source.columns.join(',')];
  try {
    for (const cells of source.rows(readWhole(file, LARGEST, name))) {
      if (cells.length !== source.columns.length || cells.some((cell) => /[",\r\n]/.test(String(cell))))
        throw new InputError(
          `row ${lines.length} of the source ${name} is ${JSON.stringify(cells)}, and its columns are ${source.columns.join(', ')}`,
        );
      lines.push(cells.join(','));
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file.name}: the source ${name} can't read it (${(error as Error).message.split('\n')[0]})`);
  }
  return textTable(bytesSource(new TextEncoder().encode(`${lines.join('\n')}\n`), file.name));
}
