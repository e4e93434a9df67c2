/**
 * The Python client sees what the environment gives, byte for byte: the same actions in both, hashed there and here.
 * With Gymnasium at hand (TRADERNET_PYTHON names a Python that has it) its own checker is run too.
 */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { experimentSchema } from '../../src/experiment/config.ts';
import { prepareMarkets } from '../../src/experiment/prepare.ts';
import { createTrainingEnv } from '../../src/experiment/training-env.ts';
import { CandleStore } from '../../src/market/store.ts';
import { ENVIRONMENT, MAIN, mustRun } from '../cli/run-cli.ts';
import { lacks, SLOW } from '../effort.ts';

const CLIENT = fileURLToPath(new URL('../../clients/python', import.meta.url));
const has = (python: string, module: string) =>
  spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;
// Debian's own has the packages of Debian, whatever comes first on the path.
const PYTHON = [process.env.TRADERNET_PYTHON, '/usr/bin/python3', 'python3'].find((one) => one && has(one, 'numpy'));
const GYM = [process.env.TRADERNET_PYTHON, PYTHON].find((one) => one && has(one, 'gymnasium'));

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tradernet-python-')));
beforeAll(async () => {
  await mustRun(['data', 'synth', '--symbol', 'SYNTH', '--bars', '2000', '--seed', '4'], folder);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function python(program: string, script: string, ...args: string[]): Promise<string> {
  const env = { ...ENVIRONMENT, PYTHONPATH: CLIENT, TRADERNET: `${process.execPath} ${MAIN}` };
  const { stdout } = await promisify(execFile)(program, [join(CLIENT, script), ...args], { cwd: folder, env });
  return stdout;
}

const SETTINGS = ['--set', 'training.episodeBars=40', '--set', 'account.mode=margin'];
const [COUNT, STEPS, SEED] = [6, 300, 9];

test.skipIf(lacks('Python with NumPy', PYTHON !== undefined))(
  'the client sees the environment, byte for byte',
  SLOW,
  async () => {
    const args = [String(COUNT), String(STEPS), String(SEED), '--symbol', 'SYNTH', ...SETTINGS];
    const seen = JSON.parse(await python(PYTHON as string, 'trace.py', ...args));

    using store = CandleStore.open(join(folder, 'database/storage/market.sqlite'));
    const config = experimentSchema.parse({ training: { episodeBars: 40 }, account: { mode: 'margin' } });
    const prepared = prepareMarkets([store.load('synthetic', 'SYNTH', 3_600_000)], config);
    const env = createTrainingEnv(config, prepared, COUNT);
    const names = ['obs', 'masks', 'rewards', 'terminated', 'truncated', 'equity', 'final'] as const;
    const hashes = Object.fromEntries(names.map((name) => [name, createHash('sha256')]));
    const bytes = (values: Float32Array | Float64Array | Uint8Array) =>
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    let ends = 0;
    env.reset(SEED);
    for (let step = 0; step < STEPS; step++) {
      env.step(Uint8Array.from({ length: COUNT }, (_, i) => (7 * i + Math.floor((step * step) / 3)) % 3));
      const equity = Float64Array.from(env.accounts, (account) => account.equity);
      for (const name of ['obs', 'masks', 'rewards', 'terminated', 'truncated'] as const)
        hashes[name].update(bytes(env[name]));
      hashes.equity.update(bytes(equity));
      const size = env.window * env.features;
      for (let i = 0; i < COUNT; i++) {
        if (env.terminated[i] === 0 && env.truncated[i] === 0) continue;
        ends++;
        hashes.final.update(bytes(env.finalObs.subarray(i * size, (i + 1) * size)));
      }
    }
    expect(ends).toBeGreaterThan(10);
    expect(seen).toEqual({
      ends,
      columns: [...prepared.markets[0].table.columns],
      ...Object.fromEntries(names.map((name) => [name, hashes[name].digest('hex')])),
    });
  },
);

test.skipIf(lacks('Python with NumPy', PYTHON !== undefined))(
  'what the server refuses is said in its words',
  SLOW,
  async () => {
    const failed = await python(PYTHON as string, 'trace.py', '1', '1', '1', '--symbol', 'NOWHERE').catch(
      (error) => error.stderr,
    );
    expect(failed).toMatch(/ServerError: error: .*NOWHERE/);
  },
);

// Gymnasium is in no package list of the system's: without it this is left out.
test.skipIf(GYM === undefined)('Gymnasium’s checker passes', SLOW, async () => {
  expect(await python(GYM as string, 'check.py', '--symbol', 'SYNTH', ...SETTINGS)).toContain('passed');
});
