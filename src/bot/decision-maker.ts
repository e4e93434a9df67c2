/**
 * From a closed candle to an order, for one symbol: features, observation, agent, shield, account. It does no
 * input and output, so the running bot and `verify` make each decision by the same lines.
 */
import { createHash } from 'node:crypto';
import { type Account, writeAccountColumns } from '../core/account.ts';
import { HOLD } from '../core/action.ts';
import type { Agent, AgentDecision } from '../core/agent.ts';
import type { Candle } from '../core/candle.ts';
import { countGapBars, describeDecision } from '../core/decision-facts.ts';
import type { Json } from '../core/json.ts';
import type { Shield, ShieldDecision } from '../core/shield.ts';
import { ACCOUNT_COLUMNS } from '../features/observation.ts';
import type { RealTimeFeatureEng } from '../features/realtime.ts';
import { encodeCandle, toExactJson } from './entries.ts';

/** What only the running bot knows at a decision; `verify` reads it from the journal. */
export interface RuntimeFacts {
  readonly dataAgeMs: number;
  /** Why orders or the position are not certain; null while they are. */
  readonly unresolved: string | null;
  readonly spread: number;
  readonly lastSlippage: number;
  /** Why everything is halted; null while it isn't. */
  readonly halted: string | null;
}

export interface Decision {
  /** Signed base quantity; 0 for none. */
  readonly order: number;
  readonly flatten: boolean;
  readonly shield: ShieldDecision;
  /** Everything the decision was based on and came to, for the journal. */
  readonly record: Json;
}

const NOTHING: AgentDecision = { action: HOLD, probabilities: null, qValues: null };

export class DecisionMaker {
  readonly features: RealTimeFeatureEng;
  readonly #agent: Agent;
  readonly #shield: Shield;
  readonly #timeframeMs: number;
  /** Older data than this opens nothing, whatever the shield's profile. */
  readonly #maxDataAgeMs: number;
  readonly #values: Float32Array;
  /** The account's columns, and the shield's for an agent that was trained to see what it allows. */
  readonly #columns: Float32Array;
  readonly #mask = new Uint8Array(3);
  /** Open times of the last bars, newest last. */
  #times: Float64Array = new Float64Array(0);

  constructor(options: {
    readonly features: RealTimeFeatureEng;
    readonly agent: Agent;
    readonly shield: Shield;
    readonly timeframeMs: number;
    readonly maxDataAgeMs: number;
  }) {
    this.features = options.features;
    this.#agent = options.agent;
    this.#shield = options.shield;
    this.#timeframeMs = options.timeframeMs;
    this.#maxDataAgeMs = options.maxDataAgeMs;
    const { window, width, marketWidth } = options.features;
    this.#values = new Float32Array(window * width);
    this.#columns = new Float32Array(Math.max(width - marketWidth, ACCOUNT_COLUMNS.length));
  }

  /** Takes a candle that is decided elsewhere or not at all: warm-up and replay. */
  observe(candle: Candle) {
    const keep = this.#times.length < this.features.window ? 0 : 1;
    this.#times = Float64Array.of(...this.#times.subarray(keep), candle.timeMs);
    return this.features.update(candle);
  }

  /** The account is booked and marked at the candle's close. */
  decide(candle: Candle, account: Account, runtime: RuntimeFacts): Decision {
    const bar = this.observe(candle);
    const { window, width, marketWidth } = this.features;
    const timeframeMs = this.#timeframeMs;
    writeAccountColumns(account, candle.close, window, this.#columns, 0);
    if (bar.decidable) this.features.observe(this.#columns, this.#values);
    else this.#values.fill(0);
    account.allowedActions(this.#mask);
    const facts = describeDecision(account, {
      timeMs: candle.timeMs + timeframeMs,
      timeframeMs,
      open: candle.open,
      high: candle.high,
      low: candle.low,
      close: candle.close,
      values: this.#values,
      window,
      clippedShare: bar.clippedShare,
      gapBars: countGapBars(this.#times, this.#times.length - 1, timeframeMs, window),
      dataAgeMs: runtime.dataAgeMs,
      unknownState: runtime.unresolved !== null,
      spread: runtime.spread,
      lastSlippage: runtime.lastSlippage,
    });
    if (bar.decidable && this.#columns.length > ACCOUNT_COLUMNS.length) {
      this.#shield.maskObservation?.(facts, this.#mask, this.#columns, ACCOUNT_COLUMNS.length);
      this.features.observe(this.#columns, this.#values);
    }
    const asked = bar.decidable ? this.#agent.decide({ values: this.#values, mask: this.#mask }) : NOTHING;
    const shield = this.#shield.decide(asked, facts);
    const flatten = shield.flatten || runtime.halted !== null;
    const wanted = flatten ? account.closingOrder : account.request(shield.final);
    const guard = this.#guard(wanted, account, runtime);
    const order = guard === null ? wanted : 0;
    const newest = (window - 1) * width;
    const record = toExactJson({
      candle: encodeCandle(candle),
      decidable: bar.decidable,
      windowHash: createHash('sha256').update(new Uint8Array(this.#values.buffer)).digest('hex'),
      row: this.#values.subarray(newest, newest + marketWidth),
      account: this.#columns,
      mask: this.#mask,
      clippedShare: bar.clippedShare,
      gapBars: facts.gapBars,
      runtime,
      equity: account.equity,
      position: account.position,
      units: account.units,
      action: asked.action,
      probabilities: asked.probabilities,
      qValues: asked.qValues,
      vetoed: asked.vetoed ?? null,
      shield,
      flatten,
      guard,
      order,
    });
    return { order, flatten, shield, record };
  }

  /** Why an order that the shield let through is not sent: new risk on old data, while something is unresolved, after a halt or the end. */
  #guard(order: number, account: Account, runtime: RuntimeFacts): string | null {
    if (Math.abs(account.position + order) <= Math.abs(account.position)) return null;
    if (account.ended) return 'account-ended';
    if (runtime.halted !== null) return 'halted';
    if (runtime.unresolved !== null) return 'unresolved';
    if (runtime.dataAgeMs > this.#maxDataAgeMs) return 'stale-data';
    return null;
  }
}
