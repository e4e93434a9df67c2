/**
 * What is published works where it is installed: packed, installed in an empty folder, run from there. Where every test
 * is run; `npm run release` does the same before it says what it would publish.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPackage, findFaults, installPackage, type Packed, runInstalled } from '../scripts/package.ts';
import { RUNS_ALL, SLOW } from './effort.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'tradernet-pack-'));
const NODE = process.execPath;
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe.skipIf(!RUNS_ALL)('the package (where every test is run)', () => {
  let packed: Packed;
  let folder: string;
  beforeAll(() => {
    packed = buildPackage(join(base, 'dist'));
    folder = installPackage(packed.tarball);
  }, SLOW.timeout);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds what is needed and nothing else', () => {
    expect(findFaults(packed)).toEqual([]);
  });

  test('the command runs', () => {
    expect(runInstalled(folder, ['--help'])).toContain('Usage: tradernet');
    expect(JSON.parse(runInstalled(folder, ['config', 'show', '--json']))).not.toEqual([]);
  });

  test('no source in TypeScript is needed, and none of the tests is shipped', () => {
    const installed = join(folder, 'node_modules/tradernet');
    expect(existsSync(join(installed, 'test'))).toBe(false);
    const sources = readdirSync(join(installed, 'src'), { recursive: true }).map(String);
    expect(sources.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
  });

  test('kernels run, with a second thread, and every implementation agrees', () => {
    const script = `
      import { createKernels, QNetwork, Rng } from 'tradernet';
      const outputs = [];
      for (const kind of ['reference', 'wasm', 'auto']) {
        const kernels = await createKernels({ kind, threads: kind === 'reference' ? 1 : 2 });
        const network = new QNetwork(kernels, { features: 21, window: 12 });
        network.initialize(new Rng(1));
        const obs = Float32Array.from({ length: 64 * 12 * 21 }, (_, i) => ((i * 37) % 101) / 101);
        outputs.push([...network.forward(obs, 64)]);
        kernels.dispose();
      }
      const worst = Math.max(...outputs.map((one) => Math.max(...one.map((value, i) => Math.abs(value - outputs[0][i])))));
      const distinct = new Set(outputs[0]).size;
      console.log(JSON.stringify({ length: outputs[0].length, distinct, worst }));
    `;
    writeFileSync(join(folder, 'run.js'), script);
    const result = JSON.parse(execFileSync(NODE, ['run.js'], { cwd: folder, encoding: 'utf8' }));
    expect(result.length).toBe(192);
    // Three outputs of each of 64 windows, none the same: what agrees is not nothing.
    expect(result.distinct).toBeGreaterThan(180);
    expect(result.worst).toBeLessThan(1e-4);
  });
});

test('contents that must not be published are named', () => {
  const file = (path: string, mode = 0o644) => ({ path, mode, size: 1 });
  const faults = findFaults({
    files: ['test/a.js', 'src/core/rng.ts', 'native/build/kernels.node', 'database/storage/market.sqlite', 'keys.json']
      .map((path) => file(path))
      .concat(file('bin/tradernet.js')),
  });
  for (const part of ['test/a.js', 'rng.ts', 'kernels.node', 'market.sqlite', 'keys.json', 'not executable']) {
    expect(faults.join('\n')).toContain(part);
  }
  expect(faults).toContain('LICENSE is missing');
});

test('the repository itself can’t be published by accident', () => {
  expect(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).private).toBe(true);
  const modes = execFileSync('git', ['ls-files', '-s', 'bin/tradernet.js'], { cwd: ROOT, encoding: 'utf8' });
  expect(modes).toMatch(/^100755/);
});

test('an older Node gets one line', () => {
  const old = join(ROOT, 'bin/tradernet.js');
  const fake = `Object.defineProperty(process.versions, 'node', { value: '20.1.0' });`;
  writeFileSync(join(base, 'old.cjs'), fake);
  let error = '';
  try {
    execFileSync(NODE, ['--require', join(base, 'old.cjs'), old], { encoding: 'utf8', stdio: 'pipe' });
  } catch (caught) {
    error = (caught as { stderr: string }).stderr;
  }
  expect(error.trim().split('\n')).toHaveLength(1);
  expect(error).toContain('needs Node.js 24');
});
