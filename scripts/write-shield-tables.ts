/** Writes the generated tables into docs/shield.md: node scripts/write-shield-tables.ts */
import { readFileSync, writeFileSync } from 'node:fs';
import { printThresholdTables } from '../src/shield/index.ts';

const file = new URL('../docs/shield.md', import.meta.url);
const text = readFileSync(file, 'utf8');
const generated = /(<!-- tables: .* -->\n)[\s\S]*(\n<!-- end of tables -->)/;
writeFileSync(
  file,
  text.replace(generated, (_, begin, end) => `${begin}${printThresholdTables()}${end}`),
);
