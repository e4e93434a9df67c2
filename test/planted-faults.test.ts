/** The faults that `npm run mutate:AREA -- --planted` plants still have their place in the code, and are caught. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PLANTED as LIVE } from '../scripts/mutation/planted-live.ts';
import { PLANTED as SHIELD } from '../scripts/mutation/planted-shield.ts';
import { RUNS_ALL } from './effort.ts';

describe.each([
  ['live', LIVE],
  ['shield', SHIELD],
] as const)('%s', (_area, planted) => {
  test.each(planted.map((fault) => [fault.what, fault] as const))('%s', (_what, { file, from, to }) => {
    const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
    expect(source.split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  });
});

/** West and east of Greenwich; one by a part of an hour. */
test.skipIf(!RUNS_ALL).each(['America/New_York', 'Asia/Kathmandu'])(
  'each of the shield’s is caught in %s',
  { timeout: 1_200_000 },
  async (TZ) => {
    const script = fileURLToPath(new URL('../scripts/mutate.ts', import.meta.url));
    const child = spawn(process.execPath, [script, 'shield', '--planted'], { env: { ...process.env, TZ } });
    let said = '';
    child.stdout.on('data', (data) => (said += data));
    const code = await new Promise((done) => child.on('close', done));
    expect(code, said).toBe(0);
    expect(said).toContain(`${SHIELD.length} of ${SHIELD.length} planted faults caught`);
  },
);
