/** How often a bot that keeps its promise is stopped, and how soon one that doesn't. Fixed seeds; the figures are printed. */
import { afterAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { bet, drift } from '../../src/shield/rules/drift.ts';
import { createShield } from '../../src/shield/shield.ts';
import { makeFacts } from './facts.ts';

const PATHS = 500;
const YEAR = 8766;
const DEVIATION = 0.005;
/** A Sharpe ratio of 3 a year, in hourly bars. */
const PROMISED = (3 / Math.sqrt(YEAR)) * DEVIATION;
const CONFIG = { promised: PROMISED, lambda: PROMISED / DEVIATION ** 2, stopAt: 20 };

/** Noise of mean 0 and deviation 1, drawn bar by bar. */
const NOISES: Readonly<Record<string, (rng: Rng) => () => number>> = {
  normal: (rng) => () => rng.normal(),
  'with fat tails (t of 3 degrees)': (rng) => () => {
    const squares = [0, 0, 0].reduce((sum) => sum + rng.normal() ** 2, 0);
    return rng.normal() / Math.sqrt(squares);
  },
  'that is asleep, then wild': (rng) => {
    let wild = false;
    return () => {
      if (rng.uniform() < 0.01) wild = !wild;
      return rng.normal() * (wild ? 1.38 : 0.31);
    };
  },
  'of a lottery: rare losses': (rng) => () => (rng.uniform() < 0.02 ? -7 : 1 / 7),
};
const said: string[] = [];
afterAll(() => console.log(said.join('\n')));

/** Share of the paths on which E reaches 20 within a year, and the median bar of those. */
function stops(mean: number, noise: (rng: Rng) => () => number): { share: number; bars: number } {
  const at: number[] = [];
  for (let path = 0; path < PATHS; path++) {
    const draw = noise(new Rng(path, 7));
    let evidence = 1;
    for (let bar = 0; bar < YEAR; bar++) {
      evidence = bet(evidence, CONFIG, mean + DEVIATION * draw());
      if (evidence < CONFIG.stopAt) continue;
      at.push(bar);
      break;
    }
  }
  return { share: at.length / PATHS, bars: at.sort((a, b) => a - b)[at.length >> 1] ?? Number.NaN };
}

describe('a promised Sharpe ratio of 3', () => {
  it.each(Object.keys(NOISES))('that is kept, with noise %s, is doubted in at most 5 % of years', (name) => {
    const { share } = stops(PROMISED, NOISES[name]);
    said.push(`drift: kept, noise ${name}: ${(100 * share).toFixed(1)} % of ${PATHS} years stopped`);
    expect(share).toBeLessThanOrEqual(0.05);
  });

  it('that became 0 is found in half of the years, one that became -3 in nearly all', () => {
    const [none, worse] = [0, -PROMISED].map((mean) => stops(mean, NOISES.normal));
    for (const [sharpe, { share, bars }] of [
      [0, none],
      [-3, worse],
    ] as const)
      said.push(
        `drift: became ${sharpe}: ${(100 * share).toFixed(0)} % stopped within a year, the median after ${bars} bars`,
      );
    expect(none.share).toBeGreaterThan(0.5);
    expect(worse.share).toBeGreaterThan(0.95);
  });
});

describe('the rule', () => {
  const overrides = { drift: { promised: 0.001, lambda: 5, stopAt: 20 } };
  const make = () => createShield({ profile: 'none', overrides });
  const hold = { action: 2, probabilities: null, qValues: null } as const;
  const equities = Array.from({ length: 400 }, (_, i) => 10_000 * 0.995 ** i);
  const decide = (shield: ReturnType<typeof make>, i: number) =>
    shield.decide(hold, makeFacts({ equity: equities[i], timeMs: i * 3_600_000 }));

  it('halts at the bar of the formula, also when it was restarted after every bar', () => {
    const log = Math.log(1 + 5 * (0.001 + 0.005));
    const expected = Math.ceil(Math.log(20) / log);
    let kept = make();
    const whole = make();
    for (let i = 0; i <= expected; i++) {
      const states = [decide(kept, i).state, decide(whole, i).state];
      expect(states).toEqual(i < expected ? ['ACTIVE', 'ACTIVE'] : ['HALTED', 'HALTED']);
      const next = make();
      next.restoreState(JSON.parse(JSON.stringify(kept.saveState())));
      kept = next;
    }
  });

  it('goes on over episodes, and begins anew where a person resets', () => {
    const shield = make();
    for (let i = 0; i < 50; i++) decide(shield, i);
    shield.reset();
    expect((shield.saveState() as { rules: { drift: { evidence: number } } }).rules.drift.evidence).toBeGreaterThan(4);
    shield.reset({ person: true });
    expect(shield.saveState()).toMatchObject({ rules: { drift: drift.initial(overrides.drift) } });
  });
});
