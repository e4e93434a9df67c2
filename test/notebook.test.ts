/** Every cell of the notebook runs, in its own kernel, for every agent. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { LEARNERS } from '../src/agents/index.ts';
import { VERDICTS } from '../src/index.ts';
import { CASES } from './agents/agent-cases.ts';
import { lacks } from './effort.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradernet-notebook-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is missing on this machine to run a notebook; null where it is all there. */
function missing(): string | null {
  if (!existsSync(join(ROOT, 'tools/notebook/node_modules/tslab')))
    return "the TypeScript kernel ('npm ci --prefix tools/notebook')";
  return spawnSync('jupyter', ['nbconvert', '--version']).status === 0 ? null : 'jupyter nbconvert';
}

interface Cell {
  readonly cell_type: string;
  readonly source: string[];
  readonly outputs?: {
    readonly output_type: string;
    readonly name?: string;
    readonly text?: string[];
    readonly data?: Record<string, string[]>;
  }[];
}

const readCells = (file: string): Cell[] => JSON.parse(readFileSync(file, 'utf8')).cells;
const outputsOf = (cells: readonly Cell[]) => cells.flatMap((cell) => cell.outputs ?? []);

/** The charts in a page, each an SVG inside of an image, as an export to HTML keeps it. */
const figuresIn = (page: string): string[] =>
  [...page.matchAll(/<img src="data:image\/svg\+xml;base64,([\w+/=]+)">/g)].map(([, text]) =>
    Buffer.from(text, 'base64').toString('utf8'),
  );

function run(...args: string[]) {
  return promisify(execFile)(process.execPath, ['scripts/notebook.ts', ...args], { cwd: ROOT });
}

const lacking = missing();

describe.skipIf(lacks(lacking ?? '', lacking === null))(
  `notebooks/train.ipynb${lacking === null ? '' : ` (missing: ${lacking})`}`,
  () => {
    it.concurrent.each(LEARNERS.map(({ name }) => name))('runs from its first to its last cell: %s', async (agent) => {
      const out = join(folder, `${agent}.ipynb`);
      const storage = join(folder, agent);
      const sets = [`agent=${agent}`, 'bars=4000', 'steps=2048', `storage=${storage}`].flatMap((one) => ['--set', one]);
      await run('--execute', '--out', out, ...sets);
      const outputs = outputsOf(readCells(out));
      expect(outputs.filter((one) => one.output_type === 'error' || one.name === 'stderr')).toEqual([]);
      const printed = outputs.flatMap((one) => one.text ?? []).join('');
      expect(printed).toMatch(new RegExp(`Verdict: (${VERDICTS.join('|')})`));
      expect(printed).toContain(`${agent}-NOTEBOOK-s1-1: finished`);
      const [training, evaluation] = figuresIn(outputs.flatMap((one) => one.data?.['text/html'] ?? []).join(''));
      expect(training).toContain(CASES[agent].reports.includes('epsilon') ? 'epsilon' : 'entropy');
      expect(evaluation).toContain('drawdown');
      expect(existsSync(join(storage, `checkpoints/${agent}-NOTEBOOK-s1-1/best/model.safetensors`))).toBe(true);
      expect(readFileSync(join(storage, `runs/${agent}-NOTEBOOK-s1-1/test.html`), 'utf8')).toContain('</html>');
    });

    it('an export to HTML shows its charts', () => {
      const args = ['nbconvert', '--to', 'html', '--stdout', join(ROOT, 'notebooks/train.ipynb')];
      const { status, stdout } = spawnSync('jupyter', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
      expect(status).toBe(0);
      const figures = figuresIn(stdout).filter((svg) => svg.includes('<path') && svg.includes('equity'));
      expect(figures.length).toBeGreaterThan(0);
    });

    it.concurrent('says which cell fails and why', async () => {
      const failing = run('--execute', '--out', join(folder, 'failing.ipynb'), '--set', 'agent=sarsa');
      await expect(failing).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('expected one of') });
      await expect(run('--execute', '--set', 'colour=red')).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining("no parameter 'colour'"),
      });
    });
  },
);

it('the committed notebook shows a whole run of the cells that it has', () => {
  const code = readCells(join(ROOT, 'notebooks/train.ipynb')).filter((cell) => cell.cell_type === 'code');
  expect(code[0].source[0]).toMatch(/^const agent = 'ppo'/);
  for (const cell of code.slice(1)) expect(cell.outputs?.length, cell.source.join('')).toBeGreaterThan(0);
  const printed = outputsOf(code).flatMap((one) => one.text ?? []);
  expect(printed.join('')).toContain('Verdict: ');
  expect(printed.join('')).not.toContain(ROOT);
});
