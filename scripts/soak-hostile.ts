/**
 * `npm run soak:hostile`: seeded days on a venue that shares no code with the product (`test/venue/`), judged by that
 * venue's own ledger; 10,000 by default. `--seed N` replays one, `--count N --from N` run others, `--kinds a,b` only
 * these troubles. A whole run of at least 10,000 writes bench/results/soak-hostile.json.
 */
import { execFileSync, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type HostileResult, runHostile } from '../test/venue/hostile-schedule.ts';
import { KINDS, type Kind } from '../test/venue/troubles.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    kinds: { type: 'string', default: KINDS.join(',') },
    processes: { type: 'string', default: String(cpus().length) },
    part: { type: 'boolean', default: false },
  },
});

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

async function runPart(from: number, count: number): Promise<Part> {
  const part = nothing();
  const kinds = values.kinds.split(',') as Kind[];
  for (let seed = from; seed < from + count; seed++) {
    const result = await runHostile(seed, { kinds }).catch((error: Error) => {
      part.failures.push({ seed, violations: [`threw ${error.stack}`] });
      return null;
    });
    if (result !== null) add(part, result);
    if ((seed - from + 1) % 250 === 0)
      console.log(`${seed - from + 1} of ${count} from ${from}, ${part.failures.length} failed`);
  }
  return part;
}

/** The same script in processes of their own; seeds are independent of each other. */
function share(from: number, count: number, processes: number): Promise<Part[]> {
  const each = Math.ceil(count / processes);
  const starts = Array.from({ length: processes }, (_, i) => i * each).filter((start) => start < count);
  return Promise.all(
    starts.map(
      (start) =>
        new Promise<Part>((resolve, reject) => {
          const size = String(Math.min(each, count - start));
          const flags = ['--part', '--from', String(from + start), '--count', size, '--kinds', values.kinds];
          const child = fork(process.argv[1], flags);
          child.once('message', (message) => resolve(message as Part));
          child.once('exit', (code) => reject(new Error(`a part ended with ${code}`)));
        }),
    ),
  );
}

if (values.seed !== undefined) {
  const result = await runHostile(Number(values.seed), { kinds: values.kinds.split(',') as Kind[] });
  console.log(result);
  process.exitCode = result.violations.length > 0 ? 1 : 0;
} else if (values.part) {
  process.send?.(await runPart(Number(values.from), Number(values.count)));
} else {
  const count = Number(values.count);
  const beganMs = performance.now();
  const parts = await share(Number(values.from), count, Number(values.processes));
  const whole = nothing();
  for (const part of parts) {
    for (const key of ['schedules', 'orders', 'trades', 'crashes', 'halts'] as const) whole[key] += part[key];
    for (const [kind, times] of Object.entries(part.struck)) whole.struck[kind] = (whole.struck[kind] ?? 0) + times;
    whole.failures.push(...part.failures);
  }
  const { failures, ...sums } = whole;
  console.log(sums);
  console.log(`${failures.length} of ${count} failed in ${Math.round((performance.now() - beganMs) / 1000)} s`);
  for (const failure of failures.slice(0, 10)) console.log(failure);
  process.exitCode = failures.length > 0 ? 1 : 0;
  if (count >= 10_000) {
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    const result = {
      ...{ date: new Date().toISOString(), commit, machine: cpus()[0].model, cores: cpus().length },
      ...{ seconds: Math.round((performance.now() - beganMs) / 1000), firstSeed: Number(values.from), ...whole },
    };
    writeFileSync(
      new URL('../bench/results/soak-hostile.json', import.meta.url),
      `${JSON.stringify(result, null, 2)}\n`,
    );
  }
}
