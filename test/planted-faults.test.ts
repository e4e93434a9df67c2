/** The faults that `npm run mutate:live -- --planted` plants still have their place in the code. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PLANTED } from '../scripts/mutation/planted-live.ts';

test.each(PLANTED.map((fault) => [fault.what, fault] as const))('%s', (_what, { file, from, to }) => {
  const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  expect(source.split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});
