/**
 * An evaluation's decisions, made once more: the program's own backtest, decision step, shield and agent, on the fold's
 * candles. Each pass remembers what the agent decided for a row, account and mask, so that another shield costs little.
 */
import { type LoadedAgent, loadAgent } from '../../src/agents/index.ts';
import { HOLD } from '../../src/core/action.ts';
import { type AgentDecision, PLAIN } from '../../src/core/agent.ts';
import type { Json } from '../../src/core/json.ts';
import type { DecisionFacts, Shield, ShieldDecision } from '../../src/core/shield.ts';
import { unpack } from '../../src/dashboard/pack.ts';
import type { ReplayHead } from '../../src/dashboard/replay.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { holdingPolicy, wholeAccount } from '../../src/evaluate/baselines/buy-and-hold.ts';
import { barReturns, type Ledger } from '../../src/evaluate/ledger.ts';
import { type Metrics, measure } from '../../src/evaluate/metrics/index.ts';
import type { Policy } from '../../src/evaluate/policy.ts';
import type { ExperimentConfig } from '../../src/experiment/config.ts';
import { shieldFor } from '../../src/experiment/shield.ts';
import type { ScaledTable } from '../../src/features/observation.ts';
import type { Kernels } from '../../src/nn/index.ts';
import type { RuleShield } from '../../src/shield/index.ts';
import { memoryFiles } from './memory-files.ts';
import { type RuleReading, readRule } from './rule-limits.ts';

/** Rule name to thresholds that were moved. */
export type Moved = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** One pass, without what only the engine needs. Index i is the fold's bar i. */
export interface Pass {
  readonly equity: Float64Array;
  /** Units of base, signed. */
  readonly position: Float64Array;
  readonly actions: Uint8Array;
  readonly requested: Uint8Array;
  readonly decided: Uint8Array;
  readonly fills: Ledger['fills'];
  readonly trades: Ledger['trades'];
  readonly metrics: Metrics;
  readonly overridden: number;
  /** Index into the rules of the one that stood first in the way; 255 where none did. */
  readonly stoppedBy: Uint8Array;
  /** (bars, 3) probabilities or Q-values; NaN where nobody was asked. */
  readonly behind: Float32Array;
}

export interface Decision {
  readonly bar: number;
  readonly asked: AgentDecision;
  readonly shield: ShieldDecision | null;
  readonly facts: Omit<DecisionFacts, 'values'>;
  readonly readings: readonly RuleReading[];
  /** (window, columns) scaled, as it was seen. */
  readonly window: Float32Array;
}

/** What the page knows from the start. */
export interface ReplayStart {
  readonly head: ReplayHead;
  /** Candles from `head.before` bars before the fold on. */
  readonly candles: Readonly<Record<'timeMs' | 'open' | 'high' | 'low' | 'close' | 'volume', Float64Array>>;
  readonly asRun: Pass;
  readonly without: Pass;
  readonly holding: Pass;
  readonly rules: readonly {
    readonly name: string;
    readonly config: Readonly<Record<string, number | readonly number[]>>;
  }[];
  /** Whether the decisions made here are, bit by bit, those that were registered. */
  readonly equal: boolean;
  readonly usesQ: boolean;
}

const NO_RULE = 255;

export class Replay {
  readonly head: ReplayHead;
  readonly #arrays: ReturnType<typeof unpack>['arrays'];
  readonly #table: ScaledTable;
  readonly #agent: LoadedAgent | null;
  readonly #known = new Map<string, AgentDecision>();
  #usesQ = false;

  constructor(buffer: ArrayBuffer, kernels: Kernels) {
    const { json, arrays } = unpack<ReplayHead>(buffer);
    this.head = json;
    this.#arrays = arrays;
    this.#table = {
      ...json.table,
      data: arrays.get('data') as Float32Array,
      decidable: arrays.get('decidable') as Uint8Array,
      clippedShare: arrays.get('clippedShare') as Float32Array,
      timeMs: this.#column('timeMs'),
    };
    const files = new Map([...arrays].filter(([name]) => name.startsWith('agent/'))) as Map<string, Uint8Array>;
    this.#agent = json.resting ? null : loadAgent(memoryFiles(files), 'agent', kernels);
  }

  start(): ReplayStart {
    const { head } = this;
    const shield = this.#shield({});
    const asRun = this.run({});
    const returns = barReturns({ equity: asRun.equity, bars: asRun.equity.length } as Ledger);
    const kept = this.#arrays.get('returns') as Float64Array;
    const names = ['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const;
    return {
      head,
      candles: Object.fromEntries(names.map((name) => [name, this.#column(name)])) as ReplayStart['candles'],
      asRun,
      without: shield === null ? asRun : this.run(null),
      holding: this.#holding(),
      rules: shield?.rules.map(({ rule, config }) => ({ name: rule.name, config })) ?? [],
      equal: kept.length === returns.length && kept.every((value, i) => Object.is(value, returns[i])),
      usesQ: this.#usesQ,
    };
  }

  /** @param moved null for no shield at all */
  run(moved: Moved | null): Pass {
    const bars = this.head.table.rows - this.head.before;
    const stoppedBy = new Uint8Array(bars).fill(NO_RULE);
    const behind = new Float32Array(3 * bars).fill(Number.NaN);
    const shield = moved === null ? null : this.#shield(moved);
    const names = shield?.rules.map(({ rule }) => rule.name) ?? [];
    const ledger = this.#backtest(shield, (row, asked, said) => {
      const i = row - this.head.before;
      behind.set(asked.probabilities ?? asked.qValues ?? [], 3 * i);
      if (asked.qValues !== null) this.#usesQ = true;
      if (said === null || said.final === asked.action) return;
      const first = said.verdicts.find(({ verdict }) => verdict.kind !== 'allow');
      stoppedBy[i] = first === undefined ? NO_RULE : Math.max(0, names.indexOf(first.rule));
    });
    return passOf(ledger, stoppedBy, behind);
  }

  /** One decision of a pass with these thresholds, with everything that led to it. */
  decision(bar: number, moved: Moved): Decision | null {
    const shield = this.#shield(moved);
    const wanted = bar + this.head.before;
    let found: Decision | null = null;
    let seen: { states: { readonly [rule: string]: Json }; facts: DecisionFacts } | null = null;
    const closeMs = this.#column('timeMs')[wanted] + this.head.timeframeMs;
    const watched: Shield | null =
      shield === null
        ? null
        : {
            decide(asked, facts) {
              if (facts.timeMs === closeMs) {
                const { rules } = shield.saveState() as { rules: { [rule: string]: Json } };
                seen = { states: rules, facts: { ...facts, values: facts.values.slice() } };
              }
              return shield.decide(asked, facts);
            },
            levels: (position) => shield.levels(position),
            maskObservation: (facts, mask, bits, at) => shield.maskObservation(facts, mask, bits, at),
            reset: (options) => shield.reset(options),
            saveState: () => shield.saveState(),
            restoreState: (state) => shield.restoreState(state),
          };
    let window = new Float32Array();
    this.#backtest(
      watched,
      (row, asked, said) => {
        if (row !== wanted) return;
        const { states, facts } = seen ?? { states: {}, facts: null };
        const readings =
          said === null || facts === null
            ? []
            : (shield?.rules ?? []).map((one) => {
                const verdict = said.verdicts.find(({ rule }) => rule === one.rule.name)?.verdict ?? { kind: 'allow' };
                const moment = { state: states[one.rule.name], request: said.requested, facts, decision: asked };
                return readRule(one, verdict, moment);
              });
        const { values: _, ...rest } = facts ?? ({} as DecisionFacts);
        found = { bar, asked, shield: said, facts: rest, readings, window };
      },
      (row, values) => {
        if (row === wanted) window = values.slice();
      },
    );
    return found;
  }

  #column(name: string): Float64Array {
    return this.#arrays.get(name) as Float64Array;
  }

  /** What was run, with these thresholds moved; null for none. */
  #shield(moved: Moved): RuleShield | null {
    const { shield } = this.head;
    if (shield.profile === 'none' && Object.keys(shield.rules).length === 0) return null;
    const rules = { ...shield.rules } as Record<string, unknown>;
    for (const [name, config] of Object.entries(moved)) rules[name] = { ...(rules[name] as object), ...config };
    // Without an agent (its gate is closed) nothing of it is measured.
    const agent = this.#agent ?? ({ kind: 'resting', spec: { trainingRange: null } } as unknown as LoadedAgent);
    return shieldFor({ shield: { ...shield, rules } } as unknown as ExperimentConfig, agent);
  }

  #backtest(
    shield: Shield | null,
    watch: (row: number, asked: AgentDecision, said: ShieldDecision | null) => void,
    see?: (row: number, values: Float32Array) => void,
  ): Ledger {
    const { head } = this;
    const agent = this.#agent;
    const { width, marketWidth } = head.table;
    const policy: Policy = {
      name: agent?.kind ?? 'resting',
      decide: (row, obs) => {
        see?.(row, obs.values);
        if (agent === null) return PLAIN[HOLD];
        const account = obs.values.subarray(obs.values.length - width + marketWidth);
        const key = `${row} ${obs.mask.join('')} ${account.join(' ')}`;
        let decision = this.#known.get(key);
        if (decision === undefined) {
          decision = structuredClone(agent.decide(obs));
          this.#known.set(key, decision);
        }
        return decision;
      },
    };
    const rows = { from: head.before, to: head.table.rows };
    return backtest({ policy, series: this.#series(), table: this.#table, account: head.account, shield, rows, watch });
  }

  #series() {
    const { symbol, venue, timeframeMs, table } = this.head;
    const names = ['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const;
    const columns = Object.fromEntries(names.map((name) => [name, this.#column(name)]));
    const rest = { trades: null, trends: null, filled: new Uint8Array(table.rows), length: table.rows };
    return { symbol, venue, timeframeMs, ...columns, ...rest } as unknown as Parameters<typeof backtest>[0]['series'];
  }

  #holding(): Pass {
    const { head } = this;
    const rows = { from: head.before, to: head.table.rows };
    const policy = holdingPolicy('buy-and-hold');
    const account = wholeAccount(head.account);
    const ledger = backtest({ policy, series: this.#series(), table: null, account, shield: null, rows });
    return passOf(ledger, new Uint8Array(ledger.bars).fill(NO_RULE), new Float32Array());
  }
}

function passOf(ledger: Ledger, stoppedBy: Uint8Array, behind: Float32Array): Pass {
  const { equity, position, actions, requested, decided, fills, trades, overridden } = ledger;
  return {
    equity,
    position,
    actions,
    requested,
    decided,
    fills,
    trades,
    metrics: measure(ledger),
    overridden,
    stoppedBy,
    behind,
  };
}
