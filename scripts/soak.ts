/**
 * `npm run soak`: seeded schedules of faults, crashes and halts in virtual time, 10,000 by default, and what must hold
 * after each (`test/bot/schedule.ts`). `--seed N` replays one, `--count N` runs another number, `--from N` begins
 * elsewhere. A whole run of at least 10,000 writes bench/results/soak.json.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runSchedule } from '../test/bot/schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
  },
});
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.count) : 1;
const beganMs = performance.now();
const failures: { seed: number; violations: readonly string[] }[] = [];
const injected: Record<string, number> = {};
const sums = { orders: 0, fills: 0, decisions: 0, crashes: 0, halts: 0 };

for (let seed = from; seed < from + count; seed++) {
  const result = await runSchedule(seed).catch((error: Error) => {
    failures.push({ seed, violations: [`threw ${error.stack}`] });
    return null;
  });
  if (result === null) continue;
  if (result.violations.length > 0) failures.push({ seed, violations: result.violations });
  for (const [kind, times] of Object.entries(result.injected)) injected[kind] = (injected[kind] ?? 0) + times;
  sums.orders += result.orders;
  sums.fills += result.fills;
  sums.decisions += result.decisions;
  sums.crashes += result.crashes;
  sums.halts += result.halted ? 1 : 0;
  if (values.seed !== undefined) console.log(result);
  if ((seed - from + 1) % 500 === 0) console.log(`${seed - from + 1} of ${count}, ${failures.length} failed`);
}

const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
for (const { seed, violations } of failures.slice(0, 20)) console.log(`seed ${seed}: ${violations.join('; ')}`);
console.log(
  `${count} schedules in ${seconds} s: ${failures.length} failed; ${sums.decisions} decisions, ${sums.orders} orders, ` +
    `${sums.fills} fills, ${sums.crashes} crashes, ${sums.halts} halts`,
);
if (count >= 10_000 && failures.length === 0) {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
  const result = { schedules: count, firstSeed: from, failed: 0, seconds, ...sums, injected, machine, commit };
  writeFileSync(new URL('../bench/results/soak.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
}
process.exitCode = failures.length > 0 ? 1 : 0;
