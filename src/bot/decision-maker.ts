/**
 * From a closed candle to an order, for one symbol: features, then the decision step that training and backtest make,
 * then its record. It does no input and output, so the running bot and `verify` make each decision by the same lines.
 */
import type { Account } from '../core/account.ts';
import type { Agent } from '../core/agent.ts';
import type { Candle } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import type { Shield } from '../core/shield.ts';
import { countGapBars, type DecisionBar, type RuntimeFacts } from '../decision/facts.ts';
import type { Limits } from '../decision/limits.ts';
import type { DecisionRecord } from '../decision/record.ts';
import { DecisionStep } from '../decision/step.ts';
import { ACCOUNT_COLUMNS } from '../features/observation.ts';
import type { RealTimeFeatureEng, RealTimeRow } from '../features/realtime.ts';
import { recordDecision } from './record-decision.ts';

export interface Decision {
  /** Signed base quantity; 0 for none. */
  readonly order: number;
  readonly flatten: boolean;
  /** Everything the decision was based on and came to, for the journal. */
  readonly record: DecisionRecord;
}

export class DecisionMaker {
  readonly features: RealTimeFeatureEng;
  readonly #agent: Agent;
  readonly #timeframeMs: number;
  readonly #step: DecisionStep;
  #candle: Candle | null = null;
  #row: RealTimeRow | null = null;
  /** Open times of the last bars, newest last. */
  #times: Float64Array = new Float64Array(0);

  constructor(options: {
    readonly account: Account;
    readonly features: RealTimeFeatureEng;
    readonly agent: Agent;
    readonly shield: Shield;
    readonly timeframeMs: number;
    readonly limits: Limits;
  }) {
    const { account, features, shield, limits } = options;
    this.features = features;
    this.#agent = options.agent;
    this.#timeframeMs = options.timeframeMs;
    const columns = new Float32Array(Math.max(features.width - features.marketWidth, ACCOUNT_COLUMNS.length));
    this.#step = new DecisionStep({ account, shield, layout: features, bar: () => this.#bar(), columns, limits });
  }

  /** Bounds of new risk, whatever the shield's profile. */
  get limits(): Limits {
    return this.#step.limits;
  }

  set limits(limits: Limits) {
    this.#step.limits = limits;
  }

  /** Takes a candle that is decided elsewhere or not at all: warm-up and replay. */
  observe(candle: Candle): RealTimeRow {
    const keep = this.#times.length < this.features.window ? 0 : 1;
    this.#times = Float64Array.of(...this.#times.subarray(keep), candle.timeMs);
    this.#candle = candle;
    this.#row = this.features.update(candle);
    return this.#row;
  }

  /** The account is booked and marked at the candle's close. */
  decide(candle: Candle, runtime: RuntimeFacts): Decision {
    const { decidable } = this.observe(candle);
    const step = this.#step;
    step.runtime = runtime;
    if (decidable) this.features.observe(null, step.values);
    const { asked, order } = step.decide(decidable ? (obs) => this.#agent.decide(obs) : null);
    const record = recordDecision({ candle, decidable, bar: this.#bar(), layout: this.features, step, asked, order });
    return { order, flatten: step.flatten, record };
  }

  /** All that later decisions see of the candles so far. */
  save(): Json {
    return { features: this.features.save(), times: Array.from(this.#times) };
  }

  /** @throws Error where the state is of other columns or another window */
  restore(saved: Json): void {
    const { features, times } = saved as { features: Json; times: number[] };
    this.features.restore(features);
    this.#times = Float64Array.from(times);
  }

  #gapBars(): number {
    return countGapBars(this.#times, this.#times.length - 1, this.#timeframeMs, this.features.window);
  }

  #bar(): DecisionBar {
    const { timeMs, open, high, low, close } = this.#candle as Candle;
    const { clippedShare } = this.#row as RealTimeRow;
    const timeframeMs = this.#timeframeMs;
    const bar = { timeMs: timeMs + timeframeMs, timeframeMs, open, high, low, close };
    return { ...bar, clippedShare, gapBars: this.#gapBars() };
  }
}
