/** What each rule says when it objects: the code and the numbers that decided, word for word. */
import { describe, expect, test } from 'vitest';
import type { AgentDecision } from '../../src/core/agent.ts';
import type { DecisionFacts } from '../../src/core/shield.ts';
import { createShield, RULES } from '../../src/shield/index.ts';
import { ask, HOUR_MS, makeFacts, START_MS } from './facts.ts';

interface Objection {
  /** The bars that lead to it; the last one is judged. */
  readonly bars: readonly Partial<DecisionFacts>[];
  readonly decision?: AgentDecision;
  readonly overrides?: Record<string, number | readonly number[]>;
  readonly kind: string;
  readonly code: string;
  readonly numbers: Record<string, number>;
}

const at = (hours: number) => ({ timeMs: START_MS + hours * HOUR_MS });

const OBJECTIONS: readonly (readonly [string, Objection])[] = [
  ['smurf', { bars: [{}], kind: 'deny', code: 'supervisor-holds', numbers: { request: 1 } }],
  ['repeat-limit', { bars: [{}, {}, {}], kind: 'deny', code: 'repeated', numbers: { n: 2, request: 1 } }],
  ['consensus', { bars: [{}], kind: 'deny', code: 'no-consensus', numbers: { n: 2, request: 1, seen: 0 } }],
  [
    'confidence',
    {
      bars: [{}],
      decision: { action: 1, probabilities: [0.25, 0.5, 0.25], qValues: null },
      overrides: { maxEntropy: 0.5 },
      kind: 'deny',
      code: 'entropy',
      numbers: { entropy: 1.5 / Math.log2(3), maxEntropy: 0.5 },
    },
  ],
  [
    'confidence',
    {
      bars: [{}],
      decision: { action: 1, probabilities: null, qValues: [1, 2, 1.75] },
      overrides: { minQGap: 0.5 },
      kind: 'deny',
      code: 'q-gap',
      numbers: { gap: 0.25, minQGap: 0.5 },
    },
  ],
  [
    'max-drawdown',
    {
      bars: [{ equity: 8000 }, { equity: 7000 }],
      kind: 'reduce-only',
      code: 'drawdown',
      numbers: { equity: 7000, reference: 8000, drawdown: 0.125, reduceAt: 0.1 },
    },
  ],
  [
    'max-drawdown',
    {
      bars: [{ equity: 8000 }, { equity: 6000 }],
      kind: 'halt',
      code: 'drawdown',
      numbers: { equity: 6000, peak: 8000, drawdown: 0.25, haltAt: 0.2 },
    },
  ],
  [
    'daily-loss',
    {
      bars: [
        { ...at(1), equity: 10_000 },
        { ...at(2), equity: 9000 },
      ],
      kind: 'reduce-only',
      code: 'daily-loss',
      numbers: { equity: 9000, start: 10_000, maxLoss: 0.03 },
    },
  ],
  [
    'loss-streak',
    {
      bars: [
        { ...at(0), closedTrades: 4, lastTradeLogReturn: -0.1 },
        { ...at(3), closedTrades: 4, lastTradeLogReturn: -0.1 },
      ],
      kind: 'reduce-only',
      code: 'loss-streak',
      numbers: { streak: 4, losses: 4, restedBars: 3, coolDownBars: 24 },
    },
  ],
  [
    'stop-loss',
    {
      bars: [{ units: 1, entryPrice: 100, close: 74 }],
      overrides: { distance: 0.25 },
      kind: 'reduce-only',
      code: 'beyond-stop',
      numbers: { close: 74, stop: 75 },
    },
  ],
  [
    'take-profit',
    {
      bars: [{ units: 1, entryPrice: 100, close: 126 }],
      overrides: { distance: 0.25 },
      kind: 'reduce-only',
      code: 'beyond-target',
      numbers: { close: 126, target: 125 },
    },
  ],
  [
    'trailing-stop',
    {
      bars: [
        { units: 1, entryPrice: 100, close: 200 },
        { units: 1, entryPrice: 100, close: 140 },
      ],
      overrides: { distance: 0.25 },
      kind: 'reduce-only',
      code: 'beyond-trailing-stop',
      numbers: { close: 140, stop: 150, best: 200 },
    },
  ],
  [
    'max-position',
    {
      bars: [{ units: 3 }],
      kind: 'reduce-only',
      code: 'max-position',
      numbers: { units: 3, maxUnits: 4, maxShare: 0.75 },
    },
  ],
  [
    'max-notional',
    {
      bars: [{ units: 1, close: 800 }],
      kind: 'reduce-only',
      code: 'max-notional',
      numbers: { notional: 20_000, limit: 10_000 },
      overrides: { maxMultiple: 1 },
    },
  ],
  [
    'max-leverage',
    {
      bars: [{ units: 1, mode: 'margin', cash: 10_000, equity: 4000 }],
      kind: 'reduce-only',
      code: 'max-leverage',
      numbers: { notional: 5000, equity: 4000, limit: 1 },
    },
  ],
  [
    'order-rate',
    {
      bars: [at(0), at(0.25), at(0.5)],
      overrides: { perHour: 2 },
      kind: 'reduce-only',
      code: 'order-rate',
      numbers: { hour: 2, perHour: 2, day: 2, perDay: 12 },
    },
  ],
  [
    'volatility-spike',
    {
      bars: [{ close: 100 }, { close: 200 }, { close: 100 }, { close: 400 }],
      overrides: { fastBars: 1, slowBars: 2, maxRatio: 1.5 },
      kind: 'reduce-only',
      code: 'volatility-spike',
      numbers: { ratio: 2, maxRatio: 1.5 },
    },
  ],
  [
    'stale-data',
    {
      bars: [{ dataAgeMs: HOUR_MS }],
      kind: 'reduce-only',
      code: 'stale-data',
      numbers: { dataAgeMs: HOUR_MS, maxAgeBars: 0.25 },
    },
  ],
  [
    'gappy-data',
    { bars: [{ gapBars: 1 }], kind: 'reduce-only', code: 'gappy-data', numbers: { gapBars: 1, maxGapBars: 0 } },
  ],
  ['unknown-state', { bars: [{ unknownState: true }], kind: 'reduce-only', code: 'unknown-state', numbers: {} }],
  [
    'spread',
    { bars: [{ spread: 0.01 }], kind: 'reduce-only', code: 'spread', numbers: { spread: 0.01, maxSpread: 0.001 } },
  ],
  [
    'slippage',
    {
      bars: [
        { ...at(0), lastSlippage: 0.01 },
        { ...at(2), lastSlippage: 0.01 },
      ],
      kind: 'reduce-only',
      code: 'slippage',
      numbers: { slippage: 0.01, maxSlippage: 0.003, restedBars: 2, coolDownBars: 6 },
    },
  ],
  [
    'out-of-range',
    {
      bars: [{ clippedShare: 0.5 }],
      kind: 'reduce-only',
      code: 'clipped',
      numbers: { clippedShare: 0.5, maxClippedShare: 0.25 },
    },
  ],
  [
    'trading-hours',
    {
      bars: [at(26)],
      overrides: { hours: [1] },
      kind: 'reduce-only',
      code: 'trading-hours',
      numbers: { hour: 2, day: 5 },
    },
  ],
];

describe('objections', () => {
  test.each(OBJECTIONS)('%s', (name, { bars, decision, overrides, kind, code, numbers }) => {
    const supervisor = { kind: 'dqn', getAction: () => 2 as const, decide: () => ask(2) };
    const shield = createShield({
      profile: 'none',
      overrides: { [name]: overrides ?? {} },
      ...(name === 'smurf' ? { supervisor } : {}),
    });
    const records = bars.map((facts) => shield.decide(decision ?? ask(1), makeFacts(facts)));
    const { final, verdicts } = records[records.length - 1];
    expect(final).toBe(2);
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0].rule).toBe(name);
    const { verdict } = verdicts[0];
    expect(verdict.kind).toBe(kind);
    if (verdict.kind === 'allow') return;
    expect(verdict.code).toBe(code);
    expect(Object.keys(verdict.numbers)).toEqual(Object.keys(numbers));
    for (const [key, value] of Object.entries(numbers)) expect(verdict.numbers[key]).toBeCloseTo(value, 9);
  });
  test('none is left out', () => {
    expect(new Set(OBJECTIONS.map(([name]) => name)).size).toBe(RULES.length);
  });
});
