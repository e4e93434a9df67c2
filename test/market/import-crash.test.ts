/**
 * An import is whole or absent, whatever is lost: any suffix of the write-ahead log, any single write of it, any part
 * of a checkpoint, and real kills at random moments.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { CandleStore, hashSeries } from '../../src/market/store.ts';
import { rounds, SLOW } from '../effort.ts';
import { HOUR_MS, makeSeries } from './candle-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradernet-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PAGE = 4096;
const WAL_HEADER = 32;
const FRAME = 24 + PAGE;

const before = makeSeries(150, 1, 'OLD');
const added = makeSeries(300, 2, 'NEW');
const hashes = { OLD: hashSeries(before), NEW: hashSeries(added) };

/** The files as they are on disk at the moment after the import's commit. */
function recordImport(): { main: Buffer; wal: Buffer; checkpointed: Buffer } {
  const path = join(folder, 'record.sqlite');
  {
    using store = CandleStore.open(path);
    store.importSeries(before);
  }
  const store = CandleStore.open(path);
  store.importSeries(added);
  const [main, wal] = [readFileSync(path), readFileSync(`${path}-wal`)];
  store.close();
  return { main, wal, checkpointed: readFileSync(path) };
}

/** Opens what a crash left; says whether the import is there, after checking that all else is as it was. */
function reopen(main: Uint8Array, wal: Uint8Array): boolean {
  const path = join(folder, 'crashed.sqlite');
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  writeFileSync(path, main);
  writeFileSync(`${path}-wal`, wal);
  using store = CandleStore.open(path);
  expect(hashSeries(store.load('test', 'OLD', HOUR_MS))).toBe(hashes.OLD);
  const there = store.list().some((row) => row.symbol === 'NEW');
  if (there) expect(hashSeries(store.load('test', 'NEW', HOUR_MS))).toBe(hashes.NEW);
  else expect(() => store.load('test', 'NEW', HOUR_MS)).toThrow(/no candles/);
  // And one can go on: the same import is complete then.
  store.importSeries(added);
  expect(hashSeries(store.load('test', 'NEW', HOUR_MS))).toBe(hashes.NEW);
  using raw = new DatabaseSync(path);
  expect(raw.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  return there;
}

describe('lost writes', () => {
  const { main, wal, checkpointed } = recordImport();
  const frames = (wal.length - WAL_HEADER) / FRAME;

  it('the log is cut after every frame, in its head, in its page, and a byte short', () => {
    expect(Number.isInteger(frames)).toBe(true);
    expect(frames).toBeGreaterThan(KILLS / 4);
    expect(reopen(main, wal)).toBe(true);
    for (let frame = 0; frame <= frames; frame++)
      for (const extra of [0, 7, 24, 24 + PAGE / 2, FRAME - 1]) {
        const length = WAL_HEADER + frame * FRAME + extra;
        if (length >= wal.length) continue;
        expect(reopen(main, wal.subarray(0, length)), `${length} of ${wal.length} bytes`).toBe(false);
      }
    for (const length of [0, 1, WAL_HEADER - 1]) expect(reopen(main, wal.subarray(0, length))).toBe(false);
  });

  it('any single write of the log is lost', () => {
    for (let frame = 0; frame < frames; frame++) {
      const holed = Buffer.from(wal);
      holed.fill(0, WAL_HEADER + frame * FRAME, WAL_HEADER + (frame + 1) * FRAME);
      expect(reopen(main, holed)).toBe(false);
    }
  });

  it('a checkpoint stops after any page, or in the middle of one', () => {
    const pages = checkpointed.length / PAGE;
    for (let page = 0; page <= pages; page++)
      for (const extra of [0, 100, PAGE / 2]) {
        const length = Math.min(page * PAGE + extra, checkpointed.length);
        const partly = Buffer.concat([checkpointed.subarray(0, length), main.subarray(length)]);
        expect(reopen(partly, wal), `${length} bytes checkpointed`).toBe(true);
      }
    expect(reopen(checkpointed, new Uint8Array())).toBe(true);
  });
});

const KILLS = rounds(8, 20);

it(`${KILLS} kills at random moments: what was reported is there, each import is whole or absent`, SLOW, async () => {
  const path = join(folder, 'killed.sqlite');
  const child = fileURLToPath(new URL('./import-child.ts', import.meta.url));
  const rng = new Rng(2, 1);
  const bars = 1500;
  const reported: string[] = [];
  for (let round = 0; round < KILLS; round++) {
    const from = 100 * round;
    const running = spawn(process.execPath, [child, path, String(from), String(bars)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    const ended = new Promise((done) => running.once('close', done));
    running.stdout.on('data', (data) => {
      const before = output.split('\n').length;
      output += data;
      // Every other time something has been reported already, however slow the machine.
      const wanted = 2 + (round % 2);
      if (before < wanted && output.split('\n').length >= wanted)
        setTimeout(() => running.kill('SIGKILL'), 1 + 60 * rng.uniform());
    });
    await ended;
    const lines = output.split('\n').filter((line) => line !== '');
    expect(lines[0]).toBe('ready');
    expect(lines.at(-1)).not.toBe('ran out');
    reported.push(...lines.slice(1));

    // The copy is opened, so that the log stays for the next round as the kill left it.
    const copy = join(folder, 'copy.sqlite');
    for (const suffix of ['', '-wal']) cpSync(path + suffix, copy + suffix);
    rmSync(`${copy}-shm`, { force: true });
    using store = CandleStore.open(copy);
    const there = store.list();
    for (const row of there) expect(row.bars).toBe(bars);
    const symbols = new Set(there.map((row) => row.symbol));
    for (const symbol of reported) expect(symbols).toContain(symbol);
    for (const row of there.slice(-2))
      expect(hashSeries(store.load('test', row.symbol, HOUR_MS))).toBe(
        hashSeries(makeSeries(bars, Number(row.symbol.slice(1)), row.symbol)),
      );
  }
  expect(reported.length).toBeGreaterThanOrEqual(KILLS / 2);
});
