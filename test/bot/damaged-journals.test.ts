/**
 * Journals of a right chain and a wrong shape: in the first record of every kind each field is left out or put in
 * another's place, each record is left out, doubled and moved, and all of it is chained anew. Whoever reads a journal
 * refuses it in one line, or makes sense of it. `npm run fuzz -- journals` does the same at random, for longer.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readEntries } from '../../src/bot/read-entries.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import type { Context } from '../../src/cli/command.ts';
import { exportJournal, showJournal, verifyChain } from '../../src/cli/journal.ts';
import { reset } from '../../src/cli/reset.ts';
import { InputError } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import { encodeRecord, GENESIS, readRecords } from '../../src/journal/record-log.ts';
import { callCommand } from '../cli/call-command.ts';
import { rounds, SLOW } from '../effort.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';

const storage = mkdtempSync(join(tmpdir(), 'tradernet-damaged-'));
const folder = join(storage, 'bots/damaged');
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(storage, { recursive: true, force: true }));

const quiet = () => {};
const context = {
  ...{ storage, cwd: storage, signal: new AbortController().signal, json: false, overrides: {} },
  ...{ clock: { nowMs: () => 0 }, progress: quiet, say: quiet, print: quiet, ask: async () => null },
} as unknown as Context;
const named = { journal: 'damaged' };

/** The world in which `journals/schema-1-*.log.gz` were written, some bars longer. */
const createOldWorld = (kind: 'paper' | 'live') =>
  createWorld({
    ...{ kind, bars: WARM_UP + 30, seed: 5, profile: 'balanced' },
    overrides: { 'out-of-range': false, 'volatility-spike': false },
  });

function chain(records: readonly Json[]): Uint8Array {
  let head = GENESIS;
  const lines = records.map((record) => {
    const line = encodeRecord(record, head);
    head = line.head;
    return line.bytes;
  });
  return Uint8Array.from(Buffer.concat(lines));
}

/** What every reader of a journal makes of it: nothing, or what it threw. */
async function readEverywhere(kind: 'paper' | 'live', records: readonly Json[]): Promise<unknown[]> {
  const bytes = chain(records);
  writeFileSync(join(folder, 'journal.log'), bytes);
  const world = createOldWorld(kind);
  const files = new MemoryFileSystem();
  files.mkdir('bots/test');
  files.write('bots/test/journal.log', bytes);
  const clock = world.createClock(world.firstMs + 25 * minuteMs);
  const readers = [
    () => callCommand(showJournal, { ...named, last: 1_000 }, context),
    () => callCommand(exportJournal, named, context),
    () => callCommand(verifyChain, named, context),
    () => callCommand(reset, { ...named, reason: 'a drill', confirm: 'damaged' }, context),
    async () => {
      const entries = readEntries(records, 'damaged');
      await verifyJournal({
        ...{ name: 'damaged', entries, symbols: world.createSymbols(), history: null },
        ...{ maxDataAgeMs: minuteMs / 2, stopAfter: 1000 },
      });
    },
    async () => {
      const { failure } = await world.live(files, clock, clock.nowMs() + 2 * minuteMs, world.createVenue(clock));
      if (failure !== null) throw failure;
    },
  ];
  const thrown: unknown[] = [];
  for (const read of readers) await read().catch((error) => thrown.push(error));
  return thrown;
}

/** The paths of every field, of arrays the first element's. */
function pathsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [path];
  const entries = Array.isArray(value)
    ? value.slice(0, 1).map((one, i) => [String(i), one] as const)
    : Object.entries(value);
  return [path, ...entries.flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function put(record: Json, path: readonly string[], value: Json | undefined): Json {
  if (path.length === 0) return value ?? null;
  const copy = structuredClone(record) as { [key: string]: Json };
  let node = copy;
  for (const key of path.slice(0, -1)) node = node[key] as { [key: string]: Json };
  const last = path[path.length - 1];
  if (value !== undefined) node[last] = value;
  else if (Array.isArray(node)) node.splice(Number(last), 1);
  else delete node[last];
  return copy;
}

const replacements = ([undefined, 'x', [[null]], null, -1.5, 1e300, true, [], {}] as const).slice(0, rounds(3, 9));

describe.each(['paper', 'live'] as const)('a %s journal', (kind) => {
  const bytes = gunzipSync(readFileSync(new URL(`journals/schema-1-${kind}.log.gz`, import.meta.url)));
  const { records } = readRecords(bytes);
  const firstOf = new Map(records.map((record, at) => [(record as { type: string }).type, at] as const).reverse());

  it('as it is, is read by everybody', async () => {
    expect(await readEverywhere(kind, records)).toEqual([]);
  });

  it.each([...firstOf])('with a %s of another shape is refused in one line, or read', SLOW, async (_type, at) => {
    for (const path of pathsOf(records[at]))
      for (const value of replacements) {
        const changed = records.with(at, put(records[at], path, value as Json | undefined));
        for (const error of await readEverywhere(kind, changed)) {
          const where = `${path.join('.')} = ${JSON.stringify(value)}`;
          expect(error, `${where}: ${(error as Error).stack}`).toBeInstanceOf(InputError);
          expect((error as Error).message, where).not.toContain('\n');
        }
      }
  });

  it('with a record left out, doubled or moved likewise', SLOW, async () => {
    for (let at = 0; at < records.length; at++)
      for (const changed of [
        records.toSpliced(at, 1),
        records.toSpliced(at, 0, records[at]),
        records.toSpliced(at, 1).toSpliced(records.length >> 1, 0, records[at]),
      ])
        for (const error of await readEverywhere(kind, changed))
          expect(error, `record ${at}: ${(error as Error).stack}`).toBeInstanceOf(InputError);
  });
});

it('a journal whose last record was torn off has not the hash that was kept of it', async () => {
  const bytes = gunzipSync(readFileSync(new URL('journals/schema-1-paper.log.gz', import.meta.url)));
  const { head } = readRecords(bytes);
  writeFileSync(join(folder, 'journal.log'), bytes.subarray(0, -10));
  const codes = [undefined, head].map(async (kept) => {
    const { exitCode } = await callCommand(verifyChain, { ...named, head: kept }, context);
    return exitCode ?? 0;
  });
  expect(await Promise.all(codes)).toEqual([0, 1]);
});
