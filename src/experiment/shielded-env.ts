/**
 * A trading environment in which each account has a shield: what the shield would turn into HOLD is masked before an
 * agent samples, so its log-probability, its entropy and its best Q-value are those of the allowed actions. A halt
 * closes the position and ends nothing: the rest of the episode is HOLD.
 *
 * The last observation of an episode keeps the account's own mask. Stops within a bar are the account's business and
 * are not simulated here.
 */
import { type Action, BUY, HOLD, SELL } from '../core/action.ts';
import { describeDecision } from '../core/decision-facts.ts';
import { assert, InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { DecisionFacts } from '../core/safety.ts';
import type { TradingEnv } from '../env/trading-env.ts';
import type { VectorEnv } from '../env/vector-env.ts';
import { type Shield, shieldMask } from '../shield/index.ts';

export class ShieldedEnv implements VectorEnv {
  readonly count: number;
  readonly timeframe: number;
  readonly features: number;
  readonly extraWidth: number;
  readonly table: Float32Array;
  readonly obs: Float32Array;
  readonly masks: Uint8Array;
  readonly bars: Int32Array;
  readonly extras: Float32Array;
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly finalObs: Float32Array;
  readonly finalMasks: Uint8Array;
  readonly finalBars: Int32Array;
  readonly finalExtras: Float32Array;

  readonly #env: TradingEnv;
  readonly #shields: readonly Shield[];
  /** (count) what the shields made of the agent's requests. */
  readonly #finals: Uint8Array;

  /** @throws InputError for an environment that keeps no accounts: there is nothing to protect. */
  constructor(env: TradingEnv, makeShield: () => Shield) {
    if (env.config.reward.kind !== 'account' && env.extraWidth === 0)
      throw new InputError('a shield can only mask a training with an account: choose another reward or no shield');
    this.#env = env;
    this.#shields = Array.from({ length: env.count }, makeShield);
    this.#finals = new Uint8Array(env.count);
    this.count = env.count;
    this.timeframe = env.timeframe;
    this.features = env.features;
    this.extraWidth = env.extraWidth;
    this.table = env.table;
    this.obs = env.obs;
    this.masks = env.masks;
    this.bars = env.bars;
    this.extras = env.extras;
    this.rewards = env.rewards;
    this.terminated = env.terminated;
    this.truncated = env.truncated;
    this.finalObs = env.finalObs;
    this.finalMasks = env.finalMasks;
    this.finalBars = env.finalBars;
    this.finalExtras = env.finalExtras;
  }

  reset(seed: number): void {
    this.#env.reset(seed);
    for (let i = 0; i < this.count; i++) this.#begin(i);
  }

  step(actions: Uint8Array | Int32Array): void {
    for (let i = 0; i < this.count; i++) {
      const asked = { action: actions[i] as Action, probabilities: null, qValues: null };
      const { final, flatten } = this.#shields[i].decide(asked, this.#describe(i));
      const { units } = this.#env.accounts[i];
      this.#finals[i] = !flatten ? final : units > 0 ? SELL : units < 0 ? BUY : HOLD;
    }
    this.#env.step(this.#finals);
    for (let i = 0; i < this.count; i++) {
      if (this.terminated[i] === 1 || this.truncated[i] === 1) this.#begin(i);
      else this.#mask(i);
    }
  }

  writeObservation(bar: number, extras: Float32Array, from: number, out: Float32Array, to: number): void {
    this.#env.writeObservation(bar, extras, from, out, to);
  }

  saveState(): Json {
    return { env: this.#env.saveState(), shields: this.#shields.map((shield) => shield.saveState()) };
  }

  restoreState(state: Json): void {
    const { env, shields } = state as { env: Json; shields: Json[] };
    assert(shields?.length === this.count, `state of ${shields?.length} shields for ${this.count}`);
    this.#env.restoreState(env);
    for (let i = 0; i < this.count; i++) {
      this.#shields[i].restoreState(shields[i]);
      this.#mask(i);
    }
  }

  /** An episode's account is a new one, so nothing of the last one's shield is kept. */
  #begin(index: number): void {
    this.#shields[index].reset({ person: true });
    this.#mask(index);
  }

  #mask(index: number): void {
    shieldMask(this.#shields[index], this.#describe(index), this.masks.subarray(3 * index, 3 * index + 3));
  }

  #describe(index: number): DecisionFacts {
    const { markets } = this.#env.config;
    // The markets' rows lie behind each other.
    let row = this.bars[index];
    let market = 0;
    while (row >= markets[market].table.rows) row -= markets[market++].table.rows;
    const { series, table } = markets[market];
    const window = this.timeframe * this.features;
    return describeDecision(this.#env.accounts[index], {
      timeMs: series.timeMs[row] + series.timeframeMs,
      timeframeMs: series.timeframeMs,
      open: series.open[row],
      high: series.high[row],
      low: series.low[row],
      close: series.close[row],
      window: this.obs.subarray(index * window, (index + 1) * window),
      timeframe: this.timeframe,
      clippedShare: table.clippedShare[row],
      gapBars: 0,
      dataAgeMs: 0,
      unknownState: false,
      spread: Number.NaN,
      lastSlippage: Number.NaN,
    });
  }
}
