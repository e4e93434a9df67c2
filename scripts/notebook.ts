/**
 * The notebook with its TypeScript kernel.
 *
 *   npm run notebook                                     opens notebooks/train.ipynb in Jupyter
 *   npm run notebook -- --execute                        runs all cells without a browser, into train.executed.ipynb
 *   npm run notebook -- --execute --out run.ipynb --set agent=dqn --set steps=20000
 *
 * --set replaces the value of a constant in the notebook's cell of parameters. The kernel is tslab, which lies with its
 * own lockfile in tools/notebook; Jupyter is the machine's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TOOLS = join(ROOT, 'tools/notebook/node_modules');
const NOTEBOOK = join(ROOT, 'notebooks/train.ipynb');
/** Beside it and not committed: a run of one's own must not look like a change of the notebook. */
const EXECUTED = join(ROOT, 'notebooks/train.executed.ipynb');
/** Where Jupyter looks for kernels, by its variable JUPYTER_PATH. */
const JUPYTER = join(TOOLS, '.jupyter');

interface Notebook {
  cells: {
    source: string[];
    metadata: { tags?: string[] };
    execution_count?: number;
    outputs?: { name?: string; text?: string | string[] }[];
  }[];
  metadata: Record<string, unknown>;
}

function fail(message: string): never {
  process.stderr.write(`${styleText('red', 'error:', { stream: process.stderr })} ${message}\n`);
  process.exit(2);
}

/** Writes the kernel's description, which holds absolute paths: this Node, this checkout. */
function writeKernel(): void {
  const tslab = join(TOOLS, 'tslab/bin/tslab');
  if (!existsSync(tslab)) fail("the TypeScript kernel is missing; install it with 'npm ci --prefix tools/notebook'");
  const argv = [process.execPath, tslab, 'kernel', '--config-path', '{connection_file}'];
  const kernel = { argv, display_name: 'TypeScript', language: 'typescript', interrupt_mode: 'message' };
  mkdirSync(join(JUPYTER, 'kernels/tslab'), { recursive: true });
  writeFileSync(join(JUPYTER, 'kernels/tslab/kernel.json'), `${JSON.stringify(kernel, null, 2)}\n`);
}

/** The notebook with other values for the constants of its cell of parameters. */
function setParameters(notebook: Notebook, pairs: readonly string[]): void {
  const cell = notebook.cells.find(({ metadata }) => metadata.tags?.includes('parameters'));
  for (const pair of pairs) {
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const line = cell?.source.findIndex((text) => text.startsWith(`const ${name} = `)) ?? -1;
    if (cell === undefined || line < 0)
      fail(`--set ${pair}: the notebook has no parameter '${name}'; write name=value`);
    const isLiteral = /^(null|true|false|-?[\d._]+)$/.test(value);
    cell.source[line] = `const ${name} = ${isLiteral ? value : JSON.stringify(value)};\n`;
  }
}

/** Runs all cells in notebooks/, so that relative paths mean the same as in Jupyter. */
function execute(out: string, sets: readonly string[]): void {
  const notebook = JSON.parse(readFileSync(NOTEBOOK, 'utf8')) as Notebook;
  setParameters(notebook, sets);
  const args = [
    'nbconvert',
    '--to',
    'notebook',
    '--execute',
    '--allow-errors',
    '--ExecutePreprocessor.timeout=-1',
    '--stdin',
    '--stdout',
  ];
  const { status, stdout, stderr, error } = spawnSync('jupyter', args, {
    ...{ input: JSON.stringify(notebook), cwd: dirname(NOTEBOOK), env: { ...process.env, JUPYTER_PATH: JUPYTER } },
    ...{ encoding: 'utf8', maxBuffer: 1 << 28 },
  });
  if (error !== undefined)
    fail("there is no 'jupyter' on this machine; install nbconvert, such as 'pip install nbconvert'");
  if (status !== 0) fail(`the notebook failed:\n${stderr}`);
  const { cells, metadata, ...rest } = JSON.parse(stdout) as Notebook;
  const failed = cells.flatMap((cell) => cell.outputs ?? []).find(({ name }) => name === 'stderr');
  if (failed !== undefined) fail(`a cell of the notebook failed:\n${[failed.text].flat().join('')}`);
  let count = 0;
  for (const cell of cells) {
    // When a cell ran is no result: without it the same run gives the same file. The kernel doesn't number its runs.
    delete (cell.metadata as { execution?: unknown }).execution;
    if (cell.outputs !== undefined) cell.execution_count = ++count;
  }
  writeFileSync(`${out}.tmp`, `${JSON.stringify({ cells, metadata, ...rest }, null, 1)}\n`);
  renameSync(`${out}.tmp`, out);
  process.stdout.write(`${out}: all cells ran\n`);
}

const { values } = parseArgs({
  options: {
    execute: { type: 'boolean', default: false },
    out: { type: 'string', default: EXECUTED },
    set: { type: 'string', multiple: true, default: [] },
  },
});
writeKernel();
if (values.execute) execute(resolve(values.out), values.set);
else {
  const { error, status } = spawnSync('jupyter', ['notebook', NOTEBOOK], {
    ...{ stdio: 'inherit', env: { ...process.env, JUPYTER_PATH: JUPYTER } },
  });
  if (error !== undefined || status !== 0)
    process.stdout.write(
      `Jupyter didn't start. With one of your own: export JUPYTER_PATH=${JUPYTER} and open ${NOTEBOOK}, kernel 'TypeScript'\n`,
    );
}
