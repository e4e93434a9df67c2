/**
 * What both tests of documented paths need: a fresh clone, a shell in it, and a list of the lines that have come to
 * their end. `npm run test:paths` takes a good while; with TRADERNET_PATHS_FOLDER the clones and the list stay, and
 * with TRADERNET_PATHS_MINUTES a run stops after those and the next goes on behind it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, type TestContext } from 'vitest';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const RUNS_PATHS = process.env.TRADERNET_TEST_PATHS === '1';
/** The longest line trains twelve agents. */
export const LONG = { timeout: 45 * 60_000 } as const;

/** As typed into a shell of the machine, without what this test's own npm and Node put into the environment. */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE|VITEST|TRADERNET|INIT_CWD|FORCE_COLOR|TEST)/i.test(name),
  ),
);

export interface Afternoon {
  /** The clone. */
  readonly folder: string;
  /** Whether the clone was made by this run. */
  readonly isNew: boolean;
  /** Runs what belongs to a line, unless a run before has seen its end or the time is up. */
  pass(context: TestContext, line: string, run: () => Promise<void>): Promise<void>;
  /** Files of the clone that are not as they were and not ignored either. */
  changes(): string;
  close(): void;
}

/** `lines` are all that there is to pass; results are written once all of them have. */
export function openAfternoon(name: string, lines: readonly string[]): Afternoon {
  const kept = process.env.TRADERNET_PATHS_FOLDER;
  const endMs = performance.now() + 60_000 * Number(process.env.TRADERNET_PATHS_MINUTES ?? Number.POSITIVE_INFINITY);
  const base = kept === undefined ? mkdtempSync(join(tmpdir(), 'tradernet-afternoon-')) : resolve(kept);
  const folder = join(base, name);
  const list = join(base, `${name}.json`);
  const isNew = !existsSync(list);
  const git = (...words: string[]) => execFileSync('git', words, { cwd: folder, encoding: 'utf8' });
  if (isNew && RUNS_PATHS) {
    // The files that a clone would have, as they are now.
    const options = { cwd: ROOT, encoding: 'utf8' } as const;
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options);
    for (const file of files.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)))) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(ROOT, file), join(folder, file), { force: true });
    }
    git('init', '--quiet');
    git('add', '--all');
    git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '--quiet', '--message', 'as it was');
    writeFileSync(list, '{}');
  }
  return {
    folder,
    isNew,
    async pass(context, line, run) {
      const seconds: Record<string, number> = JSON.parse(readFileSync(list, 'utf8'));
      if (line in seconds) context.skip('an earlier run has seen its end');
      if (performance.now() > endMs) context.skip('the time is up; the next run goes on here');
      const startMs = performance.now();
      await run();
      seconds[line] = Math.round((performance.now() - startMs) / 100) / 10;
      writeFileSync(list, JSON.stringify(seconds, null, 2));
      if (lines.some((one) => !(one in seconds))) return;
      const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
      const result = { machine: cpus()[0].model, cores: cpus().length, commit, seconds };
      writeFileSync(join(ROOT, `bench/results/paths-${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
    },
    changes: () => git('status', '--porcelain'),
    close() {
      if (kept === undefined) rmSync(base, { recursive: true, force: true });
    },
  };
}

export async function mustRun(line: string, cwd: string): Promise<void> {
  const { code, output } = await new Promise<{ code: number | null; output: string }>((resolve) => {
    const child = spawn('sh', ['-c', line], { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-20_000);
      });
    child.on('close', (code) => resolve({ code, output }));
  });
  expect({ line, code, output: code === 0 ? '' : output }).toEqual({ line, code: 0, output: '' });
}

/** Hourly candles in Binance's name, of the end of the years that the README speaks of. */
export async function writeBitcoin(folder: string): Promise<void> {
  const tradernet = `${process.execPath} src/cli/main.ts`;
  const other = `--storage ${folder}-market`;
  await mustRun(`${tradernet} data synth --symbol B --bars 24000 --start 2023-01-01 --no-trends ${other}`, ROOT);
  await mustRun(`${tradernet} data export --symbol B --out ${join(folder, 'BTCUSDT-1h.csv')} ${other}`, ROOT);
}
