/** Before any test: the native kernels are built again where their source is newer, as after a pull. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NATIVE = fileURLToPath(new URL('../native', import.meta.url));

const changedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

export default function buildNativeKernels(): void {
  const builtMs = changedMs(join(NATIVE, 'build/kernels.node'));
  const sources = readdirSync(NATIVE).filter((name) => /\.[ch]$/.test(name));
  if (builtMs > 0 && sources.every((name) => changedMs(join(NATIVE, name)) <= builtMs)) return;
  execFileSync(process.execPath, [join(NATIVE, 'build.mjs')], { stdio: 'inherit' });
}
