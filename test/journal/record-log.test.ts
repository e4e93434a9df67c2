import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { DamagedLog, encodeRecord, GENESIS, hasHead, openLog, readRecords } from '../../src/journal/record-log.ts';
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

describe('after a power cut', () => {
  const bytesOf = (count: number, durableAfter: number) => {
    const files = new MemoryFileSystem();
    const { log } = openLog(files, path);
    for (let i = 0; i < count; i++) {
      log.append({ i, text: 'x'.repeat(300) });
      if (i < durableAfter) log.sync();
    }
    return files.read(path);
  };
  const ends = (bytes: Uint8Array) => [...bytes].flatMap((byte, i) => (byte === 10 ? [i + 1] : []));
  const openWith = (bytes: Uint8Array) => {
    const files = new MemoryFileSystem();
    files.mkdir('bots/one');
    files.write(path, bytes);
    return openLog(files, path);
  };

  it('a tail of zeros, of any length, is cut and said', () => {
    const whole = bytesOf(3, 3);
    for (const zeros of [1, 83, 84, 4_096, 70_000]) {
      const bytes = new Uint8Array(whole.length + zeros);
      bytes.set(whole);
      const { records, cut } = openWith(bytes);
      expect(records).toHaveLength(3);
      expect(cut).toMatchObject({ record: 3, torn: true });
    }
    expect(openWith(new Uint8Array(500)).records).toEqual([]);
  });

  it('a lost block before others that came through is cut, where none of it was durable', () => {
    const bytes = bytesOf(6, 2);
    const at = ends(bytes);
    for (const [from, to] of [
      [at[1], at[2]],
      [at[2] + 20, at[3] - 20],
      [at[1], at[4]],
    ])
      expect(openWith(bytes.slice().fill(0, from, to))).toMatchObject({ cut: { torn: true } });
    expect(openWith(bytes.slice().fill(0, at[1], at[2])).records).toHaveLength(2);
  });

  it('a lost block of what was durable is refused, and nothing is cut', () => {
    const bytes = bytesOf(6, 6);
    const at = ends(bytes);
    expect(() => openWith(bytes.slice().fill(0, at[1], at[2]))).toThrow(DamagedLog);
    expect(() => openWith(bytes.slice().fill(0, at[1] + 100, at[1] + 120))).toThrow(DamagedLog);
  });

  it('journals of earlier versions are read, and only a torn last record of theirs is cut', () => {
    const old = (values: readonly Json[]) => {
      let text = '';
      let head = GENESIS;
      for (const value of values) {
        const json = JSON.stringify(value);
        head = createHash('sha256').update(head).update(json).digest('hex');
        text += `${json.length} ${crc32(json).toString(16).padStart(8, '0')} ${head} ${json}\n`;
      }
      return new TextEncoder().encode(text);
    };
    const bytes = old([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(openWith(bytes)).toMatchObject({ records: [{ a: 1 }, { a: 2 }, { a: 3 }], cut: null });
    expect(openWith(bytes.slice(0, -5)).records).toHaveLength(2);
    expect(() => openWith(bytes.slice().fill(0, 90, 120))).toThrow(DamagedLog);
  });
});

it('tells whether a hash that was noted elsewhere is still in it', () => {
  const files = written([{ a: 1 }, { a: 2 }]);
  const { log } = openLog(files, path);
  const before = log.head;
  log.append({ a: 3 });
  log.sync();
  expect(hasHead(files.read(path), before.slice(0, 16))).toBe(true);
  expect(hasHead(files.read(path), log.head)).toBe(true);
  expect(hasHead(written([{ a: 1 }, { a: 9 }, { a: 3 }]).read(path), before)).toBe(false);
  expect(hasHead(written([{ a: 1 }]).read(path), before)).toBe(false);
});
