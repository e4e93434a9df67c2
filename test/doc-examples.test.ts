/**
 * Every public name has a comment at its declaration, and the `@example`s in them are true: they pass the type checker,
 * run, and give what stands behind `// =>`. They use the public names without importing them, and what `given` below
 * makes: a market, its features, an environment, an agent, kernels, files.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { SLOW } from './effort.ts';
import { listPublicNames } from './public-names.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tradernet-doc-')));
const INDEX = JSON.stringify(relative(folder, join(ROOT, 'src/index.ts')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GIVEN = `
import { deepStrictEqual } from 'node:assert';
import * as tn from ${INDEX};
export const files = new tn.NodeFileSystem(${JSON.stringify(join(folder, 'storage'))});
files.mkdir('.');
export const clock = tn.systemClock;
export const kernels = await tn.createKernels({ kind: 'wasm', threads: 1 });
export const { series } = tn.synthesize({ bars: 2000, seed: 1, trends: false });
export const features = tn.computeFeatures(series, tn.featureSet('tradernet19'));
export const scaler = tn.fitScaler(features, 0, 1000, 'standardise');
export const table = tn.scaleTable(features, scaler);
export const spec: tn.AgentSpec = {
  ...{ featureSet: 'tradernet19', columns: table.columns.slice(0, table.marketWidth), signature: table.signature },
  ...{ accountColumns: table.columns.slice(table.marketWidth), window: table.window, trainingRange: null },
  ...{ timeframeMs: series.timeframeMs, scaler: tn.scalerToJson(scaler), account: { ...tn.DEFAULT_ACCOUNT } },
  ...{ reward: 'market-order', rewardScale: 100 },
};
const config = tn.ppoConfigSchema.parse({ environments: 8, rolloutSteps: 8, network: { filters: 4, hidden: [16, 16] } });
export const agent = new tn.PPOAgent({ kernels, spec, config, seed: 1 });
export const env = new tn.TradingEnv({
  ...{ markets: [{ series, table, from: 200, to: 2000 }], count: 8, account: tn.DEFAULT_ACCOUNT },
  ...{ reward: tn.rewardNamed('market-order'), rewardScale: 100, starts: 'random', maxEpisodeSteps: 100 },
});
env.reset(1);
const buy: tn.Policy = { name: 'buys', decide: () => ({ action: tn.BUY, probabilities: null, qValues: null }) };
export const ledger = tn.backtest({
  ...{ policy: buy, series, table: null, account: tn.DEFAULT_ACCOUNT, shield: null, rows: { from: 100, to: 2000 } },
});
export const check = (name: string, actual: unknown, expected: unknown) =>
  deepStrictEqual(actual, expected, name + ' gives ' + JSON.stringify(actual));
`;
const GIVEN_NAMES = [...GIVEN.matchAll(/^export const (?:\{ )?(\w+)/gm)].map((match) => match[1]);

const names = listPublicNames();
const examples = names.flatMap(({ name, comment }) => {
  const [, code] = comment.split('@example\n');
  return code === undefined ? [] : [{ name, code }];
});

/** The example as a module of its own. */
function moduleOf({ name, code }: { name: string; code: string }): string {
  const uses = (word: string) => new RegExp(`(?<![.\\w'])${word}\\b(?!:)`).test(code);
  const declares = (word: string) => new RegExp(`\\b(const|let|using) [^=]*\\b${word}\\b`).test(code);
  const values = names.filter((one) => uses(one.name)).map((one) => (one.isType ? `type ${one.name}` : one.name));
  const given = GIVEN_NAMES.filter((word) => word === 'check' || (uses(word) && !declares(word)));
  const checked = code.replace(/^(.*); \/\/ => (.*)$/gm, (_, actual, expected) => {
    return `check(${JSON.stringify(`${name}: ${actual}`)}, ${actual}, ${expected});`;
  });
  return [
    `import { ${[...new Set(values)].join(', ')} } from ${INDEX};`,
    `import { ${given.join(', ')} } from './given.ts';`,
    checked,
    'export {};',
    '',
  ].join('\n');
}

test('every public name says at its declaration what it is', () => {
  expect(names.length).toBeGreaterThan(200);
  expect(names.filter(({ comment }) => comment === '').map(({ name, file }) => `${name} in ${file}`)).toEqual([]);
});

test('the examples pass the type checker, run, and are true', SLOW, () => {
  expect(examples.length).toBeGreaterThanOrEqual(40);
  writeFileSync(join(folder, 'given.ts'), GIVEN);
  for (const example of examples) writeFileSync(join(folder, `${example.name}.ts`), moduleOf(example));
  const imports = examples.map(({ name }) => `await import('./${name}.ts');`);
  writeFileSync(
    join(folder, 'all.ts'),
    [`import { kernels } from './given.ts';`, ...imports, 'kernels.dispose();'].join('\n'),
  );
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(ROOT, 'node_modules/@types')], noUnusedLocals: false },
      include: ['./*.ts'],
    }),
  );
  const run = (...args: string[]) => {
    try {
      return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(stdout + stderr);
    }
  };
  run(join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', folder);
  run(join(folder, 'all.ts'));
});
