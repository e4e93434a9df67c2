/** The house rules that a reader can't see in one file: who may import whom, what the pure rooms may touch. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Room -> rooms it may import besides itself. */
const ALLOWED: Record<string, string | readonly string[]> = {
  core: [],
  disk: ['core'],
  nn: ['core'],
  market: ['core'],
  features: ['core'],
  decision: ['core', 'features'],
  env: ['core', 'features', 'decision'],
  shield: ['core'],
  runs: ['core'],
  agents: ['core', 'nn', 'env', 'features', 'shield'],
  evaluate: ['core', 'market', 'features', 'env', 'decision', 'shield', 'agents', 'runs'],
  experiment: ['core', 'nn', 'market', 'features', 'env', 'shield', 'agents', 'runs', 'evaluate'],
  exchange: ['core', 'market'],
  broker: ['core', 'exchange'],
  journal: ['core'],
  rehearsal: ['core', 'market', 'exchange', 'net'],
  net: ['core'],
  bot: ['core', 'market', 'features', 'decision', 'shield', 'agents', 'exchange', 'broker', 'journal'],
  dashboard: [
    'core',
    'disk',
    'net',
    'nn',
    'runs',
    'journal',
    'market',
    'features',
    'agents',
    'evaluate',
    'experiment',
    'bot',
  ],
  onnx: ['core', 'nn', 'env', 'features', 'agents'],
  contract: ['core', 'nn', 'market', 'features', 'env', 'shield', 'agents', 'evaluate', 'exchange'],
  cli: 'everything',
  'plugin.ts': 'everything',
  'agent.ts': 'everything',
  'index.ts': 'everything',
};

/** Rooms that run anywhere, a browser included. */
const PURE = ['core', 'nn', 'features', 'decision', 'env', 'shield'];
/** The edges, where the machine's clock, sockets and environment are read. */
const EDGES = ['cli', 'disk', 'exchange', 'rehearsal'];
/** Waiting threads read the clock to know when to sleep; no result depends on it. */
const WAITING = 'nn/wasm.ts';

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function readSources(folder: string): Source[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      const imports = [...text.matchAll(/(?:from\s+|import\s*\(?\s*)'([^']+)'/g)].map((match) => match[1]);
      return { path: relative(SRC, path), room: relative(SRC, path).split(/[\\/]/)[0], text, imports };
    });
}

/** Text without comments, for the greps. */
function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

const sources = readSources(SRC);

/** File -> the files that it imports, types included. */
const imported = new Map(
  sources.map(({ path, text }) => {
    const targets = stripComments(text).matchAll(/(?:from\s+|import\s*\(?\s*)'(\.[^']+)'/g);
    return [path, [...targets].map((match) => relative(SRC, resolve(SRC, dirname(path), match[1])))];
  }),
);

/** The shortest way from a file over its imports back to itself; null where there is none. */
function findCircle(start: string): readonly string[] | null {
  const ways: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const target of imported.get(way[way.length - 1]) ?? []) {
      if (target === start) return [...way, start];
      if (seen.has(target)) continue;
      seen.add(target);
      ways.push([...way, target]);
    }
  }
  return null;
}

describe('the house', () => {
  test('there is something to check', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  test('every room imports only what it may, types included', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      const allowed = ALLOWED[source.room];
      if (allowed === undefined) wrong.push(`${source.path}: unknown room`);
      if (allowed === undefined || typeof allowed === 'string') continue;
      for (const target of source.imports.filter((one) => one.startsWith('.'))) {
        const room = relative(SRC, resolve(SRC, dirname(source.path), target)).split(/[\\/]/)[0];
        if (room !== source.room && !allowed.includes(room)) wrong.push(`${source.path} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('no circle between files', () => {
    const circles = sources.flatMap(({ path }) => findCircle(path)?.join(' -> ') ?? []);
    expect(circles).toEqual([]);
  });

  test('only one file loads ccxt', () => {
    const loaders = sources.filter((source) => source.imports.some((one) => one === 'ccxt' || one.startsWith('ccxt/')));
    expect(loaders.map((source) => source.path)).toEqual(['exchange/ccxt.ts']);
  });

  test('the pure rooms use no node: import, but for the native loader and the worker', () => {
    const wrong = sources
      .filter((source) => PURE.includes(source.room) || source.path.startsWith('evaluate/metrics/'))
      .filter((source) => source.imports.some((one) => one.startsWith('node:')))
      .map((source) => source.path)
      .filter((path) => !/^nn\/(native|native-.*|.*node.*|.*worker.*)\.ts$/.test(path));
    expect(wrong).toEqual([]);
  });

  test('no clock, randomness, timer, socket or environment variable outside the edges', () => {
    const forbidden =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bsetTimeout\(|\bsetInterval\(|\bprocess\.env\b|\bfetch\(/;
    const wrong = sources
      .filter((source) => !EDGES.includes(source.room) && source.path !== WAITING)
      .filter((source) => forbidden.test(stripComments(source.text)))
      .map((source) => source.path);
    expect(wrong).toEqual([]);
  });

  test('transcendental functions come from core/math, which gives the same bits on every machine', () => {
    const forbidden =
      /\bMath\.(exp|expm1|log|log1p|log2|log10|tanh|sinh|cosh|pow|sin|cos|tan|atan|atan2|cbrt|hypot)\b|[^*/]\*\*[^*/]/;
    const wrong = sources
      .filter((source) =>
        ['core', 'features', 'decision', 'env', 'agents', 'shield', 'nn', 'market'].includes(source.room),
      )
      .filter((source) => forbidden.test(stripComments(source.text)))
      .map((source) => source.path);
    expect(wrong).toEqual([]);
  });

  test('the pure rooms bundle for a browser', async () => {
    const entries = [
      'nn/index.ts',
      'features/index.ts',
      'env/index.ts',
      'shield/index.ts',
      'core/account.ts',
      'evaluate/metrics/index.ts',
    ];
    const bundle = await build({
      stdin: {
        contents: entries.map((path, index) => `export * as room${index} from './${path}';`).join('\n'),
        resolveDir: SRC,
        loader: 'ts',
      },
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'esm',
      target: 'es2022',
      // Loaded only where Node runs, behind a dynamic import.
      external: ['node:*'],
      metafile: true,
      logLevel: 'silent',
    });
    const statics = Object.values(bundle.metafile.inputs)
      .flatMap((input) => input.imports)
      .filter((one) => one.path.startsWith('node:') && one.kind === 'import-statement');
    expect(bundle.errors).toEqual([]);
    expect(statics.map((one) => one.path)).toEqual([]);
  });

  test('files speak of the project alone', () => {
    const forbidden = /\/work\/|\bhelper-\d|\bsession's\b|issue #?\d/i;
    const wrong = sources.filter((source) => forbidden.test(source.text)).map((source) => source.path);
    expect(wrong).toEqual([]);
  });
});
