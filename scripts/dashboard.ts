/**
 * Builds the dashboard's page where it is missing or older than its sources, then starts `tradernet dashboard`; with
 * `--build` it builds in any case and starts nothing.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(ROOT, 'dashboard');
const BUILT = join(PAGE, 'build/index.html');
/** What the page is made of: its own folder, and the rooms that run in it. */
const SOURCES = [PAGE, join(ROOT, 'src')];

function newest(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'build' ? latest : Math.max(latest, newest(path));
    return Math.max(latest, statSync(path).mtimeMs);
  }, 0);
}

/** Builds into dashboard/build. */
export async function buildPage(): Promise<void> {
  await build({ configFile: join(PAGE, 'vite.config.ts'), logLevel: 'error' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const builtMs = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isAsked = process.argv[2] === '--build';
  if (isAsked || builtMs < Math.max(...SOURCES.map(newest))) {
    console.log('building the page ...');
    await buildPage();
  }
  if (!isAsked) {
    process.argv.splice(2, 0, 'dashboard', '--demo');
    await import('../src/cli/main.ts');
  }
}
