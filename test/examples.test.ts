/** Every example is short, runs as its head says, and comes to what it should. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { SLOW } from './effort.ts';

const FOLDER = fileURLToPath(new URL('../examples', import.meta.url));
const storage = mkdtempSync(join(tmpdir(), 'tradernet-examples-'));
afterAll(() => rmSync(storage, { recursive: true, force: true }));

async function run(name: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(FOLDER, name), ...args], {
    cwd: storage,
  });
  expect(stderr).toBe('');
  return stdout;
}

/** What each has to say; those that belong together run one after the other. */
const EXAMPLES: Readonly<Record<string, () => Promise<void>>> = {
  async 'train.ts'() {
    expect(await run('train.ts', storage)).toMatch(/^verdict: suspicious: look for a leak$/m);
  },
  async 'evaluate-checkpoint.ts'() {
    const said = await run('evaluate-checkpoint.ts', 'exact-SIGNAL-s1-1', storage);
    expect(said).toMatch(/^none: return \d.*\ncautious: return \d/m);
    expect(readFileSync(join(storage, 'runs/exact-SIGNAL-s1-1/cautious.html'), 'utf8')).toContain('</html>');
  },
  async 'custom-policy.ts'() {
    expect(await run('custom-policy.ts')).toMatch(/^verdict: (no evidence of an edge|worse than holding)$/m);
  },
  async 'custom-reward.ts'() {
    const shares = [...(await run('custom-reward.ts')).matchAll(/in the market (\d+) %/g)].map((match) =>
      Number(match[1]),
    );
    expect(shares[1]).toBeLessThan(shares[0] / 2);
  },
  async 'custom-rule.ts'() {
    const trades = [...(await run('custom-rule.ts')).matchAll(/rest: (\d+) trades/g)].map((match) => Number(match[1]));
    expect(trades[0]).toBeGreaterThan(trades[1]);
    expect(trades[1]).toBeGreaterThan(trades[2]);
  },
  async 'honest-study.ts'() {
    const said = await run('honest-study.ts');
    expect(said).toContain('looking 0 bars ahead: no leak');
    expect(said).toContain('looking 1 bars ahead: knows what follows row 2000');
  },
  async 'network.ts'() {
    const right = [...(await run('network.ts')).matchAll(/: (\d+) % right/g)].map((match) => Number(match[1]));
    expect(right.at(-1)).toBeGreaterThan(80);
  },
  async 'paper-trading.ts'() {
    expect(await run('paper-trading.ts', storage)).toContain('live equalled training, to the last bit');
  },
};

test('each has a test, is under 60 lines, and names itself in its usage', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  expect(names.sort()).toEqual(Object.keys(EXAMPLES).sort());
  for (const name of names) {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    expect(text.split('\n').length - 1, name).toBeLessThan(60);
    expect(text, name).toContain(`Usage: npm run example examples/${name}`);
  }
});

test.each(Object.keys(EXAMPLES))('%s', SLOW, (name) => EXAMPLES[name]());
