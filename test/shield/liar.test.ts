/** Proof 4, the liar's test: no market lets the worst of agents lose more than the drawdown limit and one jump. */
import { expect, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import type { Shield } from '../../src/core/shield.ts';
import { createShield, type Overrides } from '../../src/shield/index.ts';
import { searchForBreach, WORLDS, type World } from './liar.ts';

const ROUNDING = 1e-9;

/** The drawdown rule alone halts; nothing reduces before, so that the fall into the limit is as steep as can be. */
function bareWorld(index: number, haltAt: number): World {
  const overrides: Overrides = { 'max-drawdown': { haltAt, reduceAt: 0.99 } };
  return {
    account: WORLDS[index],
    haltAt,
    withinBars: WORLDS[index].mode === 'margin',
    shield: () => createShield({ profile: 'none', overrides }),
  };
}

test('a million bars searched for a breach of the drawdown limit: none', () => {
  let bars = 0;
  let halts = 0;
  let paths = 0;
  let worst = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < WORLDS.length; index++)
    for (const haltAt of [0.05, 0.2]) {
      const search = searchForBreach(bareWorld(index, haltAt), new Rng(7 + index), 120_000);
      expect(search.worst.excess).toBeLessThanOrEqual(ROUNDING);
      bars += search.bars;
      halts += search.halts;
      paths += search.paths;
      worst = Math.max(worst, search.worst.excess);
    }
  const cautious: World = {
    account: WORLDS[0],
    haltAt: 0.05,
    withinBars: true,
    shield: () => createShield({ overrides: { 'max-drawdown': { haltAt: 0.05, reduceAt: 0.04 } } }),
  };
  const search = searchForBreach(cautious, new Rng(3), 60_000);
  expect(search.worst.excess).toBeLessThanOrEqual(ROUNDING);
  bars += search.bars;
  console.log(
    `shield 4: ${bars} bars on ${paths + search.paths} searched paths, ${halts + search.halts} halts, no breach ` +
      `(nearest: ${(100 * worst).toPrecision(2)} % of the peak; profile cautious ${(100 * search.worst.excess).toPrecision(2)} %)`,
  );
  expect(bars).toBeGreaterThanOrEqual(1_000_000);
  expect(halts).toBeGreaterThan(1000);
});

/** The same shield, with something wrong. */
function spoil(change: (shield: Shield) => Partial<Shield>): World {
  const world = bareWorld(0, 0.2);
  return {
    ...world,
    shield() {
      const shield = world.shield();
      return { ...change(shield), levels: (facts) => shield.levels(facts) } as Shield;
    },
  };
}

test.each<[string, World]>([
  [
    'a halt that comes a bar late',
    spoil((shield) => {
      let late = false;
      return {
        decide(decision, facts) {
          const record = shield.decide(decision, facts);
          const held = { ...record, final: decision.action, state: 'ACTIVE' as const, flatten: false };
          const answer = late ? record : held;
          late = record.state === 'HALTED';
          return answer;
        },
      };
    }),
  ],
  [
    'a halt that does not close the position',
    spoil((shield) => ({ decide: (decision, facts) => ({ ...shield.decide(decision, facts), flatten: false }) })),
  ],
  [
    'a drawdown from the start instead of the peak',
    spoil((shield) => ({
      decide(decision, facts) {
        shield.restoreState({
          version: 1,
          latch: null,
          rules: { 'max-drawdown': { peak: 10_000, reference: 10_000, rested: 0 } },
        });
        return shield.decide(decision, facts);
      },
    })),
  ],
])('the search finds the breach of %s', (_, world) => {
  expect(searchForBreach(world, new Rng(1), 60_000).worst.excess).toBeGreaterThan(0.001);
});
