/**
 * Made-up markets with a known best policy, traded through TradingEnv with costs: one that always rises, a sine, and
 * one with a planted signal, for which dynamic programming on the conditional expectation gives the best policy.
 */
import { type AccountConfig, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import type { Agent } from '../../src/core/agent.ts';
import { cos, exp, log, sin } from '../../src/core/math.ts';
import { Rng } from '../../src/core/rng.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv, type TradingEnvConfig, type TradingMarket } from '../../src/env/trading-env.ts';
import { HOUR_MS } from './made-market.ts';

/** One unit is the whole account, so a policy is when to be in the market. */
export const TOY_ACCOUNT: AccountConfig = { ...DEFAULT_ACCOUNT, maxUnits: 1 };

/** A market whose bars open at the last close; `columns` are the market's features, (rows) each, already scaled. */
function marketOf(closes: Float64Array, columns: readonly Float64Array[], window = 4): TradingMarket {
  const rows = closes.length;
  const marketWidth = columns.length;
  const width = marketWidth + 4;
  const open = closes.map((close, i) => (i === 0 ? close : closes[i - 1]));
  const timeMs = closes.map((_, i) => Date.UTC(2024, 0, 1) + i * HOUR_MS);
  const data = new Float32Array(rows * width);
  columns.forEach((column, c) => {
    for (let i = 0; i < rows; i++) data[i * width + c] = column[i];
  });
  return {
    series: {
      ...{ venue: 'toy', symbol: 'TOY', timeframeMs: HOUR_MS, length: rows, timeMs, open, close: closes },
      ...{
        high: closes.map((close, i) => Math.max(close, open[i])),
        low: closes.map((close, i) => Math.min(close, open[i])),
      },
      ...{ volume: new Float64Array(rows).fill(1), trades: null, trends: null, filled: new Uint8Array(rows) },
    },
    table: {
      ...{ columns: Array.from({ length: width }, (_, c) => `c${c}`), signature: `toy${width}`, width, marketWidth },
      ...{ window, rows, data, timeMs, extraScale: 1, clippedShare: new Float32Array(rows) },
      decidable: Uint8Array.from({ length: rows }, (_, i) => (i >= window - 1 ? 1 : 0)),
    },
    from: 0,
    to: rows,
  };
}

/** Rises by 0.5 % a bar; the best policy buys and holds. */
export function alwaysUpMarket(rows = 400): TradingMarket {
  const closes = Float64Array.from({ length: rows }, (_, i) => 100 * exp(0.005 * i));
  return marketOf(closes, [new Float64Array(rows).fill(0.5)]);
}

/** A swing of +-5 % every 24 bars, with the phase in the columns; the best policy rides each rise. */
export function sineMarket(rows = 480): TradingMarket {
  const phase = Float64Array.from({ length: rows }, (_, i) => ((i % 24) / 24) * 6.283185307179586);
  return marketOf(
    phase.map((angle) => 100 * exp(0.05 * sin(angle))),
    [phase.map((angle) => 0.5 + 0.5 * sin(angle)), phase.map((angle) => 0.5 + 0.5 * cos(angle))],
  );
}

/** Earnings of the policy that is long exactly where the next bar rises, with `trades` round trips of costs. */
export function sineBest(rows = 480, account = TOY_ACCOUNT): number {
  const { close } = sineMarket(rows).series;
  let total = 0;
  for (let i = 4; i < rows; i++) total += Math.max(0, log(close[i] / close[i - 1]));
  return total + Math.floor(rows / 24) * (entryCost(account) + exitCost(account));
}

const entryCost = ({ feeRate, slippageRate }: AccountConfig) => -log((1 + feeRate) * (1 + slippageRate));
const exitCost = ({ feeRate, slippageRate }: AccountConfig) => log((1 - feeRate) * (1 - slippageRate));

export interface PlantedWorld {
  readonly market: TradingMarket;
  /** (rows) E[ln(close[t+1] / close[t])] given what is known at the close of t. */
  readonly drift: Float64Array;
  /** The action of the best policy at a row, given the units held. */
  oracle(row: number, units: number): Action;
}

export interface PlantedOptions {
  readonly seed: number;
  readonly rows: number;
  /** Of the signal with the next log return. */
  readonly correlation?: number;
  /** Of the signal with itself, a bar later: an AR(1) of unit variance. */
  readonly persistence?: number;
  readonly volatility?: number;
  /** Shows the signal of a random other bar: nothing can be learned, and the oracle's view is unchanged. */
  readonly shuffled?: boolean;
}

export function plantedWorld(options: PlantedOptions, account = TOY_ACCOUNT): PlantedWorld {
  const { seed, rows, correlation = 0.3, persistence = 0.9, volatility = 0.01, shuffled = false } = options;
  const rng = new Rng(seed);
  const signal = new Float64Array(rows);
  const closes = new Float64Array(rows);
  const noise = new Float64Array(rows);
  const rest = Math.sqrt(1 - correlation * correlation);
  signal[0] = rng.normal();
  closes[0] = 100;
  for (let i = 1; i < rows; i++) {
    closes[i] = closes[i - 1] * exp(volatility * (correlation * signal[i - 1] + rest * rng.normal()));
    signal[i] = persistence * signal[i - 1] + Math.sqrt(1 - persistence * persistence) * rng.normal();
    noise[i] = 0.5 + 0.2 * rng.normal();
  }
  const shown = signal.map((x) => Math.max(0, Math.min(1, 0.5 + x / 6)));
  if (shuffled) rng.shuffle(shown);
  const wait = solveOracle(persistence, correlation * volatility, account);
  return {
    market: marketOf(closes, [shown, noise]),
    drift: signal.map((x) => correlation * volatility * x),
    oracle(row, units) {
      const held = wait(signal[row], units > 0);
      if (held === units > 0) return HOLD;
      return held ? BUY : SELL;
    },
  };
}

/**
 * Relative value iteration (White 1963) for the greatest average log return: states are the signal on a grid and
 * whether one is in the market, the AR(1)'s transitions as Tauchen (Economics Letters 20, 1986) discretises them.
 * @returns whether to be in the market in the next bar
 */
function solveOracle(
  persistence: number,
  driftOfUnit: number,
  account: AccountConfig,
): (x: number, held: boolean) => boolean {
  const points = 61;
  const reach = 4;
  const gap = (2 * reach) / (points - 1);
  const grid = Array.from({ length: points }, (_, i) => -reach + i * gap);
  const variance = 1 - persistence * persistence;
  const transitions = grid.map((x) => {
    const row = grid.map((y) => exp(-((y - persistence * x) ** 2) / (2 * variance)));
    const sum = row.reduce((total, p) => total + p, 0);
    return row.map((p) => p / sum);
  });
  const enter = entryCost(account);
  const leave = exitCost(account);
  let flat = grid.map(() => 0);
  let held = grid.map(() => 0);
  for (let n = 0; n < 1000; n++) {
    const mean = (values: number[]) => transitions.map((row) => row.reduce((sum, p, j) => sum + p * values[j], 0));
    const [laterFlat, laterHeld] = [mean(flat), mean(held)];
    const stay = grid.map((x, i) => driftOfUnit * x + laterHeld[i]);
    const base = Math.max(laterFlat[0], enter + stay[0]);
    flat = grid.map((_, i) => Math.max(laterFlat[i], enter + stay[i]) - base);
    held = grid.map((_, i) => Math.max(leave + laterFlat[i], stay[i]) - base);
  }
  // The policy is two thresholds on the signal: flat V = enter + held V, and held V = leave + flat V.
  const worth = grid.map((x, i) => {
    const mean = (values: number[]) => transitions[i].reduce((sum, p, j) => sum + p * values[j], 0);
    return driftOfUnit * x + mean(held) - mean(flat);
  });
  const crossing = (level: number) => {
    const i = worth.findIndex((value) => value > level);
    return grid[i - 1] + (gap * (level - worth[i - 1])) / (worth[i] - worth[i - 1]);
  };
  const buyAbove = crossing(-enter);
  const sellBelow = crossing(leave);
  return (x, isHeld) => x > (isHeld ? sellBelow : buyAbove);
}

/** A TradingEnv over a toy market; the default is one for training. */
export function toyTradingEnv(market: TradingMarket, options: Partial<TradingEnvConfig> = {}): TradingEnv {
  return new TradingEnv({
    markets: [market],
    count: 8,
    account: TOY_ACCOUNT,
    reward: rewardNamed('market-order'),
    rewardScale: 100,
    starts: 'random',
    maxEpisodeSteps: 200,
    ...options,
  });
}

export interface Earnings {
  /** Sum of log returns after costs. */
  readonly realised: number;
  /** The same with each bar's return replaced by its conditional expectation: a policy's worth without luck. */
  readonly expected: number;
  readonly trades: number;
}

/** Plays a market once, from its first bar to its last. */
export function playThrough(
  market: TradingMarket,
  policy: (row: number, units: number, env: TradingEnv) => Action,
  drift: Float64Array | null = null,
  account = TOY_ACCOUNT,
): Earnings {
  const env = toyTradingEnv(market, { count: 1, account, starts: 'sequential', maxEpisodeSteps: 0, rewardScale: 1 });
  env.reset(0);
  const traded = env.accounts[0];
  const actions = new Uint8Array(1);
  let realised = 0;
  let expected = 0;
  let trades = 0;
  for (let ended = false; !ended; ) {
    const row = env.bars[0];
    const asked = policy(row, traded.units, env);
    const action = env.masks[asked] === 1 ? asked : HOLD;
    if (action === BUY) trades++;
    if (action === BUY) expected += entryCost(account);
    if (action === SELL) expected += exitCost(account);
    const holds = action === HOLD ? traded.units > 0 : action === BUY;
    actions[0] = action;
    env.step(actions);
    if (holds && drift !== null) expected += drift[row];
    realised += env.rewards[0];
    ended = env.terminated[0] + env.truncated[0] > 0;
  }
  return { realised, expected, trades };
}

/** An agent's greedy policy, for `playThrough`. */
export function policyOf(agent: Agent): (row: number, units: number, env: TradingEnv) => Action {
  return (_row, _units, env) => agent.getAction({ values: env.obs, mask: env.masks });
}
