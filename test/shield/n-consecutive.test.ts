/** The specification's vectors, of the bare rules: exits literal, so that no exemption hides a verdict. */
import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/core/action.ts';
import { createShield, type Overrides } from '../../src/shield/index.ts';
import { ask, makeFacts, parseActions, printActions } from './facts.ts';

function runBare(overrides: Overrides, requests: string): string {
  const shield = createShield({ profile: 'none', exits: 'literal', overrides });
  return printActions(
    parseActions(requests).map((action) => shield.decide(ask(action), makeFacts({ units: 1 })).final),
  );
}

describe('repeat-limit', () => {
  test.each([
    ['BBBSSSH', 'BBHSSHH'],
    ['BHBBBHB', 'BHBBHHB'],
  ])('N = 2: %s -> %s', (requests, finals) => {
    expect(runBare({ 'repeat-limit': {} }, requests)).toBe(finals);
  });
});

describe('consensus', () => {
  test('N = 2', () => {
    expect(runBare({ consensus: {} }, 'BBBSSSH')).toBe('HBBHSSH');
  });
  test('N = 2 with the published warm-up', () => {
    expect(runBare({ consensus: { publishedWarmup: 1 } }, 'BBBSSSH')).toBe('HHBHSSH');
  });
});

describe('the queue', () => {
  test('resets with the episode', () => {
    const shield = createShield({ profile: 'none', overrides: { 'repeat-limit': {} } });
    for (const _ of [1, 2]) expect(shield.decide(ask(1), makeFacts()).final).toBe(1);
    shield.reset();
    expect(shield.decide(ask(1), makeFacts()).final).toBe(1);
  });
  test('survives a restart', () => {
    const before = createShield({ profile: 'none', overrides: { 'repeat-limit': {} } });
    for (const _ of [1, 2]) before.decide(ask(1), makeFacts());
    const after = createShield({ profile: 'none', overrides: { 'repeat-limit': {} } });
    after.restoreState(JSON.parse(JSON.stringify(before.saveState())));
    expect(after.decide(ask(1), makeFacts()).final).toBe(2);
  });
  test('takes every request, the denied ones and those that the supervisor turned into HOLD too', () => {
    let advice: 0 | 1 | 2 = 1;
    const supervisor = { kind: 'dqn', getAction: () => advice, decide: () => ask(advice) };
    const shield = createShield({ profile: 'spec', supervisor });
    const finals: Action[] = [];
    // The third B is denied and queued; the fifth is HOLD to the queue; so the sixth is the second B in a row of two.
    for (const [request, said] of [
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 2],
      [1, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      advice = said;
      finals.push(shield.decide(ask(request), makeFacts()).final);
    }
    expect(printActions(finals)).toBe('BBHHHBBH');
  });
});
