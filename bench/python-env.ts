/**
 * Steps per second of 64 environments through the Python client, both processes on one core where `taskset` is there.
 * Writes bench/results/python-env.json. Bar: 200,000. Needs Python with NumPy (TRADERNET_PYTHON names one).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const MAIN = join(ROOT, 'src/cli/main.ts');
const PYTHON = process.env.TRADERNET_PYTHON ?? '/usr/bin/python3';
const folder = mkdtempSync(join(tmpdir(), 'tradernet-python-env-'));
try {
  const tradernet = `${process.execPath} ${MAIN}`;
  execFileSync(process.execPath, [MAIN, 'data', 'synth', '--symbol', 'SYNTH', '--bars', '35000'], { cwd: folder });
  const pinned = spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;
  const call = [PYTHON, join(ROOT, 'clients/python/bench.py')];
  const [program, ...args] = pinned ? ['taskset', '-c', '1', ...call] : call;
  const env = { ...process.env, PYTHONPATH: join(ROOT, 'clients/python'), TRADERNET: tradernet };
  const said = execFileSync(program, args, { cwd: folder, env, encoding: 'utf8' });
  const { environments, stepsPerSecond } = JSON.parse(said.replaceAll("'", '"'));
  const result = {
    machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg()[0] },
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: ROOT }).trim(),
    ...{ environments, cores: pinned ? 1 : null, stepsPerSecond },
  };
  writeFileSync(join(ROOT, 'bench/results/python-env.json'), `${JSON.stringify(result, null, 1)}\n`);
  console.log(`${stepsPerSecond.join(', ')} steps/s${pinned ? ' on one core' : ''}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
