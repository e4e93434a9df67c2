/** The documents name files that exist and commands that run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TABLES, writeTables } from '../scripts/tables.ts';
import { COMMANDS } from '../src/cli/commands.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = [
  'README.md',
  'AGENTS.md',
  'CONTRIBUTING.md',
  'docs/architecture.md',
  'docs/spec.md',
  'docs/shield.md',
  'docs/evaluation.md',
  'docs/reference.md',
  'docs/agents.md',
];
const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts;

describe.each(DOCUMENTS)('%s', (document) => {
  const text = read(document);

  test('every file that it names exists', () => {
    const named = [...text.matchAll(/`((?:src|test|docs|native|scripts|bench|notebooks|tools|examples)\/[\w./-]*)`/g)];
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)].map((match) => join(document, '..', match[1]));
    const missing = [...named.map((match) => match[1]), ...links]
      .filter((path) => !path.includes('NAME'))
      .filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  test('every npm script that it names exists', () => {
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('every command that it names exists', () => {
    const named = [...text.matchAll(/(?:^|`|-- |\n\s*)tradernet ((?:[a-z]+(?:-[a-z]+)* ?){1,2})/g)].map((match) =>
      match[1].trim(),
    );
    const names = COMMANDS.map((entry) => entry.name);
    const unknown = named.filter(
      (name) =>
        !names.includes(name) &&
        !names.includes(name.split(' ')[0]) &&
        !names.some((one) => one.startsWith(`${name} `)),
    );
    expect(unknown).toEqual([]);
  });
});

test('the tables in the documents are the lists that the program walks (node scripts/write-tables.ts writes them)', () => {
  const marked = new Set<string>();
  for (const document of readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))) {
    const text = read(`docs/${document}`);
    expect(writeTables(text) === text, `docs/${document} is not up to date`).toBe(true);
    for (const [, name] of text.matchAll(/<!-- table: ([\w-]+),/g)) marked.add(name);
  }
  expect([...marked].sort()).toEqual(Object.keys(TABLES).sort());
});

test('the example in CONTRIBUTING.md is the code that the tests run', () => {
  const blocks = [...read('CONTRIBUTING.md').matchAll(/`([\w/.-]+\.ts)`:\n\n```ts\n([\s\S]*?)\n```/g)];
  expect(blocks).toHaveLength(2);
  for (const [, path, code] of blocks) expect(read(path).trimEnd() === code, path).toBe(true);
});

test('the specification is covered item by item', () => {
  const rows = read('docs/spec.md').match(/^\| \d+ \|.*$/gm) ?? [];
  expect(rows).toHaveLength(23);
  for (const row of rows) expect(row.match(/`(src|test|notebooks)\//g)?.length, row).toBeGreaterThanOrEqual(2);
});
