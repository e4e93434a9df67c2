/** docs/shield.md holds what the rules say about themselves. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listThresholds, printThresholdTables, RULES } from '../../src/shield/index.ts';

const docs = readFileSync(new URL('../../docs/shield.md', import.meta.url), 'utf8');

test('the tables in docs/shield.md are the rules own (node scripts/write-tables.ts writes them)', () => {
  expect(docs).toContain(printThresholdTables());
});

test('every rule and threshold is there, with its unit and its value in each profile', () => {
  const rows = listThresholds();
  expect(new Set(rows.map(({ rule }) => rule)).size).toBe(RULES.length);
  for (const { rule, threshold, unit, tighter, values } of rows) {
    const name = threshold === '' ? rule : `${rule}.${threshold}`;
    const line = docs.split('\n').find((one) => one.startsWith(`| \`${name}\` | ${unit} |`));
    expect(line, name).toBeDefined();
    expect(values.none).toBeNull();
    expect(threshold === '' || ['lower', 'higher', 'fewer', 'shape'].includes(tighter)).toBe(true);
  }
  expect(rows[0]).toEqual({
    rule: 'smurf',
    threshold: '',
    unit: '',
    tighter: '',
    doc: 'denies every request while the supervising agent says HOLD',
    values: { cautious: 'on', balanced: 'on', spec: 'on', none: null },
    standard: 'on',
  });
  for (const line of [
    '| rule | what it does |',
    '| `trading-hours.hours` | hours, 0..23 | fewer | - | - | - | 0..23 |',
  ])
    expect(docs).toContain(line);
  expect(printThresholdTables().split('\n')).toHaveLength(5 + RULES.length + rows.length);
  expect(printThresholdTables().startsWith('| rule | what it does |')).toBe(true);
  const halt = rows.find(({ rule, threshold }) => rule === 'max-drawdown' && threshold === 'haltAt');
  expect(halt).toMatchObject({ values: { cautious: 0.2, balanced: 0.3, spec: null }, standard: 0.2, tighter: 'lower' });
});
