/** Charts for a notebook: whole SVG, whatever the numbers and names are. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { randomPolicy } from '../../src/evaluate/baselines/random.ts';
import { evaluatePolicy } from '../../src/evaluate/evaluation.ts';
import { drawEvaluation, drawTraining } from '../../src/evaluate/report/svg.ts';
import { randomWalk, tableOf } from './markets.ts';

/** Every tag is closed in order, and no number is none. */
function requireWhole(svg: string): void {
  const open: string[] = [];
  for (const [, end, name, attributes] of svg.matchAll(/<(\/?)([a-z]+)((?:[^<>"]|"[^"<>]*")*)>/g)) {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (!attributes.endsWith('/')) open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
}

describe('drawTraining', () => {
  it('joins what is not in every row over the rows without it', () => {
    const rows = [1, 2, 3, 4].map((i) => ({ step: 100 * i, loss: 1 / i, validation: i % 2 === 0 ? i / 100 : null }));
    const svg = drawTraining(rows);
    requireWhole(svg);
    expect(svg).toMatch(/<path d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+" stroke="#3b62f6"/);
    expect(svg).toContain('>100<');
    expect(svg).toContain('>400<');
  });

  it.each([
    ['no row', []],
    ['one row', [{ step: 8, loss: 0, reward: 3 }]],
    [
      'numbers that are none',
      [
        { step: 8, loss: Number.NaN, reward: Infinity },
        { step: 16, loss: -1e-9, reward: 1e30 },
      ],
    ],
    [
      'a curve that is flat',
      [
        { step: 8, epsilon: 1 },
        { step: 16, epsilon: 1 },
      ],
    ],
  ])('%s', (_, rows) => {
    requireWhole(drawTraining(rows));
  });
});

it.each([60, 3000])('drawEvaluation draws every fill of %i bars, and a hostile name is text', (bars) => {
  const evaluation = evaluatePolicy({
    series: { ...randomWalk(2 * bars, 2), symbol: '<script>' },
    table: tableOf(2 * bars, (row) => Math.sin(row)),
    split: { train: null, test: { from: bars, to: 2 * bars } },
    account: DEFAULT_ACCOUNT,
    shield: null,
    seed: 1,
    policy: randomPolicy('agent', 0.1, 3),
    label: '<b>',
    doc: 'a policy',
  });
  const svg = drawEvaluation(evaluation);
  requireWhole(svg);
  expect(svg.match(/h7z/g)).toHaveLength(evaluation.chart.fills.length);
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;b&gt;');
});
