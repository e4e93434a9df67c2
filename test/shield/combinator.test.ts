/** Proof 1b: the combinator over every set of verdict kinds x position x request x latch x exits mode. */
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Action } from '../../src/core/action.ts';
import type { RuleVerdict } from '../../src/core/shield.ts';
import { type Exits, RuleShield } from '../../src/shield/index.ts';
import { type AnyRule, noState, type Thresholds } from '../../src/shield/rule.ts';
import { ask, makeFacts, unitsAfter } from './facts.ts';
import { cross } from './rule-cases/rule-case.ts';

type Kind = RuleVerdict['kind'];
const KINDS: readonly Kind[] = ['allow', 'deny', 'reduce-only', 'halt'];
const EXITS: readonly Exits[] = ['always-pass', 'literal'];

function stub(kind: Kind, name: string): { rule: AnyRule; config: Thresholds } {
  const verdict: RuleVerdict = kind === 'allow' ? { kind } : { kind, code: name, numbers: { one: 1 } };
  const rule: AnyRule = {
    name,
    doc: '',
    config: z.strictObject({}),
    state: noState,
    standard: {},
    profiles: {},
    initial: () => null,
    judge: () => ({ verdict, state: null }),
  };
  return { rule, config: {} };
}

const sequences = (length: number): Kind[][] =>
  length === 0 ? [[]] : sequences(length - 1).flatMap((head) => KINDS.map((kind) => [...head, kind]));
const ACCOUNTS = [
  ...[0, 1, 2, 3, 4].map((units) => ({ units, maxUnits: 4, mode: 'spot' as const })),
  ...[-2, -1, 0, 1, 2].map((units) => ({ units, maxUnits: 2, mode: 'margin' as const })),
];
const CASES = cross({
  account: ACCOUNTS,
  request: [0, 1, 2] as const satisfies readonly Action[],
  latched: [false, true],
  exits: EXITS,
});

describe('the combinator', () => {
  let cases = 0;
  /** What became of a case with this set of kinds, whatever their order. */
  const outcomes = new Map<string, string>();

  test.each(['smurf', 'first'])('obeys its laws, with "%s" as the first rule', (first) => {
    for (const kinds of [0, 1, 2, 3, 4].flatMap(sequences)) {
      const rules = kinds.map((kind, index) => stub(kind, index === 0 ? first : `rule-${index}`));
      const set = new Set(kinds);
      for (const { account, request, latched, exits } of CASES) {
        cases++;
        const { units, maxUnits, mode } = account;
        const facts = makeFacts(account);
        const shield = new RuleShield(rules, { exits });
        if (latched) shield.halt('by-hand', facts.timeMs);
        const mask = Uint8Array.of(1, 1, 1);
        shield.maskActions(facts, mask);
        const before = JSON.stringify(shield.saveState());
        const decision = shield.decide(ask(request), facts);
        const again = new RuleShield(rules, { exits });
        again.restoreState(JSON.parse(before));
        const about = JSON.stringify({ kinds, account, request, latched, exits, decision });

        const wanted = unitsAfter(units, request, mode, maxUnits);
        const after = decision.flatten ? 0 : unitsAfter(units, decision.final, mode, maxUnits);
        const reduces = Math.abs(wanted) < Math.abs(units);
        const halted = latched || set.has('halt');
        const restricted = halted || set.has('deny') || set.has('reduce-only');
        // The same input gives the same verdict.
        if (JSON.stringify(again.decide(ask(request), facts)) !== JSON.stringify(decision)) throw new Error(about);
        // No state without a verdict: one a rule, and one for the latch.
        if (decision.verdicts.length !== kinds.length + (latched ? 1 : 0)) throw new Error(about);
        // Nothing but the request or HOLD ever leaves.
        if (decision.final !== request && decision.final !== 2) throw new Error(about);
        // A denied or halted decision never increases exposure.
        if (restricted && Math.abs(after) > Math.abs(units)) throw new Error(about);
        if (restricted && !reduces && decision.final !== 2) throw new Error(about);
        // A reduction is never blocked; taken literally, only a denial blocks it.
        const mayBlock = exits === 'literal' && set.has('deny') && !halted;
        if (reduces && (mayBlock ? decision.final !== 2 : after !== 0)) throw new Error(about);
        // What nobody objects to passes.
        if (!restricted && decision.final !== request) throw new Error(about);
        // States.
        const state = halted ? 'HALTED' : set.has('reduce-only') ? 'REDUCING' : 'ACTIVE';
        if (decision.state !== state || decision.flatten !== (halted && units !== 0)) throw new Error(about);
        if (halted && decision.final !== 2) throw new Error(about);
        if ((shield.latch !== null) !== halted) throw new Error(about);
        // A mask says beforehand what the decision does.
        if (mask[request] !== (decision.final === request ? 1 : 0)) throw new Error(about);
        // The supervisor's word is part of the request; nobody else's is.
        const own = first === 'smurf' && kinds.length > 0 ? kinds[0] : 'allow';
        const vetoed = { allow: false, deny: exits === 'literal' || !reduces, 'reduce-only': !reduces, halt: true }[
          own
        ];
        if (decision.requested !== (vetoed ? 2 : request)) throw new Error(about);
        // The order in which rules are asked decides nothing, and one more rule never allows more.
        const key = (members: ReadonlySet<Kind>) =>
          JSON.stringify([[...members].sort(), account, request, latched, exits]);
        const outcome = `${decision.final} ${decision.flatten} ${decision.state}`;
        if ((outcomes.get(key(set)) ?? outcome) !== outcome) throw new Error(about);
        outcomes.set(key(set), outcome);
        for (const kind of set) {
          const fewer = outcomes.get(key(new Set([...set].filter((one) => one !== kind))));
          if (fewer?.startsWith('2') && decision.final !== 2) throw new Error(about);
        }
      }
    }
  });

  test('HALTED is absorbing until a person resets it', () => {
    for (const { account, request, exits } of CASES) {
      cases++;
      const facts = makeFacts(account);
      let verdict: RuleVerdict = { kind: 'halt', code: 'test', numbers: { drawdown: 0.5, lost: Number.NaN } };
      const rule = stub('allow', 'once');
      const once = { ...rule, rule: { ...rule.rule, judge: () => ({ verdict, state: null }) } };
      let shield = new RuleShield([once], { exits });
      shield.decide(ask(request), facts);
      verdict = { kind: 'allow' };
      const latch = shield.latch;
      expect(latch).toEqual({
        rule: 'once',
        code: 'test',
        numbers: { drawdown: 0.5, lost: Number.NaN },
        timeMs: facts.timeMs,
      });
      for (const event of ['decide', 'reset', 'restart', 'halt', 'decide'] as const) {
        if (event === 'reset') shield.reset();
        if (event === 'halt') shield.halt('again', 0);
        if (event === 'restart') {
          const saved = JSON.parse(JSON.stringify(shield.saveState()));
          shield = new RuleShield([once], { exits });
          shield.restoreState(saved);
        }
        const { state, final, flatten, verdicts } = shield.decide(ask(request), facts);
        expect([state, final, flatten]).toEqual(['HALTED', 2, facts.units !== 0]);
        expect(verdicts[0]).toEqual({
          rule: 'latch',
          verdict: { kind: 'halt', code: 'test', numbers: { sinceMs: facts.timeMs } },
        });
        expect(shield.latch).toEqual(latch);
      }
      shield.reset({ person: true });
      expect(shield.decide(ask(request), facts)).toMatchObject({ state: 'ACTIVE', final: request, flatten: false });
    }
  });

  test('the first halt is the one that is remembered', () => {
    const shield = new RuleShield([stub('halt', 'one'), stub('halt', 'two')]);
    for (const timeMs of [5, 6]) {
      shield.decide(ask(1), makeFacts({ timeMs }));
      expect(shield.latch).toEqual({ rule: 'one', code: 'one', numbers: { one: 1 }, timeMs: 5 });
    }
    expect(new RuleShield([]).exits).toBe('always-pass');
  });

  test('a rule that fails halts', () => {
    const broken = stub('allow', 'broken');
    const judge = () => {
      throw new Error('no idea');
    };
    const shield = new RuleShield([stub('allow', 'sound'), { ...broken, rule: { ...broken.rule, judge } }]);
    const decision = shield.decide(ask(1), makeFacts({ units: 1 }));
    expect(decision).toMatchObject({ state: 'HALTED', final: 2, flatten: true });
    expect(decision.verdicts[1]).toEqual({
      rule: 'broken',
      verdict: { kind: 'halt', code: 'rule-failed: no idea', numbers: {} },
    });
  });

  test.each(['timeMs', 'high', 'low', 'close', 'position', 'units', 'equity', 'closedTrades', 'entryPrice'] as const)(
    'no rule is asked about facts without a number for %s',
    (name) => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const shield = new RuleShield([stub('halt', 'never-asked')]);
        const decision = shield.decide(ask(1), { ...makeFacts({ units: 1 }), [name]: value });
        expect(decision).toMatchObject({ state: 'REDUCING', final: 2, flatten: false });
        expect(decision.verdicts.map(({ rule }) => rule)).toEqual(['facts']);
        shield.halt('by-hand', 0);
        const halted = shield.decide(ask(1), { ...makeFacts({ units: 1 }), [name]: value });
        expect(halted.state).toBe('HALTED');
        expect(halted.verdicts.map(({ rule }) => rule)).toEqual(['latch', 'facts']);
      }
    },
  );
  test('an entry price is needed only while something is held, and a slippage may be unknown but not infinite', () => {
    const shield = new RuleShield([]);
    expect(shield.decide(ask(1), makeFacts({ entryPrice: Number.NaN })).final).toBe(1);
    const { final, verdicts } = shield.decide(ask(1), makeFacts({ lastSlippage: Number.NEGATIVE_INFINITY }));
    expect(final).toBe(2);
    const numbers = { close: 100, position: 0, equity: 10_000 };
    expect(verdicts[0]).toEqual({ rule: 'facts', verdict: { kind: 'reduce-only', code: 'unreadable-facts', numbers } });
  });

  afterAll(() => console.log(`shield 1b: ${cases} cases of the combinator, none breaks a law`));
});
