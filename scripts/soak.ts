/**
 * `npm run soak`: seeded schedules of faults, crashes and halts in virtual time, 10,000 by default, and what must hold
 * after each (`test/bot/promises.ts`). `--seed N` replays one, `--count N` runs another number, `--from N` begins
 * elsewhere, `--processes N` share the work (the cores). A whole run of at least 10,000 writes bench/results/soak.json.
 */
import { execFileSync, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runSchedule } from '../test/bot/schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
    processes: { type: 'string', default: String(cpus().length) },
    part: { type: 'boolean', default: false },
  },
});

interface Part {
  readonly schedules: number;
  readonly orders: number;
  readonly fills: number;
  readonly decisions: number;
  readonly crashes: number;
  readonly halts: number;
  readonly cpuSeconds: number;
  readonly injected: Record<string, number>;
  readonly failures: readonly { readonly seed: number; readonly violations: readonly string[] }[];
}

async function runPart(from: number, count: number, verbose: boolean): Promise<Part> {
  const failures: { seed: number; violations: readonly string[] }[] = [];
  const injected: Record<string, number> = {};
  const sums = { orders: 0, fills: 0, decisions: 0, crashes: 0, halts: 0 };
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSchedule(seed).catch((error: Error) => {
      failures.push({ seed, violations: [`threw ${error.stack}`] });
      return null;
    });
    if ((seed - from + 1) % 500 === 0)
      console.log(`${seed + 1 - from} of ${count} from ${from}, ${failures.length} failed`);
    if (result === null) continue;
    if (result.violations.length > 0) failures.push({ seed, violations: result.violations });
    for (const [kind, times] of Object.entries(result.injected)) injected[kind] = (injected[kind] ?? 0) + times;
    sums.orders += result.orders;
    sums.fills += result.fills;
    sums.decisions += result.decisions;
    sums.crashes += result.crashes;
    sums.halts += result.halted ? 1 : 0;
    if (verbose) console.log(result);
  }
  const { user, system } = process.cpuUsage();
  return { schedules: count, ...sums, cpuSeconds: (user + system) / 1e6, injected, failures };
}

/** The same script in processes of their own; seeds are independent of each other. */
function share(from: number, count: number, processes: number): Promise<Part[]> {
  const each = Math.ceil(count / processes);
  const parts = Array.from({ length: processes }, (_, i) => ({
    from: from + i * each,
    count: Math.min(each, count - i * each),
  })).filter((part) => part.count > 0);
  return Promise.all(
    parts.map(
      (part) =>
        new Promise<Part>((resolve, reject) => {
          const flags = ['--part', '--from', String(part.from), '--count', String(part.count)];
          const child = fork(process.argv[1], flags);
          child.once('message', (message) => resolve(message as Part));
          child.once('exit', (code) => reject(new Error(`a part ended with ${code}`)));
        }),
    ),
  );
}

const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.count) : 1;
if (values.part) {
  process.send?.(await runPart(from, count, false));
  process.disconnect();
} else {
  const beganMs = performance.now();
  const processes = Math.min(Number(values.processes), Math.ceil(count / 50));
  const parts =
    processes > 1 ? await share(from, count, processes) : [await runPart(from, count, values.seed !== undefined)];
  const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
  const sum = (name: 'orders' | 'fills' | 'decisions' | 'crashes' | 'halts' | 'cpuSeconds') =>
    parts.reduce((total, part) => total + part[name], 0);
  const failures = parts.flatMap((part) => part.failures);
  const injected: Record<string, number> = {};
  for (const part of parts)
    for (const [kind, times] of Object.entries(part.injected)) injected[kind] = (injected[kind] ?? 0) + times;
  for (const { seed, violations } of failures.slice(0, 20)) console.log(`seed ${seed}: ${violations.join('; ')}`);
  const sums = {
    ...{ decisions: sum('decisions'), orders: sum('orders'), fills: sum('fills') },
    ...{ crashes: sum('crashes'), halts: sum('halts') },
  };
  const told = Object.entries(sums).map(([name, value]) => `${value} ${name}`);
  console.log(`${count} schedules in ${seconds} s: ${failures.length} failed; ${told.join(', ')}`);
  if (count >= 10_000 && failures.length === 0) {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
    const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
    const cpuSeconds = Math.round(sum('cpuSeconds'));
    const result = {
      schedules: count,
      firstSeed: from,
      failed: 0,
      seconds,
      cpuSeconds,
      ...sums,
      injected,
      machine,
      commit,
    };
    writeFileSync(new URL('../bench/results/soak.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
  }
  process.exitCode = failures.length > 0 ? 1 : 0;
}
