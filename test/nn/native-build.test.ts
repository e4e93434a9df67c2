/** `npm install` builds the native kernels where it can and otherwise ends quietly, so it never fails for a user. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { lacks, RUNS_ALL, SLOW } from '../effort.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradernet-native-'));
cpSync(join(ROOT, 'native'), join(folder, 'native'), {
  recursive: true,
  filter: (path) => !path.endsWith('build') && !path.endsWith('.node'),
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'native/build.mjs')], {
    encoding: 'utf8',
    env,
  });
  return { status, output: stdout + stderr };
}

const built = () => existsSync(join(folder, 'native/build/kernels.node'));

test('without headers, without a compiler, with one that fails: one line, exit 0, nothing built', () => {
  const line = (why: string) => `tradernet: WebAssembly kernels will be used (${why})\n`;
  expect(build({ PATH: process.env.PATH ?? '' })).toEqual({
    status: 0,
    output: line('node-api-headers is not installed'),
  });
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules/node-api-headers'), join(folder, 'node_modules/node-api-headers'));
  expect(build({ PATH: '/nowhere' })).toEqual({ status: 0, output: line('no C compiler found') });

  const broken = join(folder, 'cc');
  writeFileSync(broken, '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "cc: out of order" >&2\nexit 1\n', {
    mode: 0o755,
  });
  expect(build({ PATH: '/nowhere', CC: broken })).toEqual({ status: 0, output: line('cc: out of order') });
  expect(built()).toBe(false);
});

const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);

test.skipIf(
  !RUNS_ALL || lacks('a C compiler', compiler !== undefined) || process.arch !== 'x64' || process.platform === 'win32',
)('with a compiler it builds, and says so (where every test is run)', SLOW, () => {
  expect(build({ PATH: process.env.PATH ?? '' })).toEqual({ status: 0, output: 'tradernet: native kernels built\n' });
  expect(built()).toBe(true);
});
