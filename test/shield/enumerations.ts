/**
 * Every rule over its own discretised state: a grid of thresholds, states and questions, and beside it what the rule
 * means, said a second time in another way. `enumerate` checks the laws that every rule obeys and the second opinion.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Action } from '../../src/core/action.ts';
import type { AgentDecision } from '../../src/core/agent.ts';
import type { DecisionFacts, RuleVerdict } from '../../src/core/shield.ts';
import type { AnyRule, Question, Thresholds, Tighter } from '../../src/shield/rule.ts';
import { RULES } from '../../src/shield/rules/index.ts';
import { HOUR_MS, makeFacts, START_MS } from './facts.ts';

type Kind = RuleVerdict['kind'];
// biome-ignore lint/suspicious/noExplicitAny: a grid knows the shape of its own rule's state and thresholds
type Loose = any;

export interface Enumeration {
  /** Threshold to its values; the grid is their product. */
  readonly thresholds: Record<string, readonly Loose[]>;
  readonly states: readonly Loose[];
  readonly questions: readonly Question[];
  /** The verdict's kind and the next state, worked out independently. */
  expect(config: Loose, state: Loose, question: Question): { kind: Kind; next: Loose };
}

/** Every combination of the values. */
export function cross<T extends Record<string, readonly unknown[]>>(axes: T): { [K in keyof T]: T[K][number] }[] {
  let rows: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(axes))
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  return rows as { [K in keyof T]: T[K][number] }[];
}

const REQUESTS: readonly Action[] = [0, 1, 2];

function question(facts: Partial<DecisionFacts>, changes: Partial<Question> = {}): Question {
  return {
    request: 1,
    facts: makeFacts(facts),
    decision: { action: 1, probabilities: null, qValues: null },
    advice: null,
    trainingDistance: null,
    ...changes,
  };
}

const sequences = (length: number): number[][] =>
  length === 0 ? [[]] : sequences(length - 1).flatMap((head) => REQUESTS.map((last) => [...head, last]));
const queues = [0, 1, 2, 3].flatMap(sequences);

/** The kind of a rule that lets only reductions pass while `risky`. */
const guard = (risky: boolean, next: Loose = null) => ({ kind: (risky ? 'reduce-only' : 'allow') as Kind, next });

const decided = (probabilities: number[] | null, qValues: number[] | null): AgentDecision => ({
  action: 1,
  probabilities,
  qValues,
});

export const ENUMERATIONS: Readonly<Record<string, Enumeration>> = {
  smurf: {
    thresholds: {},
    states: [null],
    questions: cross({ request: REQUESTS, advice: [null, 0, 1, 2] as const }).map((row) => question({}, row)),
    expect: (_, next, { request, advice }) => ({
      kind: request !== 2 && advice !== 0 && advice !== 1 ? 'deny' : 'allow',
      next,
    }),
  },
  'repeat-limit': {
    thresholds: { n: [1, 2, 3] },
    states: queues,
    questions: REQUESTS.map((request) => question({}, { request })),
    expect({ n }, queue, { request }) {
      // Counted from the newest backwards until one differs.
      let run = 0;
      while (run < queue.length && queue[queue.length - 1 - run] === request) run++;
      return {
        kind: request !== 2 && run >= n ? 'deny' : 'allow',
        next: [...queue, request].reverse().slice(0, n).reverse(),
      };
    },
  },
  consensus: {
    thresholds: { n: [1, 2, 3], publishedWarmup: [0, 1] },
    states: queues.flatMap((queue) => [queue.length, queue.length + 1, 4].map((seen) => ({ queue, seen }))),
    questions: REQUESTS.map((request) => question({}, { request })),
    expect({ n, publishedWarmup }, { queue, seen }, { request }) {
      let run = 1;
      while (run <= queue.length && queue[queue.length - run] === request) run++;
      const acts = run >= n && (publishedWarmup === 0 || seen >= n);
      const all = [...queue, request];
      return {
        kind: request === 2 || acts ? 'allow' : 'deny',
        next: {
          queue: all.slice(Math.max(0, all.length - (n - 1)), n === 1 ? 0 : undefined),
          seen: seen >= n ? n : seen + 1,
        },
      };
    },
  },
  confidence: {
    thresholds: { maxEntropy: [0, 0.5, 0.9, 1], minQGap: [0, 1, 2] },
    states: [null],
    questions: cross({
      request: REQUESTS,
      decision: [
        null,
        decided([0, 1, 0], null),
        decided([0.5, 0.5, 0], null),
        decided([0.25, 0.5, 0.25], null),
        decided([1 / 3, 1 / 3, 1 / 3], null),
        decided([Number.NaN, 0.5, 0.5], null),
        ...[-1, 0, 0.5, 1, 2, 3, Number.NaN].map((gap) => decided(null, [5 + gap, 5 + gap, 5])),
        decided([0, 1, 0], [5, 5.5, 5]),
      ],
    }).map((row) => question({}, row)),
    expect({ maxEntropy, minQGap }, next, { request, decision }) {
      if (request === 2 || decision === null) return { kind: 'allow', next };
      // ln(k) / ln(3) for k equally likely actions; the mixed case is 1.5 bits of log2(3).
      const entropies = new Map([
        [1, 0],
        [2, Math.log(2) / Math.log(3)],
        [1.5, 1.5 / Math.log2(3)],
        [3, 1 - 1e-15],
      ]);
      const p = decision.probabilities;
      const key = p === null ? 1 : p[1] === 1 ? 1 : p[0] === 0.5 ? 2 : p[0] === 0.25 ? 1.5 : p[0] === 1 / 3 ? 3 : 0;
      const unsure = !((entropies.get(key) ?? 9) <= maxEntropy);
      const q = decision.qValues;
      const close = q !== null && !(q[request] - 5 >= minQGap);
      return { kind: unsure || close ? 'deny' : 'allow', next };
    },
  },
  'max-drawdown': {
    thresholds: { reduceAt: [0.1, 0.2], haltAt: [0.15, 0.25, 0.5], restBars: [1, 2, 3] },
    states: cross({ peak: [null, 80, 100, 120], reference: [null, 80, 100], rested: [0, 1, 2, 3] }),
    questions: cross({
      equity: [-10, 0, 40, 50, 60, 72, 75, 79, 80, 85, 90, 91, 100, 102, 108, 120, 130],
      units: [-1, 0, 1],
    }).map((facts) => question(facts)),
    expect({ reduceAt, haltAt, restBars }, state, { facts: { equity, units } }) {
      const peak = Math.max(...(state.peak === null ? [equity] : [equity, state.peak]));
      const reference = Math.max(...(state.reference === null ? [equity] : [equity, state.reference]));
      // In hundredths, so that no rounding of a share decides.
      const lost = (from: number, share: number) =>
        from <= 0 || 100 * (from - equity) >= Math.round(100 * share) * from;
      if (lost(peak, haltAt)) return { kind: 'halt', next: { peak, reference, rested: 0 } };
      if (!lost(reference, reduceAt)) return { kind: 'allow', next: { peak, reference, rested: 0 } };
      if (units !== 0) return { kind: 'reduce-only', next: { peak, reference, rested: 0 } };
      return state.rested < restBars
        ? { kind: 'reduce-only', next: { peak, reference, rested: state.rested + 1 } }
        : { kind: 'allow', next: { peak, reference: equity, rested: 0 } };
    },
  },
  'daily-loss': {
    thresholds: { maxLoss: [0.05, 0.1, 0.5] },
    states: [
      { day: null, start: 0, last: 0 },
      ...cross({ day: [20453, 20454, 20455], start: [80, 100], last: [90, 100, 120] }),
    ],
    // 20454 is 2026-01-01; its last bar closes at the midnight that begins the 2nd.
    questions: cross({
      timeMs: [0, 1, 23, 24, 25, 48].flatMap((hour) => [0, 1].map((ms) => START_MS + hour * HOUR_MS + ms)),
      equity: [0, 40, 50, 76, 80, 85, 90, 95, 96, 100, 110, 114, 120],
    }).map((facts) => question(facts)),
    expect({ maxLoss }, state, { facts: { timeMs, equity } }) {
      const day = Math.ceil(timeMs / (24 * HOUR_MS)) - 1;
      const start = state.day === null ? equity : day === state.day ? state.start : state.last;
      const risky = start <= 0 || 100 * (start - equity) >= Math.round(100 * maxLoss) * start;
      return guard(risky, { day, start, last: equity });
    },
  },
  'loss-streak': {
    thresholds: { losses: [1, 2, 3], coolDownBars: [1, 2, 24] },
    states: cross({
      closed: [0, 1, 5],
      streak: [0, 1, 2, 3],
      lostMs: [null, ...[0, 1, 2, 10].map((hours) => START_MS - hours * HOUR_MS)],
    }),
    questions: cross({ closedTrades: [0, 1, 2, 5, 6], lastTradeLogReturn: [Number.NaN, -0.1, 0, 0.1] }).map((facts) =>
      question({ ...facts, timeMs: START_MS }),
    ),
    expect({ losses, coolDownBars }, state, { facts: { closedTrades, lastTradeLogReturn, timeMs } }) {
      const next = { ...state, closed: closedTrades };
      if (closedTrades > state.closed) {
        const won = lastTradeLogReturn >= 0;
        next.streak = won ? 0 : state.streak + closedTrades - state.closed;
        next.lostMs = won ? null : timeMs;
      }
      if (next.streak < losses) return guard(false, next);
      if (next.lostMs !== null && timeMs < next.lostMs + coolDownBars * HOUR_MS) return guard(true, next);
      return guard(false, { ...next, streak: 0 });
    },
  },
  'stop-loss': {
    thresholds: { distance: [0.0625, 0.125, 0.5] },
    states: [null],
    questions: cross({
      units: [-1, 0, 1],
      entryPrice: [100, 200],
      close: [40, 50, 87.5, 88, 93.75, 94, 100, 106, 106.25, 112.5, 150, 210, 300],
    }).map((facts) => question({ ...facts, position: 25 * facts.units })),
    expect({ distance }, next, { facts: { units, entryPrice, close } }) {
      const loss = units * (entryPrice - close);
      return guard(units !== 0 && loss >= distance * entryPrice, next);
    },
  },
  'take-profit': {
    thresholds: { distance: [0.0625, 0.125, 0.5] },
    states: [null],
    questions: cross({
      units: [-1, 0, 1],
      entryPrice: [100, 200],
      close: [40, 50, 87.5, 88, 93.75, 94, 100, 106, 106.25, 112.5, 150, 210, 300],
    }).map((facts) => question({ ...facts, position: 25 * facts.units })),
    expect({ distance }, next, { facts: { units, entryPrice, close } }) {
      const gain = units * (close - entryPrice);
      return guard(units !== 0 && gain >= distance * entryPrice, next);
    },
  },
  'trailing-stop': {
    thresholds: { distance: [0.0625, 0.125, 0.5] },
    states: [{ side: 0, best: null }, ...cross({ side: [-1, 1], best: [60, 100, 200] })],
    questions: cross({
      units: [-1, 0, 1],
      entryPrice: [100],
      close: [40, 50, 87.5, 88, 93.75, 94, 100, 106, 106.25, 112.5, 150, 210, 300],
      reach: [0, 20],
    }).map(({ units, entryPrice, close, reach }) =>
      question({ units, position: 25 * units, entryPrice, close, high: close + reach, low: close - reach }),
    ),
    expect({ distance }, state, { facts: { units, entryPrice, close, high, low } }) {
      if (units === 0) return guard(false, { side: 0, best: null });
      const known = state.side === units ? state.best : entryPrice;
      const extreme = units > 0 ? high : low;
      const best = units * (extreme - known) > 0 ? extreme : known;
      return guard(units * (best - close) >= distance * best, { side: units, best });
    },
  },
  'max-position': {
    thresholds: { maxShare: [0, 0.25, 0.5, 0.75, 1] },
    states: [null],
    questions: cross({ units: [-4, -3, -2, -1, 0, 1, 2, 3, 4], maxUnits: [2, 4] }).map((facts) => question(facts)),
    expect: ({ maxShare }, next, { facts: { units, maxUnits } }) =>
      guard(Math.max(units, -units) >= Math.floor(maxShare * maxUnits), next),
  },
  'max-notional': {
    thresholds: { maxMultiple: [0, 0.5, 1, 2] },
    states: [null],
    questions: cross({
      units: [-4, -1, 0, 1, 4],
      close: [50, 100, 200],
      mode: ['spot', 'margin'] as const,
      unitQuote: [1000, 2500],
      cash: [-100, 0, 2500, 10_000],
    }).map((facts) => question(facts)),
    expect({ maxMultiple }, next, { facts: { units, close, mode, unitQuote, cash } }) {
      const shorts = mode === 'margin' && units <= 0;
      const unit = shorts ? unitQuote : Math.max(0, Math.min(cash, unitQuote));
      return guard(Math.abs(units) * 25 * close + unit > maxMultiple * 10_000, next);
    },
  },
  'max-leverage': {
    thresholds: { maxLeverage: [0, 0.5, 1, 2] },
    states: [null],
    questions: cross({
      units: [-4, -1, 0, 1, 4],
      close: [50, 100, 200],
      mode: ['spot', 'margin'] as const,
      unitQuote: [0.25, 1000, 2500],
      cash: [-100, 0, 2500, 10_000],
      equity: [-1, 0, 0.5, 2500, 10_000],
    }).map((facts) => question(facts)),
    expect({ maxLeverage }, next, { facts: { units, close, mode, unitQuote, cash, equity } }) {
      const shorts = mode === 'margin' && units <= 0;
      const unit = shorts ? unitQuote : Math.max(0, Math.min(cash, unitQuote));
      return guard(equity <= 0 || Math.abs(units) * 25 * close + unit > maxLeverage * equity, next);
    },
  },
  'order-rate': {
    thresholds: { perHour: [1, 2, 3], perDay: [1, 2, 4] },
    // Up to four orders, half an hour or a whole one apart, the newest of several ages.
    states: sequences(3).flatMap((steps) =>
      [0, 1, 23, 24].map((age) => {
        const times = [START_MS - age * HOUR_MS];
        for (const step of steps) if (step !== 2) times.unshift(times[0] - [0.5, 1][step] * HOUR_MS);
        return times;
      }),
    ),
    questions: [question({ timeMs: START_MS })],
    expect({ perHour, perDay }, times, { facts: { timeMs } }) {
      let hour = 0;
      let day = 0;
      for (const time of times) {
        if (timeMs - time < HOUR_MS) hour++;
        if (timeMs - time < 24 * HOUR_MS) day++;
      }
      return guard(hour >= perHour || day >= perDay, times);
    },
  },
  'volatility-spike': {
    thresholds: { maxRatio: [1, 2, 3], fastBars: [1, 3], slowBars: [2, 7] },
    states: [
      { close: null, fast: 0, slow: 0, seen: 0 },
      // With three fast bars and no move, exactly twice the long volatility.
      { close: 100, fast: 8, slow: 1, seen: 7 },
      ...cross({ close: [100], fast: [0, 1e-4, 4e-4], slow: [0, 1e-4, 4e-4], seen: [0, 1, 2, 6, 7] }),
    ],
    questions: [80, 99, 100, 101, 110].map((close) => question({ close })),
    expect({ maxRatio, fastBars, slowBars }, state, { facts: { close } }) {
      if (state.close === null) return guard(false, { close, fast: 0, slow: 0, seen: 0 });
      const squared = (Math.log(close) - Math.log(state.close)) ** 2;
      const weight = (bars: number) => (state.seen === 0 ? 1 : 2 / (1 + bars));
      const fast = state.fast * (1 - weight(fastBars)) + squared * weight(fastBars);
      const slow = state.slow * (1 - weight(slowBars)) + squared * weight(slowBars);
      const spike = state.seen >= slowBars && state.slow > 0 && fast > maxRatio ** 2 * state.slow * (1 + 1e-12);
      return guard(spike, { close, fast, slow, seen: state.seen >= slowBars ? slowBars : state.seen + 1 });
    },
  },
  'stale-data': {
    thresholds: { maxAgeBars: [0, 0.5, 1, 2] },
    states: [null],
    questions: cross({
      dataAgeMs: [0, 1, 0.5 * HOUR_MS, 0.5 * HOUR_MS + 1, HOUR_MS, 2 * HOUR_MS, 9 * HOUR_MS, Number.NaN],
      timeframeMs: [HOUR_MS, 60_000],
    }).map((facts) => question(facts)),
    expect: ({ maxAgeBars }, next, { facts: { dataAgeMs, timeframeMs } }) =>
      guard(Number.isNaN(dataAgeMs) || dataAgeMs / timeframeMs > maxAgeBars, next),
  },
  'gappy-data': {
    thresholds: { maxGapBars: [0, 1, 2] },
    states: [null],
    questions: [0, 1, 2, 3, Number.NaN].map((gapBars) => question({ gapBars })),
    expect: ({ maxGapBars }, next, { facts: { gapBars } }) =>
      guard(![0, 1, 2].slice(0, maxGapBars + 1).includes(gapBars), next),
  },
  'unknown-state': {
    thresholds: {},
    states: [null],
    questions: [false, true].map((unknownState) => question({ unknownState })),
    expect: (_, next, { facts }) => guard(facts.unknownState, next),
  },
  spread: {
    thresholds: { maxSpread: [0, 0.001, 0.01] },
    states: [null],
    questions: [Number.NaN, 0, 0.0005, 0.001, 0.0011, 0.01, 1].map((spread) => question({ spread })),
    expect: ({ maxSpread }, next, { facts }) =>
      guard(!Number.isNaN(facts.spread) && facts.spread - maxSpread > 0, next),
  },
  slippage: {
    thresholds: { maxSlippage: [0, 0.002, 0.01], coolDownBars: [1, 2, 6] },
    states: cross({
      position: [0, 25],
      slippage: [null, 0.001, 0.002, 0.02],
      seenMs: [0, 1, 2, 5, 6].map((hours) => START_MS - hours * HOUR_MS),
    }),
    questions: cross({ units: [0, 1], lastSlippage: [Number.NaN, -0.001, 0, 0.001, 0.002, 0.02] }).map((facts) =>
      question({ ...facts, timeMs: START_MS }),
    ),
    expect({ maxSlippage, coolDownBars }, state, { facts: { position, lastSlippage, timeMs } }) {
      const known = Number.isNaN(lastSlippage) ? null : lastSlippage;
      const seenMs = known === state.slippage && position === state.position ? state.seenMs : timeMs;
      const risky = known !== null && known > maxSlippage && timeMs < seenMs + coolDownBars * HOUR_MS;
      return guard(risky, { position, slippage: known, seenMs });
    },
  },
  'out-of-range': {
    thresholds: { maxClippedShare: [0, 0.25, 1], maxDistance: [0.5, 1, 2] },
    states: [null],
    questions: cross({
      clippedShare: [0, 0.25, 0.26, 1, Number.NaN],
      trainingDistance: [null, 0, 0.5, 0.75, 1, 2, 3, Number.NaN],
    }).map(({ clippedShare, trainingDistance }) => question({ clippedShare }, { trainingDistance })),
    expect({ maxClippedShare, maxDistance }, next, { facts: { clippedShare }, trainingDistance }) {
      const clipped = Number.isNaN(clippedShare) || clippedShare > maxClippedShare;
      const far = trainingDistance !== null && (Number.isNaN(trainingDistance) || trainingDistance > maxDistance);
      return guard(clipped || far, next);
    },
  },
  'trading-hours': {
    thresholds: { hours: [[], [9], [9, 10], [0, 9, 10, 23]], days: [[], [1], [1, 4], [0, 1, 2, 3, 4, 5, 6]] },
    states: [null],
    questions: Array.from({ length: 24 * 8 }, (_, hour) => question({ timeMs: START_MS + hour * HOUR_MS + 59_999 })),
    expect({ hours, days }, next, { facts: { timeMs } }) {
      const date = new Date(timeMs);
      return guard(!hours.includes(date.getUTCHours()) || !days.includes(date.getUTCDay()), next);
    },
  },
};

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
  const { thresholds, states, questions, expect } = ENUMERATIONS[name];
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
