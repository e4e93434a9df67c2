/**
 * Trading as a reinforcement-learning environment, vectorised: each of `count` environments trades one account through
 * an episode of consecutive bars of one market. A decision at the close of bar t fills at the open of t+1 and is paid
 * at the close of t+1. An episode terminates when the account is liquidated or ruined, and is truncated by the end of
 * its rows, by a bar at which nothing can be decided (a gap), and after `maxEpisodeSteps`.
 *
 * The tables of all markets lie behind each other in the very array that holds the observations, at the observation's
 * width, so a window is moved by one `copyWithin`, and no object or array is allocated per step. (V8 boxes some numbers at
 * calls that it doesn't inline; they die young.)
 */
import { Account, type AccountConfig } from '../core/account.ts';
import { ACTION_COUNT, type Action } from '../core/action.ts';
import { PLAIN } from '../core/agent.ts';
import type { CandleSeries } from '../core/candle.ts';
import { assert, InputError } from '../core/errors.ts';
import { decodeNumber, encodeNumber } from '../core/exact-json.ts';
import type { Json } from '../core/json.ts';
import { Rng } from '../core/rng.ts';
import type { Shield } from '../core/shield.ts';
import type { DecisionBar } from '../decision/facts.ts';
import { DecisionStep } from '../decision/step.ts';
import { type ScaledTable, writeObservation } from '../features/observation.ts';
import { type MarketOutcomes, requireNoMask, requireStepReward, tabulateOutcomes } from './outcomes.ts';
import type { Reward } from './rewards/reward.ts';
import type { VectorEnv } from './vector-env.ts';

/** Rows [from, to) of one market. Windows may reach back before `from`, a reward's horizon beyond `to`. */
export interface TradingMarket {
  readonly series: CandleSeries;
  readonly table: ScaledTable;
  readonly from: number;
  readonly to: number;
}

/** What a trading environment is made of. */
export interface TradingEnvConfig {
  readonly markets: readonly TradingMarket[];
  readonly count: number;
  readonly account: AccountConfig;
  readonly reward: Reward;
  /** Rewards are multiplied by it: Q-values of a thousandth drown in a network's initial noise. */
  readonly rewardScale: number;
  /** Where episodes begin: anywhere, or where the last one ended (the environments spread evenly over the rows). */
  readonly starts: 'random' | 'sequential';
  /** Steps after which an episode is truncated; 0 for none. */
  readonly maxEpisodeSteps: number;
  /**
   * Makes a shield for each account: what it denies is masked, its protective levels hold within a bar, and what
   * decides it is in the observation where the tables have columns for it. A halt ends the episode once the account is
   * flat, since all that could follow is HOLD.
   */
  readonly shield?: () => Shield;
}

/**
 * The trading environment (Gymnasium's vector semantics): `reset`, then `step` with an action an environment; arrays are
 * reused, nothing is allocated a step. Shapes: obs (count, window, features), masks (count, 3), rewards (count).
 * @throws InputError where a market has no bar at which something can be decided
 * @example
 * env.reset(1);
 * env.step(new Uint8Array(env.count).fill(HOLD));
 * env.rewards.every((reward) => reward === 0); // => true
 */
export class TradingEnv implements VectorEnv {
  readonly config: TradingEnvConfig;
  readonly count: number;
  readonly window: number;
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
  /** (count) what each environment trades with; to be looked at, not to be traded. */
  readonly accounts: readonly Account[];

  /** The table's rows, then obs, then finalObs. */
  readonly #frames: Float32Array;
  /** (rows) of all markets. */
  readonly #open: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #close: Float64Array;
  readonly #elapsedMs: Float64Array;
  /** (rows) 1 where a decision can be made, filled and paid. */
  readonly #playable: Uint8Array;
  /** The playable rows, ascending. */
  readonly #starts: Int32Array;
  /** (rows, 3) for a reward that is a property of the bar; else empty. */
  readonly #rewardTable: Float64Array;
  /**
   * False where nothing that the agent sees or earns depends on an account: a table reward without account columns.
   * Then no account is kept, so none can run dry, and every action is allowed.
   */
  readonly #trades: boolean;
  /** (count) what makes the decisions of each account. */
  readonly #decisions: readonly DecisionStep[];
  /** (rows) Unix ms of the bar's close, and the share of clipped columns; empty without shields. */
  readonly #closeMs: Float64Array;
  readonly #clippedShare: Float32Array;
  readonly #steps: Int32Array;
  /** (count) ln(equity) at the last close. */
  readonly #logEquity: Float64Array;
  /** One an environment: what the reward remembers of its episode. */
  readonly #memories: readonly Float64Array[];
  /** What a window's extra columns are multiplied by; `extras` are kept as they are. */
  readonly #extraScale: number;
  /** Made when it is asked for. */
  #outcomes: MarketOutcomes | null = null;
  readonly #rng = new Rng(0);

  /** @throws InputError where the markets don't fit each other or have no row to decide on. */
  constructor(config: TradingEnvConfig) {
    const { markets, count, reward } = config;
    if (markets.length === 0) throw new InputError('an environment needs at least one market');
    const { width, marketWidth, window, signature, extraScale } = markets[0].table;
    const rows = markets.reduce((sum, market) => sum + market.table.rows, 0);
    const windowSize = window * width;
    this.config = config;
    this.count = count;
    this.window = window;
    this.features = width;
    this.extraWidth = width - marketWidth;
    this.#extraScale = extraScale;
    this.#trades = reward.kind === 'account' || this.extraWidth > 0;

    this.#frames = new Float32Array(rows * width + 2 * count * windowSize);
    this.table = this.#frames.subarray(0, rows * width);
    this.obs = this.#frames.subarray(rows * width, rows * width + count * windowSize);
    this.finalObs = this.#frames.subarray(rows * width + count * windowSize);
    this.masks = new Uint8Array(count * ACTION_COUNT).fill(1);
    this.finalMasks = new Uint8Array(count * ACTION_COUNT).fill(1);
    this.bars = new Int32Array(count);
    this.finalBars = new Int32Array(count);
    this.extras = new Float32Array(count * this.extraWidth);
    this.finalExtras = new Float32Array(count * this.extraWidth);
    this.rewards = new Float64Array(count);
    this.terminated = new Uint8Array(count);
    this.truncated = new Uint8Array(count);
    this.accounts = Array.from({ length: count }, () => new Account(config.account));
    const remembered = reward.kind === 'account' ? reward.memory : 0;
    this.#memories = Array.from({ length: count }, () => new Float64Array(remembered));
    this.#decisions = this.#makeDecisions(markets[0].table);
    this.#closeMs = new Float64Array(config.shield === undefined ? 0 : rows);
    this.#clippedShare = new Float32Array(config.shield === undefined ? 0 : rows);
    this.#steps = new Int32Array(count);
    this.#logEquity = new Float64Array(count);

    this.#open = new Float64Array(rows);
    this.#high = new Float64Array(rows);
    this.#low = new Float64Array(rows);
    this.#close = new Float64Array(rows);
    this.#elapsedMs = new Float64Array(rows);
    this.#playable = new Uint8Array(rows);
    this.#rewardTable = new Float64Array(reward.kind === 'table' ? rows * ACTION_COUNT : 0);
    let offset = 0;
    for (const market of markets) {
      if (market.table.signature !== signature) {
        throw new InputError(
          `${market.series.symbol} has the columns ${market.table.signature}, ${markets[0].series.symbol} has ${signature}: train on one feature set`,
        );
      }
      this.#load(market, offset);
      offset += market.table.rows;
    }
    this.#starts = Int32Array.from(this.#playable.keys()).filter((row) => this.#playable[row] === 1);
    if (this.#starts.length === 0) {
      throw new InputError(
        `no bar of ${markets.map((market) => market.series.symbol).join(', ')} can be decided on and paid: give more history than the warm-up, the window (${window}) and the reward's horizon (${reward.horizon})`,
      );
    }
  }

  reset(seed: number): void {
    this.#rng.restore(new Rng(seed).save());
    this.rewards.fill(0);
    this.terminated.fill(0);
    this.truncated.fill(0);
    for (let i = 0; i < this.count; i++) {
      const spread = Math.floor((i * this.#starts.length) / this.count);
      this.#begin(i, this.config.starts === 'random' ? this.#randomStart() : this.#starts[spread]);
    }
  }

  step(actions: Uint8Array | Int32Array): void {
    const { rewardScale, maxEpisodeSteps, shield } = this.config;
    for (let i = 0; i < this.count; i++) {
      const reward = this.#advance(i, actions[i] as Action);
      const terminated =
        this.#trades && (this.accounts[i].ended || (shield !== undefined && this.#decisions[i].isOver));
      const cut = this.#playable[this.bars[i]] === 0 || this.#steps[i] === maxEpisodeSteps;
      this.rewards[i] = reward * rewardScale;
      this.terminated[i] = terminated ? 1 : 0;
      this.truncated[i] = cut && !terminated ? 1 : 0;
      this.#writeState(i);
      if (terminated || cut) {
        this.#keepFinalState(i);
        this.#begin(i, this.config.starts === 'random' ? this.#randomStart() : this.#startFrom(this.bars[i]));
      }
    }
  }

  writeObservation(
    bar: number,
    extras: Float32Array,
    extrasOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void {
    const { table: data, features: width, extraWidth, window } = this;
    writeObservation(
      { data, width, marketWidth: width - extraWidth, window, extraScale: this.#extraScale },
      bar,
      extras,
      extrasOffset,
      out,
      outOffset,
    );
  }

  outcomes(): MarketOutcomes {
    const { account, reward, rewardScale } = this.config;
    requireNoMask(this.config.shield !== undefined);
    requireStepReward(reward);
    const bars = {
      open: this.#open,
      high: this.#high,
      low: this.#low,
      close: this.#close,
      elapsedMs: this.#elapsedMs,
      playable: this.#playable,
      rewardTable: this.#rewardTable,
    };
    this.#outcomes ??= tabulateOutcomes(bars, account, reward, rewardScale);
    return this.#outcomes;
  }

  saveState(): Json {
    return {
      rng: this.#rng.save(),
      bars: Array.from(this.bars),
      steps: Array.from(this.#steps),
      accounts: this.accounts.map((account) => account.save()),
      ...(this.#memories[0].length === 0
        ? {}
        : { memories: this.#memories.map((memory) => Array.from(memory, encodeNumber)) }),
      ...(this.config.shield === undefined
        ? {}
        : { shields: this.#decisions.map(({ shield }) => shield?.saveState() ?? null) }),
    };
  }

  restoreState(state: Json): void {
    const saved = state as {
      rng: number[];
      bars: number[];
      steps: number[];
      accounts: Json[];
      memories?: Json[][];
      shields?: Json[];
      safety?: Json[];
    };
    // What trainings that were stopped before have.
    const shields = saved.shields ?? saved.safety;
    assert(saved.bars.length === this.count, `state of ${saved.bars.length} environments for ${this.count}`);
    this.#rng.restore(saved.rng);
    this.bars.set(saved.bars);
    this.#steps.set(saved.steps);
    for (let i = 0; i < this.count; i++) {
      this.accounts[i].restore(saved.accounts[i]);
      this.#logEquity[i] = this.accounts[i].logEquity;
      this.#memories[i].set(saved.memories?.[i].map(decodeNumber) ?? []);
      if (shields !== undefined) this.#decisions[i].shield?.restoreState(shields[i]);
      this.#writeState(i);
    }
  }

  /** Copies a market's rows in behind those of the others. */
  #load(market: TradingMarket, offset: number): void {
    const { series, table, from, to } = market;
    assert(series.length === table.rows, `${table.rows} feature rows for ${series.length} candles`);
    this.table.set(table.data, offset * table.width);
    this.#open.set(series.open, offset);
    this.#high.set(series.high, offset);
    this.#low.set(series.low, offset);
    this.#close.set(series.close, offset);
    const pays = this.config.reward.kind === 'table' ? this.config.reward.table(series, this.config.account) : null;
    if (pays !== null) this.#rewardTable.set(pays, offset * ACTION_COUNT);
    if (this.config.shield !== undefined) {
      this.#closeMs.set(
        series.timeMs.map((timeMs) => timeMs + series.timeframeMs),
        offset,
      );
      this.#clippedShare.set(table.clippedShare, offset);
    }
    for (let row = 1; row < series.length; row++) {
      this.#elapsedMs[offset + row] = series.timeMs[row] - series.timeMs[row - 1];
    }
    // Two decidable neighbours have no gap between them.
    for (let row = Math.max(0, from); row + 1 < Math.min(to, series.length); row++) {
      const decidable = table.decidable[row] === 1 && table.decidable[row + 1] === 1;
      if (decidable && !Number.isNaN(pays?.[row * ACTION_COUNT])) this.#playable[offset + row] = 1;
    }
  }

  #begin(index: number, row: number): void {
    this.bars[index] = row;
    this.#steps[index] = 0;
    this.accounts[index].reset(this.#close[row]);
    this.#logEquity[index] = this.accounts[index].logEquity;
    this.#memories[index].fill(0);
    this.#decisions[index].reset();
    this.#writeState(index);
  }

  #makeDecisions({ window, width, marketWidth, extraScale }: ScaledTable): DecisionStep[] {
    const { shield } = this.config;
    if (shield !== undefined && !this.#trades)
      throw new InputError(
        'a shield can only mask a training with an account: take another reward, account features, or no shield',
      );
    const { extraWidth } = this;
    const windowSize = window * width;
    // One for all: what each environment has of its own takes room in the cache.
    const layout = { window, width, marketWidth, extraScale };
    return this.accounts.map(
      (account, i) =>
        new DecisionStep({
          account,
          shield: shield?.() ?? null,
          layout,
          bar: () => this.#barOf(this.bars[i]),
          values: this.obs.subarray(i * windowSize, (i + 1) * windowSize),
          mask: this.masks.subarray(i * ACTION_COUNT, (i + 1) * ACTION_COUNT),
          columns: this.extras.subarray(i * extraWidth, (i + 1) * extraWidth),
          masks: true,
        }),
    );
  }

  #barOf(row: number): DecisionBar {
    return {
      timeMs: this.#closeMs[row],
      timeframeMs: this.config.markets[0].series.timeframeMs,
      open: this.#open[row],
      high: this.#high[row],
      low: this.#low[row],
      close: this.#close[row],
      clippedShare: this.#clippedShare[row],
      // An episode's windows have no gap.
      gapBars: 0,
    };
  }

  /** One bar for one environment. @returns the reward, unscaled */
  #advance(index: number, action: Action): number {
    const row = this.bars[index];
    const next = row + 1;
    const { reward, shield } = this.config;
    const account = this.accounts[index];
    const order = this.#trades ? this.#decisions[index].settle(PLAIN[action]) : 0;
    const idle = order === 0 && account.position === 0;
    this.bars[index] = next;
    this.#steps[index]++;
    if (this.#trades) {
      account.stepBar(
        order,
        this.#elapsedMs[next],
        this.#open[next],
        this.#high[next],
        this.#low[next],
        this.#close[next],
        shield === undefined ? null : this.#decisions[index].levels,
      );
    }
    if (reward.kind === 'table') return this.#rewardTable[row * ACTION_COUNT + action];
    // The equity of an account that holds nothing stays what it was, and so does its logarithm.
    const after = idle ? this.#logEquity[index] : account.logEquity;
    const logChange = after - this.#logEquity[index];
    this.#logEquity[index] = after;
    return reward.pay(account, action, logChange, this.#memories[index]);
  }

  /** Brings obs, masks and extras up to the environment's row and account. */
  #writeState(index: number): void {
    const { features } = this;
    const windowSize = this.window * features;
    const end = (this.bars[index] + 1) * features;
    this.#frames.copyWithin(this.table.length + index * windowSize, end - windowSize, end);
    if (this.#trades) this.#decisions[index].observe();
  }

  #keepFinalState(index: number): void {
    const { extraWidth } = this;
    const windowSize = this.window * this.features;
    const at = this.table.length + index * windowSize;
    this.#frames.copyWithin(at + this.count * windowSize, at, at + windowSize);
    this.finalBars[index] = this.bars[index];
    for (let a = 0; a < ACTION_COUNT; a++) {
      this.finalMasks[index * ACTION_COUNT + a] = this.masks[index * ACTION_COUNT + a];
    }
    for (let c = 0; c < extraWidth; c++) {
      this.finalExtras[index * extraWidth + c] = this.extras[index * extraWidth + c];
    }
  }

  #randomStart(): number {
    return this.#starts[this.#rng.integer(this.#starts.length)];
  }

  /** The first playable row from `row` on, around the end. */
  #startFrom(row: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle] < row) low = middle + 1;
      else high = middle;
    }
    return this.#starts[low === this.#starts.length ? 0 : low];
  }
}
