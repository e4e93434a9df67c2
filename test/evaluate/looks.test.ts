/** Who counts as another look, on records made by hand: seeds, windows, shields and copies of one recipe, and of others. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { type JudgedBars, sortLooks } from '../../src/evaluate/looks.ts';
import type { Trial } from '../../src/runs/registry.ts';

const HOUR = 3_600_000;
const N = 200;
const rng = new Rng(1);
const noise = (n = N) => Array.from({ length: n }, () => 0.01 * rng.normal());
const held = noise();
const bars: JudgedBars = {
  ...{ market: 'csv:BTC', timeframeMs: HOUR, held: Float64Array.from(held) },
  timeMs: Float64Array.from({ length: N + 1 }, (_, i) => i * HOUR),
};
const own = { configHash: 'own', weights: 'w1', recipe: 'recipe', foldKey: 'window' };

function look(more: Partial<Trial> & { fromBar?: number }): Trial {
  const { fromBar = 1, ...rest } = more;
  return {
    ...{ run: 'r', configHash: 'own', seed: 1, weights: 'w1', recipe: 'recipe', foldKey: 'window' },
    ...{ sharpePerBar: 0, market: 'csv:BTC', timeframeMs: HOUR },
    seen: { spans: [[fromBar * HOUR, N]], returns: noise(), held },
    ...rest,
  };
}

describe('a look', () => {
  const sort = (...trials: Trial[]) => {
    const { seeds, others, unknown } = sortLooks(bars, trials, own);
    return [seeds.length, others.length, unknown];
  };

  it('is the own record only where configuration, window and weights are', () => {
    expect(sort(look({}))).toEqual([0, 0, 0]);
    expect(sort(look({ weights: 'w2' }))).toEqual([1, 0, 0]);
    expect(sort(look({ weights: 'w2' }), look({ weights: 'w2', run: 'copy' }))).toEqual([1, 0, 0]);
  });

  it('of the same recipe counts by itself: seeds that were seen under another shield were chosen among', () => {
    const seeds = Array.from({ length: 200 }, (_, i) => look({ configHash: 'other shield', weights: `s${i}` }));
    expect(sort(...seeds)).toEqual([0, 200, 0]);
    // Of another recipe it is one configuration, the mean of its seeds.
    expect(sort(...seeds.map((one) => ({ ...one, recipe: 'another' })))).toEqual([0, 1, 0]);
  });

  it('at another window counts, as an independent draw where it shares no bars', () => {
    const at = (fromBar: number) => look({ foldKey: `from ${fromBar}`, fromBar });
    expect(sort(at(100), at(N + 1), at(5000), at(N - 10))).toEqual([0, 1, 3]);
  });

  it('at another market counts where it moves together with this one', () => {
    const elsewhere = { market: 'csv:XYZ', configHash: 'x', recipe: 'x' };
    expect(sort(look(elsewhere))).toEqual([0, 1, 0]);
    const other = { spans: [[HOUR, N] as const], returns: noise(), held: noise() };
    expect(sort(look({ ...elsewhere, seen: other }))).toEqual([0, 0, 0]);
  });
});
