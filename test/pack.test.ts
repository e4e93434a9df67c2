/**
 * What is published works where it is installed: packed, installed in an empty folder, run from there. Where every test
 * is run; `npm run release` does the same before it says what it would publish.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RUNS_ALL, SLOW } from './effort.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradernet-pack-'));
const NODE = process.execPath;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe.skipIf(!RUNS_ALL)('the package (where every test is run)', () => {
  beforeAll(() => {
    execFileSync(NODE, [join(ROOT, 'scripts/build.ts'), join(folder, 'dist')]);
    npm(['pack', './dist', '--silent'], folder);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
    writeFileSync(join(folder, 'package.json'), '{"name":"user","private":true,"type":"module"}');
    npm(['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], folder);
  }, SLOW.timeout);

  test('the command runs', () => {
    const bin = join(folder, 'node_modules/tradernet/bin/tradernet.js');
    expect(execFileSync(NODE, [bin, '--help'], { cwd: folder, encoding: 'utf8' })).toContain('Usage: tradernet');
    expect(
      JSON.parse(execFileSync(NODE, [bin, 'config', 'show', '--json'], { cwd: folder, encoding: 'utf8' })),
    ).not.toEqual([]);
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

test('an older Node gets one line', () => {
  const old = join(ROOT, 'bin/tradernet.js');
  const fake = `Object.defineProperty(process.versions, 'node', { value: '20.1.0' });`;
  writeFileSync(join(folder, 'old.cjs'), fake);
  let error = '';
  try {
    execFileSync(NODE, ['--require', join(folder, 'old.cjs'), old], { encoding: 'utf8', stdio: 'pipe' });
  } catch (caught) {
    error = (caught as { stderr: string }).stderr;
  }
  expect(error.trim().split('\n')).toHaveLength(1);
  expect(error).toContain('needs Node.js 24');
});
