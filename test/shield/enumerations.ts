/** Judges the whole grid of a rule: the laws that every rule obeys, and the second opinion of its case. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyRule, Thresholds, Tighter } from '../../src/shield/rule.ts';
import { RULES } from '../../src/shield/rules/index.ts';
import { cross, type Kind, type Loose } from './rule-cases/rule-case.ts';
import { CASES } from './rule-cases.ts';

/** What a verdict still lets through, from everything (0) to nothing (2): the measure of "tighter". */
const SEVERITY: Record<Kind, number> = { allow: 0, deny: 1, 'reduce-only': 1, halt: 2 };

function isTighter(direction: Tighter, tight: Loose, loose: Loose): boolean {
  if (direction === 'lower') return tight < loose;
  if (direction === 'higher') return tight > loose;
  if (direction === 'fewer') return tight.every((value: number) => loose.includes(value));
  return false;
}

/** Equal but for the last bits of floating point. */
function agree(a: Loose, b: Loose): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a));
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => agree(a[key], b[key]));
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value)) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}

export interface Findings {
  cases: number;
  /** The first few broken laws, in words. */
  violations: string[];
}

/** Judges the whole grid of a rule; `rule` may be a broken stand-in for the real one. */
export function enumerate(name: string, rule: AnyRule = RULES.find((one) => one.name === name)!): Findings {
  const { thresholds, states, questions, expect } = CASES[name].enumeration;
  const configs = cross(thresholds) as Thresholds[];
  const directions = Object.entries(rule.config.shape).map(
    ([key, schema]) => [key, schema.meta()?.tighter as Tighter] as const,
  );
  const tighter = configs.map((tight) =>
    configs.flatMap((loose, index) => {
      const differing = directions.filter(([key]) => tight[key] !== loose[key]);
      const harder =
        differing.length > 0 && differing.every(([key, direction]) => isTighter(direction, tight[key], loose[key]));
      return harder ? [index] : [];
    }),
  );
  for (const input of [configs, states, questions]) freeze(input);
  const findings: Findings = { cases: 0, violations: [] };
  const complain = (law: string, ...about: unknown[]): void => {
    if (findings.violations.length < 5) findings.violations.push(`${name}: ${law}: ${JSON.stringify(about)}`);
  };
  for (const config of configs)
    if (!rule.state.safeParse(rule.initial(config)).success) complain('a first state outside of its schema', config);
  for (const state of states) {
    for (const asked of questions) {
      const severities = configs.map((config) => {
        findings.cases++;
        const about = [config, state, asked] as const;
        try {
          const judged = rule.judge(config, state, asked);
          const { verdict } = judged;
          if (!(verdict.kind in SEVERITY)) complain('no verdict', ...about);
          if (!isDeepStrictEqual(judged, rule.judge(config, state, asked)))
            complain('two verdicts on one input', ...about);
          if (verdict.kind === 'deny' && asked.request === 2) complain('HOLD is denied', ...about);
          if (
            verdict.kind !== 'allow' &&
            (verdict.code === '' || !Object.values(verdict.numbers).every((x) => typeof x === 'number'))
          )
            complain('a verdict without its code and numbers', ...about);
          const opinion = expect(config, state, asked);
          if (opinion.kind !== verdict.kind) complain(`${verdict.kind}, not ${opinion.kind}`, ...about);
          if (!agree(opinion.next, judged.state)) complain('another state', judged.state, opinion.next, ...about);
          if (!rule.state.safeParse(judged.state).success)
            complain('a state outside of its schema', judged.state, ...about);
          return SEVERITY[verdict.kind];
        } catch (error) {
          complain(`throws ${(error as Error).message}`, ...about);
          return 0;
        }
      });
      for (const [index, looser] of tighter.entries())
        for (const loose of looser)
          if (severities[index] < severities[loose])
            complain('a tighter threshold allows more', configs[index], configs[loose], state, asked);
    }
  }
  return findings;
}
