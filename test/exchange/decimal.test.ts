import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDecimals,
  canonicalDecimal,
  ceilToStep,
  compareDecimals,
  decimalOf,
  divideDecimals,
  floorToStep,
  isDecimal,
  isMultipleOf,
  multiplyDecimals,
  subtractDecimals,
} from '../../src/exchange/decimal.ts';

/** Units of 1e-8 as a decimal string, the slow and obvious way. */
const text = (units: bigint) => canonicalDecimal(`${units}e-8`);
const units = fc.bigInt({ min: 0n, max: 10n ** 20n });
const step = fc.constantFrom(1n, 5n, 10n, 1_000n, 25_000_000n, 10n ** 8n);

describe('decimals', () => {
  it('have one form', () => {
    const cases = {
      '007.500': '7.5',
      '-0.0': '0',
      '1e-8': '0.00000001',
      '2.5E3': '2500',
      '.5': null,
      '1.': '1',
      '': null,
      NaN: null,
      '0x1': null,
    };
    for (const [given, expected] of Object.entries(cases)) {
      expect(isDecimal(given)).toBe(expected !== null);
      if (expected !== null) expect(canonicalDecimal(given)).toBe(expected);
      else expect(() => canonicalDecimal(given)).toThrow(RangeError);
    }
    expect(decimalOf(0.1)).toBe('0.1');
    expect(decimalOf(1e-9)).toBe('0.000000001');
    expect(() => decimalOf(Number.NaN)).toThrow(RangeError);
  });

  it('add, subtract, multiply, compare and divide exactly', () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        expect(addDecimals(text(a), text(b))).toBe(text(a + b));
        expect(subtractDecimals(text(a), text(b))).toBe(text(a - b));
        expect(multiplyDecimals(text(a), text(b))).toBe(canonicalDecimal(`${a * b}e-16`));
        expect(Math.sign(compareDecimals(text(a), text(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
        if (b > 0n) expect(divideDecimals(text(a), text(b), 8)).toBe(text((a * 10n ** 8n) / b));
      }),
    );
    expect(addDecimals('0.1', '0.2')).toBe('0.3');
    expect(() => divideDecimals('1', '0', 8)).toThrow(RangeError);
  });

  it('floor and ceil to the nearest multiple', () => {
    fc.assert(
      fc.property(units, step, (a, s) => {
        const floor = floorToStep(text(a), text(s));
        const ceil = ceilToStep(text(a), text(s));
        expect(floor).toBe(text(a - (a % s)));
        expect(isMultipleOf(floor, text(s)) && isMultipleOf(ceil, text(s))).toBe(true);
        expect(compareDecimals(floor, text(a)) <= 0 && compareDecimals(text(a), ceil) <= 0).toBe(true);
        expect(isMultipleOf(text(a), text(s))).toBe(floor === ceil);
      }),
    );
    expect(floorToStep('1.23', '0')).toBe('1.23');
    expect(isMultipleOf('1.23', '0')).toBe(true);
  });
});
