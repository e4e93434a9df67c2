/** Deliberately broken rules, one fault each: what the enumeration must not let pass. */

import { z } from 'zod';
import { type AnyRule, type Question, threshold } from '../../src/shield/rule.ts';
import { RULES } from '../../src/shield/rules/index.ts';
import { HOUR_MS } from './facts.ts';

// biome-ignore lint/suspicious/noExplicitAny: a fault reaches into the rule that it breaks
type Loose = any;

export interface Fault {
  readonly rule: string;
  readonly fault: string;
  readonly broken: AnyRule;
}

/** The rule with its inputs changed before it judges. */
function breakInput(
  rule: string,
  fault: string,
  change: (input: {
    config: Loose;
    state: Loose;
    question: Question;
  }) => Partial<{ config: Loose; state: Loose; question: Question }>,
): Fault {
  return breakJudge(rule, fault, (real, config, state, question) => {
    const input = { config, state, question, ...change({ config, state, question }) };
    return real.judge(input.config, input.state, input.question);
  });
}

/** The rule with another judge. */
function breakJudge(
  rule: string,
  fault: string,
  judge: (real: AnyRule, config: Loose, state: Loose, question: Question) => Loose,
): Fault {
  const real = RULES.find((one) => one.name === rule)!;
  return { rule, fault, broken: { ...real, judge: (config, state, question) => judge(real, config, state, question) } };
}

const withFacts = (question: Question, facts: Partial<Question['facts']>): Question => ({
  ...question,
  facts: { ...question.facts, ...facts },
});
const allow = { kind: 'allow' };
const guarding = { kind: 'reduce-only', code: 'fault', numbers: {} };

export const FAULTS: readonly Fault[] = [
  breakJudge('repeat-limit', 'HOLD is denied too', (real, config, state, question) => {
    const judged = real.judge(config, state, question);
    const repeats =
      state.length >= config.n && state.slice(-config.n).every((queued: number) => queued === question.request);
    return repeats ? { ...judged, verdict: { kind: 'deny', code: 'repeated', numbers: {} } } : judged;
  }),
  breakJudge('repeat-limit', 'a denied request is not queued', (real, config, state, question) => {
    const judged = real.judge(config, state, question);
    return judged.verdict.kind === 'deny' ? { ...judged, state } : judged;
  }),
  breakInput('repeat-limit', 'only the newest request counts', ({ config }) => ({ config: { ...config, n: 1 } })),
  breakInput('repeat-limit', 'one request too late', ({ config }) => ({ config: { ...config, n: config.n + 1 } })),
  breakInput('consensus', 'one request too early', ({ config }) => ({
    config: { ...config, n: Math.max(1, config.n - 1) },
  })),
  breakInput('consensus', 'the warm-up is one request short', ({ state }) => ({
    state: { ...state, seen: state.seen + 1 },
  })),
  breakJudge('smurf', 'no supervisor counts as consent', (real, config, state, question) =>
    question.advice === null ? { verdict: allow, state } : real.judge(config, state, question),
  ),
  breakJudge('smurf', 'any disagreement vetoes', (_, __, state, { request, advice }) => ({
    verdict: request !== 2 && request !== advice ? { kind: 'deny', code: 'x', numbers: {} } : allow,
    state,
  })),
  breakInput('max-drawdown', 'the peak is forgotten', ({ state }) => ({ state: { ...state, peak: null } })),
  breakInput('max-drawdown', 'the halt counts from the reference', ({ state }) => ({
    state: { ...state, peak: state.reference },
  })),
  breakInput('max-drawdown', 'the levels are swapped', ({ config }) => ({
    config: { ...config, reduceAt: config.haltAt, haltAt: config.reduceAt },
  })),
  breakJudge('max-drawdown', 'it rests with a position', (real, config, state, question) => {
    const flat = withFacts(question, { units: 0 });
    return { verdict: real.judge(config, state, flat).verdict, state: real.judge(config, state, question).state };
  }),
  breakInput('daily-loss', 'midnight belongs to the next day', ({ question }) => ({
    question: withFacts(question, { timeMs: question.facts.timeMs + 1 }),
  })),
  breakInput('daily-loss', 'every bar is a new day', ({ state }) => ({
    state: state.day === null ? state : { ...state, start: state.last },
  })),
  breakInput('loss-streak', 'it fires on a win', ({ question }) => ({
    question: withFacts(question, { lastTradeLogReturn: -question.facts.lastTradeLogReturn }),
  })),
  breakInput('loss-streak', 'several trades count as one', ({ state, question }) => ({
    state: { ...state, closed: Math.max(state.closed, question.facts.closedTrades - 1) },
  })),
  breakInput('stop-loss', 'a short position has its stop on the wrong side', ({ question }) => ({
    question: withFacts(question, { position: Math.abs(question.facts.position) }),
  })),
  breakInput('take-profit', 'the target is half as far', ({ config }) => ({
    config: { distance: config.distance / 2 },
  })),
  breakInput('trailing-stop', 'the best price is forgotten', ({ state }) => ({
    state: { ...state, side: 0, best: null },
  })),
  breakInput('trailing-stop', 'the best price is a close', ({ question }) => ({
    question: withFacts(question, { high: question.facts.close, low: question.facts.close }),
  })),
  breakInput('max-position', 'one unit too many', ({ question }) => ({
    question: withFacts(question, { units: question.facts.units - Math.sign(question.facts.units) }),
  })),
  breakInput('max-position', 'short units do not count', ({ question }) => ({
    question: withFacts(question, { units: Math.max(0, question.facts.units) }),
  })),
  breakInput('max-notional', 'the next unit does not count', ({ question }) => ({
    question: withFacts(question, { unitQuote: 0 }),
  })),
  breakJudge('max-leverage', 'an account that is under water passes', (real, config, state, question) =>
    question.facts.equity <= 0 ? { verdict: allow, state } : real.judge(config, state, question),
  ),
  breakInput('order-rate', 'an hour has half an hour', ({ state, question }) => ({
    state: state.filter(
      (time: number) => time > question.facts.timeMs - HOUR_MS / 2 || time <= question.facts.timeMs - HOUR_MS,
    ),
  })),
  breakInput('order-rate', 'the day is not looked at', ({ config }) => ({ config: { ...config, perDay: 10_000 } })),
  breakInput('volatility-spike', 'it does not wait for the warm-up', ({ state }) => ({ state: { ...state, seen: 9 } })),
  breakInput('volatility-spike', 'the ratio is not rooted', ({ config }) => ({
    config: { ...config, maxRatio: config.maxRatio ** 0.5 },
  })),
  breakJudge('stale-data', 'an unknown age is young', (real, config, state, question) =>
    Number.isNaN(question.facts.dataAgeMs) ? { verdict: allow, state } : real.judge(config, state, question),
  ),
  breakInput('gappy-data', 'one gap is forgiven', ({ question }) => ({
    question: withFacts(question, { gapBars: question.facts.gapBars - 1 }),
  })),
  breakInput('unknown-state', 'unknown is taken for flat', ({ question }) => ({
    question: withFacts(question, { unknownState: false }),
  })),
  breakJudge('spread', 'the comparison is turned round', (_, { maxSpread }, state, { facts }) => ({
    verdict: facts.spread < maxSpread ? guarding : allow,
    state,
  })),
  breakInput('slippage', 'the cool-down never ends', ({ question, state }) => ({
    state: { ...state, seenMs: question.facts.timeMs },
  })),
  breakInput('out-of-range', 'the distance is not looked at', ({ question }) => ({
    question: { ...question, trainingDistance: null },
  })),
  breakInput('confidence', 'the Q-values are not looked at', ({ question }) => ({
    question:
      question.decision === null ? question : { ...question, decision: { ...question.decision, qValues: null } },
  })),
  breakInput('trading-hours', 'the week begins a day late', ({ question }) => ({
    question: withFacts(question, { timeMs: question.facts.timeMs + 24 * HOUR_MS }),
  })),
  breakInput('drift', 'what is earned beyond the promise is forgotten', ({ config, state, question }) => ({
    question: withFacts(question, {
      equity: Math.min(question.facts.equity, (state.last ?? Number.POSITIVE_INFINITY) * (1 + config.promised)),
    }),
  })),
  breakJudge('drift', 'its evidence begins anew with every bar', (real, config, state, question) =>
    real.judge(config, { ...state, evidence: 1 }, question),
  ),
  (() => {
    let calls = 0;
    return breakJudge('spread', 'it allows every second time', (real, config, state, question) =>
      calls++ % 2 === 0 ? real.judge(config, state, question) : { verdict: allow, state },
    );
  })(),
  breakJudge('gappy-data', 'it has no verdict for a broken count', (real, config, state, question) =>
    Number.isNaN(question.facts.gapBars)
      ? { verdict: { kind: undefined }, state }
      : real.judge(config, state, question),
  ),
  breakJudge('repeat-limit', 'it changes the state it was given', (real, config, state: number[], question) => {
    const judged = real.judge(config, state, question);
    state.push(question.request);
    return judged;
  }),
  (() => {
    const fault = breakInput('max-position', 'its direction is stated the wrong way round', () => ({}));
    const maxShare = threshold(z.number(), 'higher', '', '');
    return { ...fault, broken: { ...fault.broken, config: z.strictObject({ maxShare }) } };
  })(),
];
