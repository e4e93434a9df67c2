/** What the page decides once more is what was registered, bit by bit; and a limit's reading is the rule's own number. */
import { createHash as nodeHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHash } from '../../dashboard/lib/crypto.ts';
import { Replay } from '../../dashboard/lib/replay.ts';
import { pack, unpack } from '../../src/dashboard/pack.ts';
import { prepareReplay } from '../../src/dashboard/replay.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { CandleStore } from '../../src/market/store.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { SLOW } from '../effort.ts';
import { makeWorld, type World } from './world.ts';

let world: World;
let kernels: Kernels;
beforeAll(async () => {
  world = await makeWorld({ page: false });
  kernels = await createKernels({ kind: 'wasm', threads: 1 });
}, SLOW.timeout);
afterAll(async () => {
  kernels.dispose();
  await world.close();
});

async function replay(run: string, result: string): Promise<Replay> {
  using store = CandleStore.open(`${world.storage}/market.sqlite`);
  const bytes = await prepareReplay(new NodeFileSystem(world.storage), store, { run, result });
  return new Replay(bytes.buffer, kernels);
}

describe.each([
  ['ppo-SYNTHUSDT-s1-1', 'test-SYNTHUSDT-balanced'],
  ['ppo-SYNTHUSDT-s1-1', 'test-SYNTHUSDT-none'],
  ['dqn-SYNTHUSDT-s1-1', 'test-SYNTHUSDT-balanced'],
  ['exact-SYNTHUSDT-s1-1', 'test-SYNTHUSDT-balanced'],
])('%s, %s', (run, result) => {
  it('is decided again as it was registered', SLOW, async () => {
    const start = (await replay(run, result)).start();
    expect(start.equal).toBe(true);
    expect(start.asRun.equity).toHaveLength(start.head.table.rows - start.head.before);
    expect(start.rules.length > 0).toBe(result.endsWith('balanced'));
  });

  it('every decision is that of the pass, with what was behind it and what each rule said', SLOW, async () => {
    const again = await replay(run, result);
    const { asRun, head, rules } = again.start();
    const acted = asRun.stoppedBy.findIndex((rule) => rule !== 255);
    for (const bar of [0, 7, acted, 400].filter((one) => one >= 0)) {
      const decision = again.decision(bar, {});
      expect(decision?.asked.action).toBe(asRun.requested[bar]);
      expect(decision?.shield?.final ?? asRun.actions[bar]).toBe(asRun.actions[bar]);
      expect(decision?.window).toHaveLength(head.table.window * head.table.width);
      expect(decision?.readings.map(({ rule }) => rule)).toEqual(rules.map(({ name }) => name));
    }
  });
});

it('a tighter limit is a stricter pass, no limit at all is the pass without a shield', SLOW, async () => {
  const again = await replay('exact-SYNTHUSDT-s1-1', 'test-SYNTHUSDT-balanced');
  const { asRun, without } = again.start();
  const tight = again.run({ 'order-rate': { perDay: 1, perHour: 1 } });
  expect(tight.fills.length).toBeLessThan(asRun.fills.length);
  const loose = again.run(null);
  expect(Array.from(loose.equity)).toEqual(Array.from(without.equity));
});

it('a reading of a limit is what the rule says when it objects', SLOW, async () => {
  const again = await replay('exact-SYNTHUSDT-s1-1', 'test-SYNTHUSDT-balanced');
  const moved = { 'order-rate': { perDay: 2, perHour: 2 } };
  const pass = again.run(moved);
  let seen = 0;
  for (let bar = 0; bar < pass.actions.length && seen < 5; bar++) {
    if (pass.stoppedBy[bar] === 255) continue;
    const decision = again.decision(bar, moved);
    const reading = decision?.readings.find(({ rule }) => rule === 'order-rate');
    if (reading === undefined || reading.verdict.kind === 'allow') continue;
    const day = reading.limits.find(({ threshold }) => threshold === 'perDay');
    expect(day).toMatchObject({ limit: 2, value: reading.verdict.numbers.day });
    seen++;
  }
  expect(seen).toBeGreaterThan(0);
});

it('an evaluation that is not there, or whose candles changed, is refused in one line', SLOW, async () => {
  await expect(replay('exact-SYNTHUSDT-s1-1', 'test-SYNTHUSDT-none')).rejects.toThrow(/evaluate it again/);
  await expect(replay('nothing', 'x')).rejects.toThrow(/there is no run/);
});

it('SHA-256 in the page is that of Node', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }), (parts) => {
      const [own, real] = [createHash('sha256'), nodeHash('sha256')];
      for (const part of parts) {
        own.update(part);
        real.update(part);
      }
      expect(own.digest('hex')).toBe(real.digest('hex'));
    }),
  );
});

it('what is packed is what is unpacked', () => {
  const arrays = new Map<string, Uint8Array | Float32Array | Float64Array>();
  arrays.set('a', Float64Array.of(1, Number.NaN, -0));
  arrays.set('b', Buffer.from('four'));
  arrays.set('c', new Float32Array(3));
  const { json, arrays: back } = unpack<{ x: string }>(pack({ x: 'ä' }, arrays).buffer);
  expect(json).toEqual({ x: 'ä' });
  expect([...back.keys()]).toEqual(['a', 'b', 'c']);
  expect(Array.from(back.get('a') ?? [])).toEqual([1, Number.NaN, -0]);
  expect(Array.from(back.get('b') ?? [])).toEqual([...Buffer.from('four')]);
});

it('the dark of the system is the dark that one chooses', () => {
  const read = (name: string) =>
    readFileSync(fileURLToPath(new URL(`../../dashboard/style/${name}`, import.meta.url)), 'utf8');
  const pairs = (text: string) =>
    Object.fromEntries([...text.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value]));
  const chosen = /:root\[data-theme='dark'\] \{(.*?)\n\}/s.exec(read('tokens.css'))?.[1] ?? '';
  expect(pairs(read('theme.css'))).toEqual(pairs(chosen));
});
