/** Proof 2: the laws over the real rules with real numbers, all of them at once, at thresholds drawn by chance. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Action } from '../../src/core/action.ts';
import type { AgentDecision } from '../../src/core/agent.ts';
import { exp } from '../../src/core/math.ts';
import { Rng } from '../../src/core/rng.ts';
import type { DecisionFacts } from '../../src/core/shield.ts';
import { RULES, RuleShield } from '../../src/shield/index.ts';
import type { AnyRule, Thresholds, Tighter } from '../../src/shield/rule.ts';
import { SLOW } from '../effort.ts';
import { HOUR_MS, makeFacts, START_MS, unitsAfter } from './facts.ts';
import { CASES } from './rule-cases.ts';

const RUNS = 2100;
const STEPS = 50;

/** A number that is mostly ordinary, sometimes on an edge, sometimes none at all. */
function odd(rng: Rng, ordinary: number): number {
  const draw = rng.integer(40);
  if (draw === 0) return 0;
  if (draw === 1) return Number.NaN;
  if (draw === 2) return ordinary * 1000;
  if (draw === 3) return -ordinary;
  return ordinary;
}

/** Thresholds around the standard ones. */
function drawThresholds(rng: Rng): Thresholds[] {
  return RULES.map((rule) => {
    const drawn: Record<string, number | readonly number[]> = {};
    for (const [name, value] of Object.entries(rule.standard))
      drawn[name] =
        typeof value === 'number'
          ? bound(rule, name, value * exp(rng.normal()))
          : value.filter(() => rng.integer(4) > 0);
    return rule.config.parse(drawn) as Thresholds;
  });
}

/** The nearest value that the schema takes: within the edges that the rule's case names, whole where it has to be. */
function bound({ name: rule, config }: AnyRule, name: string, value: number): number {
  const good = CASES[rule].bounds[name].good as readonly number[];
  const within = Math.min(Math.max(value, good[0]), good[good.length - 1]);
  return config.shape[name].safeParse(within + 1e-9).success ? within : Math.min(50, Math.round(within));
}

/** Some of them moved the tight way. */
function tighten(rng: Rng, thresholds: readonly Thresholds[]): Thresholds[] {
  return thresholds.map((config, index) => {
    const tight: Record<string, number | readonly number[]> = {};
    for (const [name, value] of Object.entries(config)) {
      const direction = RULES[index].config.shape[name].meta()?.tighter as Tighter;
      if (direction === 'shape' || rng.integer(2) === 0) tight[name] = value;
      else if (typeof value !== 'number') tight[name] = value.slice(1);
      else tight[name] = bound(RULES[index], name, value * (direction === 'lower' ? rng.uniform() : 1 + rng.uniform()));
    }
    const parsed = RULES[index].config.safeParse(tight);
    return parsed.success ? (parsed.data as Thresholds) : config;
  });
}

/** The bar after `last`, in which the position has become `units`. */
function nextFacts(rng: Rng, last: DecisionFacts, units: number): DecisionFacts {
  const close = last.close * exp(rng.normal() * (rng.integer(10) === 0 ? 0.2 : 0.01));
  const position = units * 20;
  const equity = Math.max(1, last.equity + (close - last.close) * last.position - 5);
  const closed = last.units !== 0 && units === 0;
  return makeFacts({
    timeMs: last.timeMs + HOUR_MS * (rng.integer(20) === 0 ? 30 : 1),
    close,
    high: Math.max(close, last.close) * (1 + 0.01 * rng.uniform()),
    low: Math.min(close, last.close) * (1 - 0.01 * rng.uniform()),
    mode: last.mode,
    maxUnits: last.maxUnits,
    units,
    position,
    equity,
    cash: equity - position * close,
    unitQuote: equity / last.maxUnits,
    entryPrice: units === 0 ? Number.NaN : last.units === 0 ? close : last.entryPrice,
    closedTrades: last.closedTrades + (closed ? 1 : 0),
    lastTradeLogReturn: closed ? 0.02 * rng.normal() : last.lastTradeLogReturn,
  });
}

/** What the shield is told of it: now and then nonsense. */
function distort(rng: Rng, facts: DecisionFacts): DecisionFacts {
  return {
    ...facts,
    equity: odd(rng, facts.equity),
    unitQuote: odd(rng, facts.unitQuote),
    clippedShare: odd(rng, 0.3 * rng.uniform()),
    dataAgeMs: odd(rng, 0.3 * HOUR_MS * rng.uniform()),
    gapBars: odd(rng, rng.integer(8) === 0 ? 1 : 0),
    unknownState: rng.integer(30) === 0,
    spread: odd(rng, 0.001 * rng.uniform()),
    lastSlippage: odd(rng, rng.integer(4) === 0 ? 0.01 * rng.uniform() : facts.lastSlippage),
  };
}

function drawDecision(rng: Rng): AgentDecision {
  const action = rng.integer(3) as Action;
  const weights = [0, 1, 2].map(() => rng.uniform() ** 4);
  const sum = weights[0] + weights[1] + weights[2];
  return rng.integer(2) === 0
    ? { action, probabilities: weights.map((weight) => weight / sum), qValues: null }
    : { action, probabilities: null, qValues: weights };
}

test('the laws over real rules and real numbers', SLOW, () => {
  let cases = 0;
  let restricted = 0;
  let reductions = 0;
  let halts = 0;
  let tightened = 0;
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: STEPS, max: STEPS }),
      fc.constantFrom('always-pass', 'literal'),
      fc.constantFrom('spot', 'margin'),
      (seed, steps, exits, mode) => {
        const rng = new Rng(seed);
        let advice: Action = 0;
        const supervisor = { kind: 'dqn', getAction: () => advice, decide: drawDecision };
        const build = (thresholds: readonly Thresholds[]) =>
          // Each case has some of the rules, so that none hides behind another.
          new RuleShield(
            RULES.flatMap((rule, index) => (present[index] ? [{ rule, config: thresholds[index] }] : [])),
            { exits: exits as 'literal', supervisor: supervisor as never },
          );
        const present = RULES.map(() => rng.integer(4) === 0);
        const thresholds = drawThresholds(rng);
        const shield = build(thresholds);
        const twin = build(thresholds);
        const tight = build(tighten(rng, thresholds));
        const maxUnits = mode === 'spot' ? 4 : 2;
        let market = makeFacts({ timeMs: START_MS, mode: mode as 'spot', maxUnits });
        let units = 0;
        for (let step = 0; step < steps; step++) {
          cases++;
          if (rng.integer(40) === 0) shield.reset({ person: rng.integer(2) === 0 });
          advice = rng.integer(3) as Action;
          market = nextFacts(rng, market, units);
          const facts = distort(rng, market);
          const decision = drawDecision(rng);
          const saved = JSON.parse(JSON.stringify(shield.saveState()));
          twin.restoreState(saved);
          tight.restoreState(saved);
          const latched = shield.latch !== null;
          const record = shield.decide(decision, facts);
          const same = twin.decide(decision, facts);
          const stricter = tight.decide(decision, facts);

          expect(same).toStrictEqual(record);
          const size = (one: typeof record) =>
            one.flatten ? 0 : Math.abs(unitsAfter(units, one.final, facts.mode, maxUnits));
          const held = Math.abs(units);
          const wanted = Math.abs(unitsAfter(units, decision.action, facts.mode, maxUnits));
          const kinds = new Set(record.verdicts.map(({ verdict }) => verdict.kind));
          const objected = kinds.size > 1 || (kinds.size === 1 && !kinds.has('allow'));
          // HOLD isn't turned into an order, and no order into another.
          if (record.final !== 2 && record.final !== decision.action) throw new Error('an order nobody asked for');
          // A denied or halted decision never increases exposure.
          if (objected && size(record) > held) throw new Error('exposure grew against a verdict');
          // A reduction is never blocked.
          const literally = exits === 'literal' && kinds.has('deny');
          if (wanted < held && !literally && size(record) > wanted) throw new Error('a reduction was blocked');
          // No state without a verdict.
          if (record.verdicts.length < present.filter(Boolean).length && record.verdicts.at(-1)?.rule !== 'facts')
            throw new Error('a rule said nothing');
          // A tighter threshold never allows more in the same state.
          const looserExposure = Math.max(0, size(record) - held);
          if (Math.max(0, size(stricter) - held) > looserExposure) throw new Error('tighter thresholds allowed more');
          if (record.state === 'HALTED' && stricter.state !== 'HALTED')
            throw new Error('tighter thresholds did not halt');
          if (latched && record.state !== 'HALTED') throw new Error('a halt was forgotten');
          if (objected) restricted++;
          if (wanted < held) reductions++;
          if (record.state === 'HALTED' && !latched) halts++;
          if (stricter.final !== record.final || stricter.state !== record.state) tightened++;
          units = record.flatten ? 0 : unitsAfter(units, record.final, facts.mode, maxUnits);
          // What is saved is what is there.
          twin.restoreState(JSON.parse(JSON.stringify(shield.saveState())));
          expect(twin.saveState()).toStrictEqual(shield.saveState());
        }
      },
    ),
    { numRuns: RUNS, seed: 20260101 },
  );
  console.log(
    `shield 2: ${cases} decisions of real rules; ${restricted} restricted, ${reductions} reductions, ${halts} halts, ` +
      `${tightened} changed by tighter thresholds; none breaks a law`,
  );
  expect(cases).toBeGreaterThanOrEqual(100_000);
  for (const count of [restricted, reductions, halts, tightened]) expect(count).toBeGreaterThan(100);
});
