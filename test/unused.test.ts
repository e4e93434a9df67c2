/** Nothing is dead: what a file of src/ exports is public, or used by another file or its own. Tests don't count. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { listPublicNames } from './public-names.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Exports that only tests use, and why they stay. */
const KEPT: Readonly<Record<string, string>> = {
  'src/core/math.ts':
    'elementary functions with the same bits everywhere, tested as a whole; test markets are made of them',
  'src/market/import/times.ts': 'the reading of one cell, of which the reading of a column is made',
};

/** Files with the words in their code, comments left out. */
function readFolder(folder: string): { path: string; text: string; words: Map<string, number> }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|svelte)$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8')
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
        // A name that is only passed on is not used there.
        .replace(/^export (type )?\{[^}]*\} from .*$/gm, '');
      const words = new Map<string, number>();
      for (const [word] of text.matchAll(/\w+/g)) words.set(word, (words.get(word) ?? 0) + 1);
      return { path: relative(ROOT, path), text, words };
    });
}

test('every export is used', () => {
  const open = new Set(listPublicNames().map(({ file, name }) => `${file} ${name}`));
  const sources = readFolder('src');
  const users = [...sources, ...['bench', 'scripts', 'examples', 'native', 'dashboard'].flatMap(readFolder)];
  const tests = readFolder('test');
  const dead: string[] = [];
  for (const { path, text, words } of sources) {
    for (const [, name] of text.matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm)) {
      if (
        path in KEPT ||
        open.has(`${path} ${name}`) ||
        users.some((other) => other.path !== path && other.words.has(name))
      )
        continue;
      // Exported for its name, or for a test, it is used where it stands.
      if ((words.get(name) ?? 0) > 1) continue;
      dead.push(`${path}: ${name}${tests.some((other) => other.words.has(name)) ? ' (only tests use it)' : ''}`);
    }
  }
  expect(dead).toEqual([]);
});
