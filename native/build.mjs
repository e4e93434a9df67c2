/**
 * Builds native/build/kernels.node with the system's C compiler; run by `npm install`. Where there is no compiler, or
 * the platform is not one that the native kernels know, it says so in one line and ends well: WebAssembly does the work.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILD = join(HERE, 'build');
const COMMON = ['-std=gnu11', '-O3', '-ffp-contract=off', '-fPIC', '-fvisibility=hidden'];
/** What each architecture's kernels are compiled for, by the names of their instruction sets. */
const TARGETS = {
  x64: {
    avx512: ['-mavx512f', '-mavx512dq', '-mavx512vl', '-mavx512bw', '-mavx2', '-mfma', '-mprefer-vector-width=512'],
    avx2: ['-mavx2', '-mfma'],
  },
  arm64: { neon: [] },
};

/** A build for another architecture: CC=aarch64-linux-gnu-gcc node native/build.mjs --arch arm64 --out FILE */
const { values } = parseArgs({ options: { arch: { type: 'string' }, out: { type: 'string' } } });
const OUT = resolve(values.out ?? join(BUILD, 'kernels.node'));

function findHeaders() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');
  } catch {
    return null;
  }
}

/** The first compiler that answers; CC comes first. */
function findCompiler() {
  const names = [process.env.CC, 'cc', 'gcc', 'clang'].filter(Boolean);
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

function build() {
  const arch = values.arch ?? process.arch;
  const targets = TARGETS[arch];
  if (targets === undefined || !['linux', 'darwin'].includes(process.platform)) {
    return `no native kernels for ${process.platform} ${arch}`;
  }
  const headers = findHeaders();
  if (!headers) return 'node-api-headers is not installed';
  const compiler = findCompiler();
  if (!compiler) return 'no C compiler found';
  for (const folder of [BUILD, dirname(OUT)]) mkdirSync(folder, { recursive: true });
  const temporary = `kernels.${process.pid}`;
  const run = (args) => {
    const { status, stderr } = spawnSync(compiler, args, { cwd: HERE, encoding: 'utf8' });
    if (status !== 0) throw new Error(String(stderr).trim().split('\n')[0] || `${compiler} failed`);
  };
  const objects = [];
  try {
    const compile = (source, name, flags) => {
      const object = join(BUILD, `${temporary}.${name}.o`);
      objects.push(object);
      run([...COMMON, ...flags, '-c', source, '-o', object]);
    };
    for (const [isa, flags] of Object.entries(targets))
      compile('kernels.c', isa, [...flags, `-DKERNEL_${isa.toUpperCase()}`, `-DKERNEL_SUFFIX=${isa}`]);
    compile('pool.c', 'pool', []);
    compile('binding.c', 'binding', ['-isystem', headers]);
    const output = join(BUILD, `${temporary}.node`);
    const link = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
    run(['-shared', ...link, ...objects, '-lpthread', '-o', output]);
    renameSync(output, OUT);
    return null;
  } catch (error) {
    return error.message;
  } finally {
    for (const object of objects) rmSync(object, { force: true });
  }
}

const problem = build();
console.log(problem ? `tradernet: WebAssembly kernels will be used (${problem})` : 'tradernet: native kernels built');
