import { expect } from 'vitest';
import { BUY, HOLD } from '../../../src/core/action.ts';
import { asked, type BaselineCase } from './baseline-case.ts';

export const baselineCase: BaselineCase = {
  golden: { why: 'drawn at random: its distribution is tested instead' },
  check(ledger) {
    const requests = asked(ledger).map(({ request }) => request);
    expect(requests).not.toContain(HOLD);
    const buys = requests.filter((request) => request === BUY).length;
    // Four standard deviations of a fair coin.
    expect(Math.abs(buys - requests.length / 2)).toBeLessThan(2 * Math.sqrt(requests.length));
    // And no side follows from the one before it.
    const changes = requests.filter((request, i) => i > 0 && request !== requests[i - 1]).length;
    expect(Math.abs(changes - requests.length / 2)).toBeLessThan(2 * Math.sqrt(requests.length));
  },
};
