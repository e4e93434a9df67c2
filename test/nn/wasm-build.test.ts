/** The committed WebAssembly is what its source builds: byte for byte under the same clang, bit for bit under another. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { QNetwork } from '../../src/nn/index.ts';
import { createWasmKernels } from '../../src/nn/wasm.ts';
import { CLANG_VERSION, RELAXED_WASM, SIMD_WASM } from '../../src/nn/wasm-binary.ts';
import { lacks, SLOW } from '../effort.ts';

function commandExists(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const missing = ['clang', 'wasm-ld'].filter((name) => lacks(name, commandExists(name)));

test.skipIf(missing.length > 0)(`rebuild (needs clang and wasm-ld)`, SLOW, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-test-'));
  const output = join(folder, 'wasm-binary.ts');
  execFileSync(process.execPath, [fileURLToPath(new URL('../../native/build-wasm.mjs', import.meta.url)), output]);
  const text = readFileSync(output, 'utf8');
  rmSync(folder, { recursive: true });
  const rebuilt = (name: string) => text.match(new RegExp(`${name} =\\s+'(.*)'`))?.[1] ?? '';
  if (text.includes(CLANG_VERSION)) {
    expect(rebuilt('SIMD_WASM') === SIMD_WASM && rebuilt('RELAXED_WASM') === RELAXED_WASM).toBe(true);
    return;
  }
  for (const [isa, name] of [
    ['simd128', 'SIMD_WASM'],
    ['relaxed-simd', 'RELAXED_WASM'],
  ] as const) {
    expect(await outputs(isa, rebuilt(name))).toEqual(await outputs(isa));
  }
});

/** Outputs and gradients of a small network. */
async function outputs(isa: 'simd128' | 'relaxed-simd', binary?: string): Promise<number[]> {
  const kernels = await createWasmKernels(1, isa, binary);
  const network = new QNetwork(kernels, { window: 5, features: 3 });
  const rng = new Rng(1);
  network.initialize(rng);
  const obs = Float32Array.from({ length: 11 * 15 }, () => rng.normal());
  const q = [...network.forward(obs, 11)];
  network.backward(Float32Array.from(q), 11);
  kernels.dispose();
  return [...q, ...network.gradients];
}
