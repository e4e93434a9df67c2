/** The text of a feature set: what it says, where it errs, and that it can be written down and read again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { INDICATORS } from '../../src/features/index.ts';
import { featureSet, featureSetNames } from '../../src/features/sets.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { randomSeries } from './random-series.ts';

describe('a feature set as text', () => {
  it('adds indicators at the end and takes columns out where they are', () => {
    const plain = featureSet('tradernet21').columns;
    const { name, columns } = featureSet(' tradernet21+atr( 20 )+ atr -hour - aroon_down ');
    expect(name).toBe('tradernet21 + atr(20) + atr(14) - hour - aroon_down');
    expect(columns).toEqual([
      ...plain.filter((column) => !['hour', 'aroon_down'].includes(column)),
      'atr_20',
      'atr_14',
    ]);
    expect(featureSet('rsi + macd(price)').columns).toEqual(['rsi', 'macd_signal_diffs']);
  });

  it('computes the columns that are left as the whole set does', () => {
    const series = randomSeries(2, 200);
    const whole = computeFeatures(series, featureSet('tradernet21'));
    const part = computeFeatures(series, featureSet('tradernet21 - aroon_up - open_log_returns - trends'));
    expect(part.width).toBe(18);
    for (const column of part.columns) {
      const values = ({ data, width, columns }: typeof whole) =>
        data.filter((_, i) => i % width === columns.indexOf(column));
      expect(values(part)).toEqual(values(whole));
    }
    expect(featureSet('tradernet21 - trends').indicators.every(({ needs }) => needs !== 'trends')).toBe(true);
  });

  it.each([
    ['', 1, 'it ends where a set or an indicator should stand'],
    ['tradernet21 +', 14, 'it ends where'],
    ['tradernet22', 1, "there is no 'tradernet22'; there are tradernet21, "],
    ['tradernet21-hour', 1, "there is no 'tradernet21-hour'"],
    ['tradernet21 - hours', 15, "there is no column 'hours'; there are open_log_returns"],
    ['tradernet21 + art(14)', 15, "there is no 'art'; there are log-returns"],
    ['tradernet21 + atr(x)', 19, "period is a whole number of bars from 1 to 500, not 'x'"],
    ['tradernet21 + atr(14.5)', 19, 'period is a whole number'],
    ['tradernet21 + atr(14, 3)', 23, "'atr' takes period and no more"],
    ['tradernet21 + atr(14', 21, "it ends where ',' or ')' should stand"],
    ['rsi(14)', 5, "'rsi' takes no arguments"],
    ['rsi + macd(volume)', 12, "per is one of close, price, not 'volume'"],
    ['tradernet21 + rsi', 15, "there is a column 'rsi' already"],
    ['tradernet21 & rsi', 13, "'&' where '+' or '-' should stand"],
    ['rsi - rsi', 7, 'no column is left'],
    ['rsi + aroon-high-low', 7, "there is no 'aroon-high-low'"],
  ])("'%s' errs at character %i: %s", (text, character, what) => {
    expect(() => featureSet(text)).toThrow(InputError);
    expect(() => featureSet(text)).toThrow(`feature set '${text}', character ${character}: ${what}`);
  });

  it('reads again what it wrote, and refuses everything else in one error', () => {
    const words = [...featureSetNames(), ...INDICATORS.map(({ name }) => name), 'hour', 'rsi', 'atr_14', 'aroon_up'];
    const piece = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...words, ' + ', ' - ', '+', '-', '(', ')', '14', ',', 'price', ' ') },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        try {
          const set = featureSet(pieces.join(''));
          read++;
          expect(set.columns.length).toBeGreaterThan(0);
          expect(new Set(set.columns).size).toBe(set.columns.length);
          expect(featureSet(set.name)).toMatchObject({ name: set.name, signature: set.signature });
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(30);
  });

  it('keeps the words that sets had before', () => {
    const variant = featureSet('tradernet20+aroon-high-low+second-difference');
    expect(variant.name).toBe('tradernet20+aroon-high-low+second-difference');
    expect(variant.signature).toContain('aroon(high-low):aroon_up,aroon_down;');
    expect(variant.signature).toContain('volume-flow(second-difference,per-mean-volume):');
    expect(featureSet(`${variant.name} - hour`).name).toBe(`${variant.name} - hour`);
  });
});
