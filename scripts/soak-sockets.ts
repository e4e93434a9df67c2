/**
 * `npm run soak:sockets`: seeded fault schedules over real sockets, through ccxt, against the rehearsal server, and the
 * same promises as in `npm run soak`. `--count N` (50), `--seed N` replays one, `--together N` run at the same time.
 * Time is thirty times as fast as life, so what a seed injects is the same and when it strikes is not to the
 * millisecond. A whole run of 50 writes bench/results/soak-sockets.json.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runSocketSchedule } from '../test/bot/socket-schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '50' },
    together: { type: 'string', default: '10' },
  },
});
const count = values.seed === undefined ? Number(values.count) : 1;
const first = Number(values.seed ?? 0);
const beganMs = performance.now();
const results: Awaited<ReturnType<typeof runSocketSchedule>>[] = [];
let next = first;
await Promise.all(
  Array.from({ length: Math.min(count, Number(values.together)) }, async () => {
    while (next < first + count) {
      const result = await runSocketSchedule(next++);
      results.push(result);
      console.log(
        `seed ${result.seed}: ${result.violations.length === 0 ? 'kept' : result.violations.slice(0, 3).join('; ')}`,
      );
    }
  }),
);
const failed = results.filter(({ violations }) => violations.length > 0);
const sum = (name: 'orders' | 'fills' | 'decisions') => results.reduce((total, result) => total + result[name], 0);
const injected: Record<string, number> = {};
for (const result of results)
  for (const [kind, times] of Object.entries(result.injected)) injected[kind] = (injected[kind] ?? 0) + times;
const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
const totals = { orders: sum('orders'), fills: sum('fills'), decisions: sum('decisions') };
console.log(`${count} schedules in ${seconds} s: ${failed.length} failed; ${JSON.stringify(totals)}`);
if (count >= 50 && failed.length === 0) {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
  const result = { schedules: count, failed: 0, seconds, ...totals, injected, machine, commit };
  writeFileSync(new URL('../bench/results/soak-sockets.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
}
process.exit(failed.length > 0 ? 1 : 0);
