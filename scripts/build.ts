/**
 * Builds what is published into dist/: Node refuses to strip types under node_modules, so the package carries
 * JavaScript. The folders keep their places, so that paths between src/ and native/ are the same in both.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = process.argv[2] ?? `${root}dist`;

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
execFileSync(
  process.execPath,
  [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`, '--outDir', `${dist}/src`],
  {
    stdio: 'inherit',
  },
);
for (const path of ['bin', 'native', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
  cpSync(`${root}${path}`, `${dist}/${path}`, {
    recursive: true,
    filter: (from) => !from.includes('/native/build/') && !from.endsWith('/native/build'),
  });
}
const source = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const published = {
  name: source.name,
  version: source.version,
  description: source.description,
  license: source.license,
  type: 'module',
  engines: { node: '>=24' },
  bin: source.bin,
  exports: { '.': { types: './src/index.d.ts', default: './src/index.js' } },
  scripts: { install: source.scripts.install },
  dependencies: source.dependencies,
};
writeFileSync(`${dist}/package.json`, `${JSON.stringify(published, null, 2)}\n`);
