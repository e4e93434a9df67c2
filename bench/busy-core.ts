/**
 * What a busy core costs: PPO-256 with two native threads while another program takes one of two cores, against one
 * thread on a quiet machine. The bar is 1.3. Five rounds, alternating; writes bench/results/busy-core.json.
 * Usage: node bench/busy-core.ts [--no-write]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median } from './kernel-results.ts';

const ROUNDS = 5;
const BAR = 1.3;
const RESULTS = new URL('./results/busy-core.json', import.meta.url);
const script = fileURLToPath(new URL('./kernel-workloads.ts', import.meta.url));

/** Mean microseconds of PPO-256: stalls are rare and long, a median would hide them. */
function measure(threads: number): number {
  const output = execFileSync(process.execPath, [script, 'native', String(threads), '1500', 'PPO-256', 'mean']);
  return JSON.parse(output.toString()).micros['PPO-256'];
}

function measureBusy(): number {
  const hog = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  try {
    return measure(2);
  } finally {
    hog.kill('SIGKILL');
  }
}

const quietOne: number[] = [];
const quietTwo: number[] = [];
const busyTwo: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const steps = [() => quietOne.push(measure(1)), () => quietTwo.push(measure(2)), () => busyTwo.push(measureBusy())];
  for (const step of round % 2 === 0 ? steps : steps.reverse()) step();
}
const ratio = median(busyTwo) / median(quietOne);
console.log(`PPO-256, mean microseconds: quiet, 1 thread ${median(quietOne).toFixed(0)}; quiet, 2 threads`);
console.log(
  `${median(quietTwo).toFixed(0)}; one core busy, 2 threads ${median(busyTwo).toFixed(0)}: ${ratio.toFixed(2)} x (bar ${BAR})`,
);
if (!process.argv.includes('--no-write')) {
  mkdirSync(new URL('./results/', import.meta.url), { recursive: true });
  const machine = cpus()[0]?.model ?? 'unknown';
  const load = loadavg()[0];
  const result = { machine, cores: cpus().length, node: process.version, load, ratio, quietOne, quietTwo, busyTwo };
  writeFileSync(RESULTS, `${JSON.stringify(result, null, 1)}\n`);
}
process.exitCode = ratio <= BAR ? 0 : 1;
