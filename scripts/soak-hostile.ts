/**
 * `npm run soak:hostile`: seeded days on a venue that shares no code with the product (`test/venue/`), judged by that
 * venue's own ledger; 10,000 by default. `--seed N` replays one, `--count N --from N` run others, `--kinds a,b` only
 * these troubles, `--sockets` the same over sockets through ccxt, thirty times as fast as life (200, `--together N` at a
 * time). `--minutes M` ends after so long (exit code 3): what was done is kept in node_modules/.cache for as long as the
 * live code and the venue are what they were, and the same command goes on. A run of at least 10,000 (200 over sockets)
 * writes bench/results/soak-hostile.json or soak-hostile-sockets.json, with how many of them are done.
 */
import { execFileSync, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type HostileResult, runHostile } from '../test/venue/hostile-schedule.ts';
import { QUICK, runHostileSockets } from '../test/venue/hostile-sockets.ts';
import type { Kind } from '../test/venue/troubles.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string' },
    from: { type: 'string', default: '1' },
    kinds: { type: 'string' },
    sockets: { type: 'boolean', default: false },
    processes: { type: 'string', default: String(cpus().length) },
    together: { type: 'string', default: '10' },
    minutes: { type: 'string' },
    part: { type: 'boolean', default: false },
  },
});
const kinds = values.kinds?.split(',') as Kind[] | undefined;
const untilMs = performance.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));

interface Part {
  schedules: number;
  orders: number;
  trades: number;
  crashes: number;
  halts: number;
  readonly struck: Record<string, number>;
  readonly failures: { readonly seed: number; readonly violations: readonly string[] }[];
}

const nothing = (): Part => ({ schedules: 0, orders: 0, trades: 0, crashes: 0, halts: 0, struck: {}, failures: [] });

function add(sum: Part, one: HostileResult): void {
  sum.schedules++;
  sum.orders += one.orders;
  sum.trades += one.trades;
  sum.crashes += one.crashes;
  sum.halts += one.halted ? 1 : 0;
  for (const [kind, times] of Object.entries(one.struck)) sum.struck[kind] = (sum.struck[kind] ?? 0) + times;
  if (one.violations.length > 0) sum.failures.push({ seed: one.seed, violations: one.violations });
}

function runOne(seed: number): Promise<HostileResult> {
  if (!values.sockets) return runHostile(seed, kinds === undefined ? {} : { kinds });
  return runHostileSockets(seed, kinds === undefined ? QUICK : { ...QUICK, kinds });
}

async function runPart(from: number, count: number, together: number): Promise<Part> {
  const part = nothing();
  let next = from;
  const runNext = async () => {
    while (next < from + count) {
      const seed = next++;
      try {
        add(part, await runOne(seed));
      } catch (error) {
        part.schedules++;
        part.failures.push({ seed, violations: [`threw ${(error as Error).stack}`] });
      }
    }
  };
  await Promise.all(Array.from({ length: together }, runNext));
  return part;
}

/** The same script in a process of its own: seeds are independent of each other. */
function runApart(from: number, count: number): Promise<Part> {
  return new Promise((resolve, reject) => {
    const flags = ['--part', '--from', String(from), '--count', String(count), '--together', values.together];
    if (values.kinds !== undefined) flags.push('--kinds', values.kinds);
    if (values.sockets) flags.push('--sockets');
    const child = fork(process.argv[1], flags);
    child.once('message', (message) => resolve(message as Part));
    child.once('exit', (code) => reject(new Error(`a part ended with ${code}`)));
  });
}

/** Of all that decides how a schedule ends. */
function hashCode(): string {
  const hash = createHash('sha256').update(`${values.kinds} ${values.sockets}`);
  for (const folder of ['src', 'test/venue', 'test/bot'])
    for (const name of (readdirSync(`${root}${folder}`, { recursive: true }) as string[]).sort())
      if (name.endsWith('.ts') && !/^(dashboard|evaluate|market|cli)\//.test(name) && !name.endsWith('.test.ts'))
        hash.update(name).update(readFileSync(`${root}${folder}/${name}`));
  return hash.digest('hex').slice(0, 16);
}

interface Kept {
  readonly code: string;
  seconds: number;
  /** By first seed. */
  readonly parts: Record<string, Part>;
}

async function runAll(count: number, from: number): Promise<void> {
  const each = values.sockets ? Number(values.together) : 100;
  const folder = `${root}node_modules/.cache`;
  mkdirSync(folder, { recursive: true });
  const keptFile = `${folder}/soak-hostile${values.sockets ? '-sockets' : ''}.json`;
  const code = hashCode();
  const before: Kept | null = existsSync(keptFile) ? JSON.parse(readFileSync(keptFile, 'utf8')) : null;
  const kept: Kept = before?.code === code ? before : { code, seconds: 0, parts: {} };
  const all = Array.from({ length: Math.ceil(count / each) }, (_, i) => from + i * each);
  const open = all.filter((first) => kept.parts[first] === undefined);
  const beganMs = performance.now();
  const secondsBefore = kept.seconds;
  const work = async () => {
    while (open.length > 0 && performance.now() < untilMs) {
      const first = open.shift()!;
      kept.parts[first] = await runApart(first, Math.min(each, from + count - first));
      kept.seconds = secondsBefore + Math.round((performance.now() - beganMs) / 1000);
      writeFileSync(keptFile, JSON.stringify(kept));
      const done = all.filter((one) => kept.parts[one] !== undefined);
      const failed = done.reduce((sum, one) => sum + kept.parts[one].failures.length, 0);
      console.log(`${done.length * each} of ${count}, ${failed} failed, ${kept.seconds} s`);
    }
  };
  // Sockets wait more than they compute: what runs together is one process's.
  await Promise.all(Array.from({ length: values.sockets ? 1 : Number(values.processes) }, work));
  const whole = nothing();
  for (const first of all) {
    const part = kept.parts[first];
    if (part === undefined) continue;
    for (const key of ['schedules', 'orders', 'trades', 'crashes', 'halts'] as const) whole[key] += part[key];
    for (const [kind, times] of Object.entries(part.struck)) whole.struck[kind] = (whole.struck[kind] ?? 0) + times;
    whole.failures.push(...part.failures);
  }
  const { failures, ...sums } = whole;
  console.log(sums);
  console.log(`${failures.length} of ${whole.schedules} failed in ${kept.seconds} s`);
  for (const failure of failures.slice(0, 10)) console.log(failure);
  process.exitCode = failures.length > 0 ? 1 : 0;
  if (whole.schedules < count) {
    console.log(`${count - whole.schedules} are left: run it again`);
    process.exitCode = 3;
  }
  if (count < (values.sockets ? 200 : 10_000)) return;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const result = {
    ...{ date: new Date().toISOString(), commit, code, machine: cpus()[0].model, cores: cpus().length },
    ...{ seconds: kept.seconds, firstSeed: from, wanted: count, ...whole },
  };
  const name = `soak-hostile${values.sockets ? '-sockets' : ''}.json`;
  writeFileSync(`${root}bench/results/${name}`, `${JSON.stringify(result, null, 2)}\n`);
}

if (values.seed !== undefined) {
  const result = await runOne(Number(values.seed));
  console.log(result);
  process.exitCode = result.violations.length > 0 ? 1 : 0;
} else if (values.part) {
  const together = values.sockets ? Number(values.together) : 1;
  process.send?.(await runPart(Number(values.from), Number(values.count), together));
} else await runAll(Number(values.count ?? (values.sockets ? 200 : 10_000)), Number(values.from));
