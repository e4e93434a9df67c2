/** The shield's doors: profiles, configuration, the supervisor, what is saved, masks. */
import { describe, expect, test } from 'vitest';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { Action } from '../../src/core/action.ts';
import type { Observation } from '../../src/core/agent.ts';
import { InputError } from '../../src/core/errors.ts';
import { SHIELD_COLUMNS, UNSHIELDED_BITS } from '../../src/core/shield.ts';
import {
  configureRules,
  createShield,
  effectOf,
  type Overrides,
  RULES,
  type ShieldOptions,
  shieldSchema,
} from '../../src/shield/index.ts';
import { ask, HOUR_MS, makeFacts, START_MS } from './facts.ts';

const supervise = (advice: Action, kind = 'dqn') => ({ kind, getAction: () => advice, decide: () => ask(advice) });
const names = (options: ShieldOptions) => createShield(options).rules.map(({ rule }) => rule.name);

describe('profiles', () => {
  test('cautious is the default, and holds what it says', () => {
    expect(names({})).toEqual(names({ profile: 'cautious' }));
    const meant = RULES.filter(({ profiles }) => profiles.cautious !== undefined).map(({ name }) => name);
    expect(names({})).toEqual(meant.filter((name) => name !== 'smurf'));
    expect(meant.length).toBeGreaterThan(15);
    expect(names({ supervisor: supervise(0) })[0]).toBe('smurf');
    expect(createShield().exits).toBe('always-pass');
  });
  test('balanced has no take-profit, and its thresholds are nowhere tighter than those of cautious', () => {
    const cautious = new Map(createShield().rules.map(({ rule, config }) => [rule.name, config]));
    const balanced = createShield({ profile: 'balanced' }).rules;
    expect(balanced.map(({ rule }) => rule.name)).not.toContain('take-profit');
    expect(names({})).toContain('take-profit');
    for (const { rule } of balanced) expect(cautious.has(rule.name)).toBe(true);
    for (const { rule, config } of balanced)
      for (const [name, schema] of Object.entries(rule.config.shape)) {
        const [loose, tight] = [config[name], cautious.get(rule.name)![name]];
        const { tighter } = schema.meta() as { tighter: string };
        const wrong = tighter === 'lower' ? loose < tight : tighter === 'higher' ? loose > tight : loose !== tight;
        expect([rule.name, name, wrong]).toEqual([rule.name, name, false]);
      }
  });
  test('spec is repeat-limit with n = 2 and smurf, exits literal', () => {
    const shield = createShield({ profile: 'spec', supervisor: supervise(1) });
    expect(shield.rules.map(({ rule, config }) => [rule.name, config])).toEqual([
      ['smurf', {}],
      ['repeat-limit', { n: 2 }],
    ]);
    expect(shield.exits).toBe('literal');
    expect(createShield({ profile: 'spec', supervisor: supervise(1), exits: 'always-pass' }).exits).toBe('always-pass');
  });
  test('none passes everything', () => {
    const shield = createShield({ profile: 'none' });
    for (const action of [0, 1, 2] as const)
      expect(shield.decide(ask(action), makeFacts({ unknownState: true, equity: 1 }))).toEqual({
        requested: action,
        final: action,
        state: 'ACTIVE',
        flatten: false,
        verdicts: [],
      });
    expect(shield.levels({ position: 1, entryPrice: 100, bestPrice: 100 })).toEqual({
      stop: Number.NaN,
      target: Number.NaN,
    });
  });
  test('every profile passes an ordinary bar', () => {
    for (const profile of ['cautious', 'balanced', 'spec', 'none'] as const) {
      const shield = createShield({ profile, supervisor: supervise(1) });
      expect(shield.decide(ask(1), makeFacts()).final).toBe(1);
    }
  });
});

describe('configuration', () => {
  test('changes, adds and leaves out', () => {
    const overrides: Overrides = { 'max-drawdown': { haltAt: 0.12 }, consensus: {}, 'take-profit': false };
    const rules = createShield({ overrides, without: ['spread'] }).rules;
    const find = (name: string) => rules.find(({ rule }) => rule.name === name)?.config;
    expect(find('max-drawdown')).toEqual({ reduceAt: 0.1, haltAt: 0.12, restBars: 168 });
    expect(find('consensus')).toEqual({ n: 2, publishedWarmup: 0 });
    expect(find('take-profit')).toBeUndefined();
    expect(find('spread')).toBeUndefined();
  });
  test.each<[string, () => unknown, string]>([
    [
      'a rule',
      () => createShield({ overrides: { 'max-drawdwn': {} } }),
      "there is no rule 'max-drawdwn'; the rules are smurf, ",
    ],
    ['a rule to leave out', () => createShield({ without: ['nothing'] }), "there is no rule 'nothing'"],
    [
      'a profile',
      () => configureRules('brave' as 'none'),
      "no profile 'brave'; the profiles are cautious, balanced, spec, none",
    ],
    [
      'a threshold',
      () => createShield({ overrides: { spread: { max: 1 } } }),
      "rule spread has no threshold 'max'; it has maxSpread",
    ],
    [
      'a threshold of several',
      () => createShield({ overrides: { 'max-drawdown': { max: 1 } } }),
      "rule max-drawdown has no threshold 'max'; it has reduceAt, haltAt, restBars",
    ],
    [
      'a threshold of a rule without',
      () => createShield({ overrides: { 'unknown-state': { max: 1 } } }),
      'it has none',
    ],
    ['a value', () => createShield({ overrides: { 'max-drawdown': { haltAt: 2 } } }), 'shield: max-drawdown.haltAt: '],
  ])('refuses %s that does not exist', (_, act, message) => {
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });
  test('the schema of a configuration file takes what createShield takes', () => {
    expect(shieldSchema.parse({})).toEqual({ profile: 'cautious', rules: {} });
    expect(shieldSchema.parse({ exits: 'always-pass' }).exits).toBe('always-pass');
    const file = { profile: 'spec', exits: 'literal', rules: { 'max-drawdown': { haltAt: 0.12 }, spread: false } };
    expect(shieldSchema.parse(file)).toEqual(file);
    for (const wrong of [
      { rules: { spred: {} } },
      { rules: { spread: { max: 1 } } },
      { rules: { spread: { maxSpread: -1 } } },
    ])
      expect(shieldSchema.safeParse(wrong).success).toBe(false);
  });
  test('every rule says what it is, and its standard thresholds are within its schema', () => {
    for (const rule of RULES) {
      expect(rule.config.parse(rule.standard)).toEqual(rule.standard);
      expect(rule.doc.length).toBeGreaterThan(20);
      for (const schema of Object.values(rule.config.shape))
        expect(schema.meta()).toMatchObject({ unit: expect.stringMatching(/./), doc: expect.stringMatching(/./) });
    }
  });
});

describe('the supervisor', () => {
  test('is needed by spec, and by whoever asks for smurf', () => {
    const message = 'shield: the rule smurf needs a supervisor: name its checkpoint, or leave the rule out';
    expect(() => createShield({ profile: 'spec' })).toThrow(message);
    expect(() => createShield({ overrides: { smurf: {} } })).toThrow(message);
    expect(names({ profile: 'spec', without: ['smurf'] })).toEqual(['repeat-limit']);
    expect(names({ overrides: { smurf: false } })).toEqual(names({}));
  });
  test('is refused twice over', () => {
    const message = 'the agent is an IntegratedAgent and has its supervisor already';
    const supervisor = supervise(1);
    expect(() => createShield({ supervisor, primary: { kind: 'integrated' } })).toThrow(message);
    expect(() => createShield({ supervisor: supervise(1, 'integrated') })).toThrow(message);
    expect(names({ supervisor, primary: { kind: 'integrated' }, without: ['smurf'] })).not.toContain('smurf');
    expect(names({ supervisor, primary: { kind: 'ppo' } })).toContain('smurf');
    const vetoed = { ...ask(2), vetoed: 1 as const };
    expect(() => createShield({ supervisor }).decide(vetoed, makeFacts())).toThrow(message);
    expect(createShield().decide(vetoed, makeFacts()).final).toBe(2);
  });
  test('vetoes entries; exits only where they are taken literally', () => {
    const exits = { 'always-pass': 0, literal: 2 } as const;
    for (const [mode, final] of Object.entries(exits)) {
      const shield = createShield({ profile: 'spec', supervisor: supervise(2), exits: mode as 'literal' });
      expect(shield.decide(ask(1), makeFacts()).final).toBe(2);
      expect(shield.decide(ask(0), makeFacts({ units: 1 })).final).toBe(final);
    }
  });
  test('sees the market columns of the window, and has no account', () => {
    const seen: Observation[] = [];
    const supervisor = {
      kind: 'dqn',
      decide: () => ask(1),
      getAction(obs: Observation): Action {
        seen.push({ values: obs.values.slice(), mask: obs.mask.slice() });
        return 1;
      },
    };
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const facts = makeFacts({ values, window: 2, units: 4 });
    createShield({ profile: 'spec', supervisor, supervisorFeatures: 2 }).decide(ask(1), facts);
    createShield({ profile: 'spec', supervisor }).decide(ask(1), makeFacts({ values, window: 2 }));
    expect(seen).toEqual([
      { values: Float32Array.of(1, 2, 4, 5), mask: Uint8Array.of(1, 1, 1) },
      { values, mask: Uint8Array.of(1, 1, 1) },
    ]);
    const tooWide = createShield({ profile: 'spec', supervisor, supervisorFeatures: 4 });
    const { verdicts } = tooWide.decide(ask(1), facts);
    expect(verdicts[0].verdict).toMatchObject({
      kind: 'halt',
      code: expect.stringMatching(/needs 4 columns, the observation has 3/),
    });
  });
});

describe('what is saved', () => {
  const drawdown = (equity: number) => makeFacts({ equity });
  test('a shield that was stopped goes on as if it never had', () => {
    const options: ShieldOptions = { overrides: { consensus: {}, 'order-rate': { perDay: 5 } } };
    const whole = createShield(options);
    let parts = createShield(options);
    for (let bar = 0; bar < 60; bar++) {
      const facts = makeFacts({ timeMs: START_MS + bar * HOUR_MS, equity: 10_000 - 20 * bar, close: 100 + (bar % 7) });
      const action = (bar % 3) as Action;
      expect(parts.decide(ask(action), facts)).toEqual(whole.decide(ask(action), facts));
      const saved = JSON.parse(JSON.stringify(parts.saveState()));
      parts = createShield(options);
      parts.restoreState(saved);
    }
  });
  test('the high-water mark outlives an episode and a restart, and a person ends it', () => {
    const shield = createShield({ profile: 'none', overrides: { 'max-drawdown': {} } });
    shield.decide(ask(2), drawdown(12_000));
    shield.reset();
    const other = createShield({ profile: 'none', overrides: { 'max-drawdown': {} } });
    other.restoreState(JSON.parse(JSON.stringify(shield.saveState())));
    expect(other.decide(ask(1), drawdown(10_700)).state).toBe('REDUCING');
    expect(other.decide(ask(1), drawdown(9600)).state).toBe('HALTED');
    other.reset({ person: true });
    expect(other.decide(ask(1), drawdown(9600))).toMatchObject({ state: 'ACTIVE', final: 1 });
  });
  test('the rest before an episode does not count in it', () => {
    const shield = createShield({ profile: 'none', overrides: { 'max-drawdown': { restBars: 2 } } });
    shield.decide(ask(2), drawdown(10_000));
    for (const _ of [1, 2]) expect(shield.decide(ask(1), drawdown(8900)).state).toBe('REDUCING');
    shield.reset();
    for (const _ of [1, 2]) expect(shield.decide(ask(1), drawdown(8900)).state).toBe('REDUCING');
    expect(shield.decide(ask(1), drawdown(8900)).state).toBe('ACTIVE');
  });
  test('a saved state is a copy', () => {
    const shield = createShield({ profile: 'none', overrides: { 'repeat-limit': {} } });
    shield.decide(ask(1), makeFacts());
    const saved = shield.saveState();
    (saved as { rules: { 'repeat-limit': number[] } }).rules['repeat-limit'].push(1);
    expect(shield.decide(ask(1), makeFacts()).final).toBe(1);
  });
  test('rules may come and go between runs, a latch may not', () => {
    const before = createShield({ profile: 'none', overrides: { 'repeat-limit': {}, spread: {} } });
    before.decide(ask(1), makeFacts());
    before.halt('by-hand', 5);
    const after = createShield({ profile: 'none', overrides: { 'repeat-limit': {}, consensus: {} } });
    after.restoreState(before.saveState());
    expect(after.latch).toEqual({ rule: 'person', code: 'by-hand', numbers: {}, timeMs: 5 });
    expect(after.saveState()).toMatchObject({ rules: { 'repeat-limit': [1], consensus: { queue: [], seen: 0 } } });
  });
  test.each([
    ['nothing', null, "this is not a shield's saved state"],
    ['another version', { version: 2, latch: null, rules: {} }, "this is not a shield's saved state"],
    ['a latch without a reason', { version: 1, latch: {}, rules: {} }, "this is not a shield's saved state"],
    ['a damaged rule', { version: 1, latch: null, rules: { 'repeat-limit': [7] } }, 'of rule repeat-limit is damaged'],
  ])('refuses %s', (_, saved, message) => {
    const shield = createShield({ profile: 'none', overrides: { 'repeat-limit': {} } });
    expect(() => shield.restoreState(saved)).toThrow(InputError);
    expect(() => shield.restoreState(saved)).toThrow(message);
  });
});

describe('orders are counted as they leave', () => {
  const make = () => createShield({ profile: 'none', overrides: { 'order-rate': { perHour: 2, perDay: 3 } } });
  const times = (shield: ReturnType<typeof make>) =>
    (shield.saveState() as { rules: { 'order-rate': number[] } }).rules['order-rate'];
  test('entries, exits and the closing of a halt, but no HOLD, no denial and nothing that comes to nothing', () => {
    const shield = make();
    const at = (minute: number, units = 0) => makeFacts({ timeMs: START_MS + minute * 60_000, units });
    shield.decide(ask(2), at(0));
    shield.decide(ask(0), at(1));
    shield.decide(ask(1), at(2, 4));
    expect(times(shield)).toEqual([]);
    shield.decide(ask(1), at(3));
    shield.decide(ask(1), at(4, 1));
    expect(shield.decide(ask(1), at(5, 2)).final).toBe(2);
    expect(times(shield)).toHaveLength(2);
    expect(shield.decide(ask(0), at(6, 2)).final).toBe(0);
    expect(times(shield)).toHaveLength(3);
    shield.halt('by-hand', 0);
    shield.decide(ask(2), at(7, 1));
    expect(times(shield)).toEqual([4, 6, 7].map((minute) => START_MS + minute * 60_000));
  });
});

describe('masks', () => {
  test('say what would become HOLD, and change nothing', () => {
    const shield = createShield({ profile: 'none', overrides: { 'repeat-limit': { n: 1 } } });
    shield.decide(ask(1), makeFacts());
    const before = shield.saveState();
    const mask = Uint8Array.of(0, 1, 1);
    const bits = new Float32Array(5);
    shield.maskObservation(makeFacts({ units: 1 }), mask, bits, 1);
    expect([...mask]).toEqual([0, 0, 1]);
    expect([...bits]).toEqual([0, 1, 0, 0, 0]);
    expect(SHIELD_COLUMNS).toEqual(['shieldAllowsSell', 'shieldAllowsBuy', 'shieldHalted']);
    expect(shield.saveState()).toEqual(before);
    shield.halt('by-hand', 0);
    shield.maskObservation(makeFacts(), mask, bits, 0);
    expect([...bits]).toEqual([0, 0, 1, 0, 0]);
    expect([...mask]).toEqual([0, 0, 1]);
    createShield({ profile: 'none' }).maskObservation(makeFacts(), mask, null, 0);
    expect([...mask]).toEqual([0, 0, 1]);
    const open = Uint8Array.of(1, 1, 0);
    shield.maskObservation(makeFacts(), open, null, 0);
    expect([...open]).toEqual([0, 0, 1]);
  });
  test('of no shield at all have the bits of one without rules', () => {
    const bits = new Float32Array(3);
    createShield({ profile: 'none' }).maskObservation(makeFacts(), Uint8Array.of(1, 1, 1), bits, 0);
    expect([...bits]).toEqual([...UNSHIELDED_BITS]);
    expect([...UNSHIELDED_BITS]).toEqual([1, 1, 0]);
  });
  test('leave out the confidence of a decision that is not made yet', () => {
    const shield = createShield({ profile: 'none', overrides: { confidence: { maxEntropy: 0 } } });
    const mask = Uint8Array.of(1, 1, 1);
    shield.maskActions(makeFacts(), mask);
    expect([...mask]).toEqual([1, 1, 1]);
  });
});

describe('what a request does to the exposure', () => {
  test('is what the account makes of it', () => {
    for (const [mode, from, to] of [
      ['spot', 0, 4],
      ['margin', -4, 4],
    ] as const)
      for (let units: number = from; units <= to; units++) {
        const account = new Account({ ...DEFAULT_ACCOUNT, mode });
        account.reset(100);
        // Half of what a unit could be, so that cash is never what says no.
        for (let count = 0; count < Math.abs(units); count++) account.fillAtMarket(Math.sign(units) * 12, 100, 'order');
        expect(account.units).toBe(units);
        for (const action of [0, 1, 2] as const) {
          const held = Math.abs(account.position);
          const after = Math.abs(account.position + account.orderFor(action, 100));
          const effect = after > held ? 'increase' : after < held ? 'reduce' : 'none';
          expect([mode, units, action, effectOf(action, { units, mode, maxUnits: 4 })]).toEqual([
            mode,
            units,
            action,
            effect,
          ]);
        }
      }
  });
});
