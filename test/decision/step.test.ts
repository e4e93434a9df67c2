/** The decision step beside a hand-written account of what it must come to; parity of its callers is tested with them. */
import { describe, expect, it } from 'vitest';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY, HOLD, SELL } from '../../src/core/action.ts';
import { PLAIN } from '../../src/core/agent.ts';
import type { Shield, ShieldDecision } from '../../src/core/shield.ts';
import type { RuntimeFacts } from '../../src/decision/facts.ts';
import { UNLIMITED } from '../../src/decision/limits.ts';
import { DecisionStep } from '../../src/decision/step.ts';

const CALM: RuntimeFacts = { dataAgeMs: 0, unresolved: null, spread: 0.001, lastSlippage: 0.002, halted: null };
const LAYOUT = { window: 2, width: 1 + 4 + 3, marketWidth: 1, extraScale: 2 };
const BAR = { timeMs: 7, timeframeMs: 1, open: 99, high: 101, low: 98, close: 100, clippedShare: 0, gapBars: 0 };
const ALLOW: ShieldDecision = { requested: BUY, final: BUY, state: 'ACTIVE', flatten: false, verdicts: [] };

/** A shield that masks BUY, and records what it is asked in which order. */
function makeShield(answer: Partial<ShieldDecision> = {}) {
  const calls: string[] = [];
  const shield: Shield = {
    decide(decision, facts) {
      calls.push(`decide ${decision.action} ${[...facts.values].join(' ')}`);
      return { ...ALLOW, requested: decision.action, final: decision.action, ...answer };
    },
    levels: ({ position }) => ({ stop: position, target: Number.NaN }),
    maskObservation(_facts, mask, bits, at) {
      calls.push('mask');
      mask[BUY] = 0;
      bits?.set([1, 0, 0], at);
    },
    reset: (options) => calls.push(`reset ${options?.person}`),
    saveState: () => null,
    restoreState() {},
  };
  return { shield, calls };
}

function makeStep(shield: Shield | null = null, units = 0) {
  const account = new Account({ ...DEFAULT_ACCOUNT, quantityStep: 0.001 });
  account.resetHolding(units, 100);
  const step = new DecisionStep({
    account,
    shield,
    layout: LAYOUT,
    bar: () => BAR,
    limits: { ...UNLIMITED, maxDataAgeMs: 10 },
  });
  step.values.set([5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
  return step;
}

describe('the decision step', () => {
  it('asks in order: columns, mask, the agent, the shield', () => {
    const { shield, calls } = makeShield();
    const step = makeStep(shield, 2);
    // Twice what the columns hold.
    const row = [1, 0, 0, 0, 2, 0, 0];
    const { asked, order } = step.decide(({ values, mask }) => {
      calls.push(`agent ${[...values].join(' ')} mask ${[...mask].join('')}`);
      return PLAIN[SELL];
    });
    const seen = [5, ...row, 6, ...row].join(' ');
    expect(calls).toEqual(['mask', `agent ${seen} mask 101`, `decide 0 ${seen}`]);
    expect(asked.action).toBe(SELL);
    expect(order).toBe(-step.account.position);
    expect(step.levels?.({ position: 3, entryPrice: 1, bestPrice: 1 }).stop).toBe(3);
  });

  it('says that all is allowed where there is no shield, and asks nobody where no window is whole', () => {
    const { asked, order } = makeStep().decide(({ values }) => {
      expect([...values.slice(5, 8)]).toEqual([2, 2, 0]);
      return PLAIN[BUY];
    });
    expect([asked.action, order > 0]).toEqual([BUY, true]);
    const { shield, calls } = makeShield();
    const blind = makeStep(shield);
    blind.decide(() => PLAIN[HOLD]);
    calls.length = 0;
    expect(blind.decide(null)).toEqual({ asked: PLAIN[HOLD], order: 0 });
    expect(calls).toEqual([`decide 2 ${'0 '.repeat(16).trim()}`]);
    expect([...blind.columns.slice(4)]).toEqual([1, 1, 0]);
  });

  it.each([
    ['fresh', {}, 0, BUY, null],
    ['old data', { dataAgeMs: 11 }, 0, BUY, 'stale-data'],
    ['just fresh', { dataAgeMs: 10 }, 0, BUY, null],
    ['unresolved', { unresolved: 'an order is unknown' }, 1, BUY, 'unresolved'],
    ['an exit on old data', { dataAgeMs: 11, unresolved: 'x' }, 1, SELL, null],
    ['halted', { halted: 'a drill' }, 1, BUY, null],
    ['halted and flat', { halted: 'a drill' }, 0, BUY, null],
  ] as const)('%s', (_name, runtime, units, action, guard) => {
    const step = makeStep(null, units);
    step.runtime = { ...CALM, ...runtime };
    const { order } = step.decide(() => PLAIN[action]);
    expect(step.guard).toBe(guard);
    const halted = 'halted' in runtime;
    expect(step.flatten).toBe(halted);
    const closing = units === 0 ? 0 : -step.account.position;
    const unit = step.account.unitQuantity(100);
    expect(order).toBe(halted || action === SELL ? closing : guard === null ? unit : 0);
    // An order of nothing has one representation.
    if (order === 0) expect(Object.is(order, 0)).toBe(true);
  });

  it('closes what the shield wants flat, and is over once it is', () => {
    const { shield, calls } = makeShield({ final: HOLD, state: 'HALTED', flatten: true });
    const step = makeStep(shield, 1);
    expect(step.settle(PLAIN[BUY])).toBe(-step.account.position);
    expect([step.final, step.isOver]).toEqual([HOLD, false]);
    step.account.closeOut(100);
    expect(step.isOver).toBe(true);
    expect(Object.is(step.settle(PLAIN[BUY]), 0)).toBe(true);
    step.reset();
    expect(step.isOver).toBe(false);
    expect(calls.at(-1)).toBe('reset true');
  });
});
