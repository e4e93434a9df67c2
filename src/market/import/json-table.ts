/** Tables in JSON: as programs save them, as venues answer, one record a line. */
import { InputError } from '../../core/errors.ts';
import { parseJsonText } from '../../core/json-text.ts';
import { nameOf, PRICES } from './names.ts';
import type { Row, Table } from './rows.ts';
import { type ByteSource, readWhole } from './source.ts';

/** It is read as a whole. */
const LARGEST_JSON = 1 << 28;
/** How deep a table lies in a venue's answer. */
const DEEPEST = 4;

type Fields = Readonly<Record<string, unknown>>;
/** A row as a list, or as named values. */
type JsonRow = readonly unknown[] | Fields;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isFields = (value: unknown): value is Fields => isObject(value) && !Array.isArray(value);
const isScalars = (list: readonly unknown[]) => list.length > 0 && !list.some(isObject);

/** @throws InputError where the text is no JSON, or holds no table */
export function jsonTable(source: ByteSource): Table {
  const { name } = source;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readWhole(source, LARGEST_JSON, 'JSON'));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name} is not a text in UTF-8; save it in UTF-8`);
  }
  const rows = findRows(parse(text, name), DEEPEST);
  if (rows === null) throw new InputError(`${name} is JSON without a list of candles; export it again, or as CSV`);
  const [first] = rows;
  const show = (value: unknown) =>
    value === null || value === undefined ? '' : isObject(value) ? '{}' : String(value);
  if (Array.isArray(first))
    return {
      ...{ name, delimiter: () => null },
      *rows(): Generator<Row> {
        for (let i = 0; i < rows.length; i++) {
          const row = rows[i];
          yield { line: i + 1, cells: Array.isArray(row) ? row.map(show) : [] };
        }
      },
    };
  const keys = Object.keys(first).filter((key) => !isObject((first as Fields)[key]));
  return {
    ...{ name, delimiter: () => null },
    *rows(): Generator<Row> {
      yield { line: 1, cells: keys };
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i];
        yield {
          line: i + 2,
          cells: keys.map((key) => (isFields(row) && Object.hasOwn(row, key) ? show(row[key]) : '')),
        };
      }
    },
  };
}

/** One value, or one on each line. */
function parse(text: string, name: string): unknown {
  try {
    return parseJsonText(text);
  } catch (error) {
    const lines = text.split('\n');
    const full = lines.flatMap((line, i) => (line.trim() === '' ? [] : [{ line, at: i + 1 }]));
    const refuse = (why: string) => new InputError(`${name} is not valid JSON (${why}); export it again`);
    const values: unknown[] = [];
    for (const { line, at } of full)
      try {
        values.push(parseJsonText(line));
      } catch (inner) {
        // The first line alone is no value: the file is one.
        throw values.length === 0
          ? refuse((error as Error).message.slice(0, 80))
          : refuse(`line ${at}: ${(inner as Error).message.slice(0, 80)}`);
      }
    return values;
  }
}

/** The longest table in a value; null where there is none. */
function findRows(value: unknown, depth: number): readonly JsonRow[] | null {
  if (!isObject(value)) return null;
  const own = Array.isArray(value) ? (value.length > 0 && isObject(value[0]) ? value : null) : tableOf(value as Fields);
  if (depth === 0) return own;
  let best = own;
  // Of a long list the first entry tells what lies within.
  for (const inner of Array.isArray(value) ? value.slice(0, 1) : Object.values(value)) {
    const rows = findRows(inner, depth - 1);
    if (rows !== null && rows.length > (best?.length ?? 0)) best = rows;
  }
  return best;
}

/** A table whose rows or columns have names. */
function tableOf(value: Fields): readonly JsonRow[] | null {
  const entries = Object.entries(value);
  const lists = entries.filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && isScalars(entry[1]));
  // As TradingView's data feeds have it: a list for each column.
  if (lists.length >= 5 && lists.every(([, list]) => list.length === lists[0][1].length))
    return lists[0][1].map((_, i) => Object.fromEntries(lists.map(([key, list]) => [key, list[i]])));
  const records = entries.filter(
    (entry): entry is [string, Fields] => isFields(entry[1]) && isScalars(Object.values(entry[1])),
  );
  if (records.length < 2 || records.length !== entries.length) return null;
  const names = records.map(([key]) => nameOf(key));
  // As pandas has it: the values of each column by their row's name.
  if (PRICES.every((price) => names.includes(price)))
    return Object.keys(records[0][1]).map((index) => ({
      index,
      ...Object.fromEntries(records.map(([key, column]) => [key, Object.hasOwn(column, index) ? column[index] : null])),
    }));
  // As Alpha Vantage has it: the record of each time.
  return records.map(([index, record]) => ({ index, ...record }));
}
