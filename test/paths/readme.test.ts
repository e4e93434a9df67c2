/** A newcomer's afternoon: every line of the README, as it stands, from the first to the last. `npm run test:paths` */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LONG, mustRun, openAfternoon, ROOT, RUNS_PATHS, writeBitcoin } from './afternoon.ts';

/** Lines that are not run, each with its reason. */
const EXCEPT: Readonly<Record<string, string>> = {
  'npm ci && npm test': 'this is what it runs',
  'npm run dashboard': 'it serves until Ctrl-C; test/dashboard drives it',
  'npm run notebook': 'it opens a browser; `npm run notebook -- --execute` runs the same cells',
};

const lines = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block]) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '' && !line.startsWith('#') && EXCEPT[line] === undefined);

describe.skipIf(!RUNS_PATHS)('the README in a fresh clone (npm run test:paths)', () => {
  const afternoon = openAfternoon('readme', lines);
  afterAll(() => afternoon.close());
  beforeAll(async () => {
    if (afternoon.isNew) await writeBitcoin(afternoon.folder);
  }, LONG.timeout);

  it('has lines to run', () => expect(lines.length).toBeGreaterThan(15));

  it.for(lines)('%s', LONG, async (line, context) => {
    await afternoon.pass(context, line, async () => {
      if (line.includes('--execute')) expect(spawnSync('jupyter', ['nbconvert', '--version']).status).toBe(0);
      await mustRun(line, afternoon.folder);
      // Whatever a line writes is ignored by git.
      expect(afternoon.changes().replaceAll(/^\?\? BTCUSDT-1h\.csv\n/gm, '')).toBe('');
    });
  });
});
