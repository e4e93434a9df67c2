/**
 * The package that is published. Node refuses to strip types under node_modules, so it carries JavaScript; the folders
 * keep their places, so that paths between src/ and native/ are the same as in the repository.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COPIED = ['bin', 'native', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'dashboard/build'];

/** What a user needs, and what must never leave this machine. */
const NEEDED = [
  ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'bin/tradernet.js'],
  ...['native/build.mjs', 'native/kernels.c', 'native/ops.h', 'src/index.js', 'src/index.d.ts', 'src/cli/main.js'],
  'dashboard/build/index.html',
];
const FORBIDDEN: readonly [what: string, pattern: RegExp][] = [
  ['a source in TypeScript, which Node will not run there', /(?<!\.d)\.ts$/],
  ['a machine’s own build', /^native\/build\/|\.node$/],
  ['a test, a bench or a script of the repository', /^(test|bench|scripts|tools)\//],
  ['data, keys or settings', /\.sqlite|\.env|(^|\/)database\/|tradernet\.json$|keys?\.json$|\.log$/],
];

/** One file of a tarball, as `npm pack --json` has it. */
interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

export interface Packed {
  readonly name: string;
  readonly version: string;
  /** Where the tarball lies. */
  readonly tarball: string;
  /** Bytes, packed and unpacked. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly shasum: string;
  readonly files: readonly PackedFile[];
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Builds into `folder`/package and packs that into `folder`, which is emptied. */
export function buildPackage(folder: string): Packed {
  const dist = join(folder, 'package');
  execFileSync(process.execPath, [join(ROOT, 'scripts/dashboard.ts'), '--build'], { stdio: 'inherit' });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(dist, 'src')];
  execFileSync(process.execPath, [compiler, ...args], { stdio: 'inherit' });
  for (const path of COPIED) {
    const filter = (from: string) => !/[\\/]native[\\/](build$|build[\\/]|.*\.ts$)/.test(from);
    cpSync(join(ROOT, path), join(dist, path), { recursive: true, filter });
  }
  const source = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const published = {
    name: source.name,
    version: source.version,
    description: source.description,
    license: source.license,
    type: 'module',
    engines: { node: '>=24' },
    bin: source.bin,
    exports: Object.fromEntries(
      Object.entries(source.exports as Record<string, string>).map(([entry, path]) => [
        entry,
        { types: path.replace(/\.ts$/, '.d.ts'), default: path.replace(/\.ts$/, '.js') },
      ]),
    ),
    scripts: { install: source.scripts.install },
    dependencies: source.dependencies,
  };
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  const [{ filename, ...packed }] = JSON.parse(npm(['pack', './package', '--json'], folder));
  return { ...packed, tarball: join(folder, filename) };
}

/** What is wrong with a package's contents, a line each. */
export function findFaults({ files }: Pick<Packed, 'files'>): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const bin = files.find(({ path }) => path === 'bin/tradernet.js');
  return [
    ...NEEDED.filter((path) => !paths.has(path)).map((path) => `${path} is missing`),
    ...FORBIDDEN.flatMap(([what, pattern]) =>
      [...paths].filter((path) => pattern.test(path)).map((path) => `${path} is ${what}`),
    ),
    ...(bin !== undefined && (bin.mode & 0o111) === 0 ? ['bin/tradernet.js is not executable'] : []),
  ];
}

/** Installs a tarball in a new, empty folder, as a user would; returns the folder, which the caller removes. */
export function installPackage(tarball: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-installed-'));
  writeFileSync(join(folder, 'package.json'), '{"name":"user","private":true,"type":"module"}');
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], folder);
  return folder;
}

/** Runs the installed command. */
export function runInstalled(folder: string, args: readonly string[]): string {
  const bin = join(folder, 'node_modules/tradernet/bin/tradernet.js');
  return execFileSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
}
