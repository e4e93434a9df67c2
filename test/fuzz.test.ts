/** The fuzzers find nothing on their first inputs; `npm run fuzz` tries a hundred thousand. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { SURFACES } from '../scripts/fuzz/index.ts';
import { rounds, SLOW } from './effort.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

it.each(SURFACES.map(({ name }) => name))('%s', SLOW, async (name) => {
  const args = ['scripts/fuzz.ts', name, '--inputs', String(rounds(60, 1000)), '--seed', '2'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  expect(stdout).toMatch(/0 stacks, 0 hangs, 0 wrong\n$/);
});
