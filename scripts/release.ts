/**
 * Makes a release ready and says what it would publish; it publishes nothing. Builds the package into dist/, looks
 * through its contents, installs the tarball in an empty folder and runs it there. Usage: npm run release
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPackage, findFaults, installPackage, runInstalled } from './package.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();

const faults: string[] = [];
const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
const changelog = readFileSync(`${ROOT}CHANGELOG.md`, 'utf8');
if (!new RegExp(`^## ${version.replaceAll('.', '\\.')}$`, 'm').test(changelog)) {
  faults.push(`CHANGELOG.md says nothing of ${version}: add its section`);
}
if (git('status', '--porcelain', '--untracked-files=no') !== '') faults.push('the tree has changes: commit them first');
if (git('tag', '--list', `v${version}`) !== '') faults.push(`v${version} is tagged already: raise the version`);

console.log('building and packing ...');
const packed = buildPackage(`${ROOT}dist`);
faults.push(...findFaults(packed));

console.log('installing the tarball in an empty folder and running it ...');
const folder = installPackage(packed.tarball);
try {
  if (runInstalled(folder, ['--version']).trim() !== version) faults.push('the installed command has another version');
  runInstalled(folder, ['data', 'synth', '--symbol', 'SYNTH', '--bars', '500']);
  runInstalled(folder, ['config', 'show', '--json']);
} catch (error) {
  faults.push(`the installed command fails: ${(error as { stderr?: string }).stderr?.trim() ?? error}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const notes = /^## Unreleased$/m.test(changelog)
  ? ['note: CHANGELOG.md has a section Unreleased: give it a version before you publish']
  : [];
const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} KB`;
console.log(
  [
    '',
    `${packed.name} ${packed.version} at ${git('rev-parse', '--short', 'HEAD')}`,
    `${packed.files.length} files, ${kilobytes(packed.unpackedSize)}, packed ${kilobytes(packed.size)}, sha1 ${packed.shasum}`,
    ...notes,
    ...faults.map((fault) => `not ready: ${fault}`),
    faults.length > 0
      ? 'nothing was published, and nothing should be'
      : `nothing was published; this would: npm publish ${relative(process.cwd(), packed.tarball)} && git tag v${version}`,
  ].join('\n'),
);
process.exitCode = faults.length > 0 ? 1 : 0;
