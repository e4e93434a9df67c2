import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { DamagedLog, encodeRecord, GENESIS, openLog, readRecords } from '../../src/journal/record-log.ts';
import { atEveryCrash, MemoryFileSystem } from '../memory-file-system.ts';

const path = 'bots/one/journal.log';
const record = fc.record({ type: fc.string(), n: fc.double({ noNaN: true }), text: fc.string({ unit: 'binary' }) });

function written(values: readonly Json[]): MemoryFileSystem {
  const files = new MemoryFileSystem();
  const { log } = openLog(files, path);
  for (const value of values) log.append(value);
  log.sync();
  return files;
}

describe('record log', () => {
  it('reads back what was written, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (values) => {
        const expected = JSON.parse(JSON.stringify(values));
        expect(openLog(written(values as Json[]), path).records).toEqual(expected);
      }),
    );
  });

  it('chains: the hash of a record depends on all before it', () => {
    // sha256('0' * 64 + '{"a":1}'), by `printf '%064d{"a":1}' 0 | sha256sum`.
    const first = encodeRecord({ a: 1 }, GENESIS);
    expect(first.head).toBe('fc6cee09194dd2578bd7664604fcb72a539066fd34544cea0009c43eb6cdc289');
    expect(encodeRecord({ a: 2 }, first.head).head).not.toBe(encodeRecord({ a: 2 }, GENESIS).head);
  });

  it('notices every flipped bit, left-out and swapped record', () => {
    const values = Array.from({ length: 5 }, (_, i) => ({ i, text: 'x'.repeat(i) }));
    const bytes = written(values).read(path);
    for (let byte = 0; byte < bytes.length; byte++) {
      const altered = bytes.slice();
      altered[byte] ^= 1 << (byte % 8);
      expect(readRecords(altered).fault, `byte ${byte}`).not.toBeNull();
    }
    const lines = new TextDecoder().decode(bytes).split(/(?<=\n)/);
    const join = (order: number[]) => new TextEncoder().encode(order.map((i) => lines[i]).join(''));
    expect(readRecords(join([0, 2, 3, 4])).fault).toMatchObject({ record: 1, torn: false });
    expect(readRecords(join([0, 2, 1, 3, 4])).fault).toMatchObject({ record: 1, torn: false });
  });

  it('cuts a tail torn at any byte, says so, and goes on', () => {
    const values = [{ a: 1 }, { b: 'two' }, { c: [3] }];
    const bytes = written(values).read(path);
    const ends = [...bytes].flatMap((byte, i) => (byte === 10 ? [i + 1] : []));
    for (let length = 0; length <= bytes.length; length++) {
      const files = new MemoryFileSystem();
      files.mkdir('bots/one');
      files.write(path, bytes.slice(0, length));
      const whole = ends.filter((end) => end <= length).length;
      const { log, records, cut } = openLog(files, path);
      expect(records).toEqual(values.slice(0, whole));
      expect(cut === null).toBe(length === 0 || ends.includes(length));
      log.append({ again: true });
      expect(openLog(files, path).records).toEqual([...values.slice(0, whole), { again: true }]);
    }
  });

  it('refuses a log that is damaged before its tail', () => {
    const files = written([{ a: 1 }, { b: 2 }]);
    const bytes = files.read(path);
    bytes[80] ^= 1;
    files.write(path, bytes);
    expect(() => openLog(files, path)).toThrow(DamagedLog);
  });

  it('keeps what was synced through a crash at every operation', () => {
    const all = [{ i: 0 }, { i: 1 }, { i: 2 }];
    let durable = 0;
    const states = atEveryCrash(
      new MemoryFileSystem(),
      (files) => {
        const { log } = openLog(files, path);
        for (const value of all) {
          log.append(value);
          log.sync();
          durable++;
        }
      },
      (disk) => {
        const { records } = openLog(disk, path);
        expect(records.length).toBeGreaterThanOrEqual(durable);
        expect(records).toEqual(all.slice(0, records.length));
      },
    );
    expect(states).toBeGreaterThan(15);
  });
});

describe('a disk that fails for a while', () => {
  const full = (what: string) =>
    Object.assign(new Error(`ENOSPC: no space left on device, ${what}`), { code: 'ENOSPC' });

  it.each(['append', 'sync'] as const)('in %s loses nothing, and tears nothing', (what) => {
    const files = new MemoryFileSystem();
    const { log } = openLog(files, path);
    log.append({ a: 1 });
    log.sync();
    const real = files[what].bind(files) as (...values: never[]) => void;
    files[what] = (name: string, bytes?: Uint8Array) => {
      // Half of it is written all the same.
      if (what === 'append') real(name as never, bytes!.subarray(0, bytes!.length >> 1) as never);
      throw full(what);
    };
    for (let i = 2; i < 5; i++) {
      log.append({ a: i });
      expect(() => log.sync()).toThrow('ENOSPC');
    }
    files[what] = real as never;
    log.sync();
    log.append({ a: 5 });
    log.sync();
    expect(openLog(files, path)).toMatchObject({ records: [1, 2, 3, 4, 5].map((a) => ({ a })), cut: null });
    expect(openLog(files, path).log.head).toBe(log.head);
  });
});

it('writes nothing more after an error that is not the disk’s', () => {
  const files = written([]);
  const { log } = openLog(files, path);
  const append = files.append.bind(files);
  files.append = () => {
    throw new Error('a bug');
  };
  expect(() => log.append({ a: 1 })).toThrow('a bug');
  files.append = append;
  expect(() => log.append({ a: 2 })).toThrow('restart to recover');
  expect(() => log.sync()).toThrow('restart to recover');
});
