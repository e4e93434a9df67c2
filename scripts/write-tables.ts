/** Writes the generated tables into the documents: node scripts/write-tables.ts */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeTables } from './tables.ts';

const docs = new URL('../docs/', import.meta.url);
for (const name of readdirSync(docs).filter((one) => one.endsWith('.md'))) {
  const file = new URL(name, docs);
  const text = readFileSync(file, 'utf8');
  const written = writeTables(text);
  if (written !== text) writeFileSync(file, written);
}
