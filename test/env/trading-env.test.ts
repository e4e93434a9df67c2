import { describe, expect, it } from 'vitest';
import { Account, type AccountConfig, DEFAULT_ACCOUNT, writeAccountColumns } from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import { InputError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { rewardNamed } from '../../src/env/rewards/index.ts';
import { TradingEnv, type TradingEnvConfig } from '../../src/env/trading-env.ts';
import { makeMarket, makeSeries, makeTable } from './made-market.ts';

function makeEnv(config: Partial<TradingEnvConfig> = {}): TradingEnv {
  return new TradingEnv({
    markets: [makeMarket()],
    count: 2,
    account: DEFAULT_ACCOUNT,
    reward: rewardNamed('market-order'),
    rewardScale: 1,
    starts: 'random',
    maxEpisodeSteps: 0,
    ...config,
  });
}

const drawActions = (rng: Rng, actions: Uint8Array): Uint8Array => actions.map(() => rng.integer(3));

/** Everything that a step shows; of the final states, those that are valid. */
function snapshot(env: TradingEnv): unknown {
  const final = [...env.bars.keys()]
    .filter((i) => env.terminated[i] + env.truncated[i] > 0)
    .map((i) => [
      env.finalBars[i],
      env.finalMasks.slice(i * 3, i * 3 + 3),
      env.finalExtras.slice(i * env.extraWidth, (i + 1) * env.extraWidth),
      env.finalObs.slice((i * env.obs.length) / env.count, ((i + 1) * env.obs.length) / env.count),
    ]);
  const { obs, masks, bars, extras, rewards, terminated, truncated } = env;
  return structuredClone({ obs: obs.slice(), masks, bars, extras, rewards, terminated, truncated, final });
}

/** What an environment should do, step by step in the plainest way: a fresh account and its own windows. */
class PlainEnv {
  readonly market: ReturnType<typeof makeMarket>;
  readonly account: Account;
  row: number;
  constructor(market: ReturnType<typeof makeMarket>, config: AccountConfig, row: number) {
    this.market = market;
    this.row = row;
    this.account = new Account(config);
    this.account.reset(market.series.close[row]);
  }
  step(action: Action): number {
    const { series } = this.market;
    const before = this.account.equity;
    const t = ++this.row;
    const order = this.account.orderFor(action, series.close[t - 1]);
    const elapsed = series.timeMs[t] - series.timeMs[t - 1];
    this.account.stepBar(order, elapsed, series.open[t], series.high[t], series.low[t], series.close[t]);
    return Math.log(this.account.equity / before);
  }
  window(): number[] {
    const { series, table } = this.market;
    const extras = new Float32Array(4);
    writeAccountColumns(this.account, series.close[this.row], table.window, extras, 0);
    const rows = Array.from({ length: table.window }, (_, i) => this.row - table.window + 1 + i);
    return rows.flatMap((row) => [
      ...table.data.subarray(row * table.width, row * table.width + table.marketWidth),
      ...extras,
    ]);
  }
}

describe('TradingEnv', () => {
  it.each(['spot', 'margin'] as const)('equals a plain recomputation (%s)', (mode) => {
    const account = { ...DEFAULT_ACCOUNT, mode, maxUnits: 2 };
    const markets = [makeMarket({ seed: 3, gaps: [150] }), makeMarket({ seed: 4, rows: 200 })];
    const env = makeEnv({ markets, account, count: 3, maxEpisodeSteps: 40, rewardScale: 100 });
    const rng = new Rng(9);
    const actions = new Uint8Array(3);
    const plain = (bar: number) =>
      bar < 300 ? new PlainEnv(markets[0], account, bar) : new PlainEnv(markets[1], account, bar - 300);
    env.reset(5);
    const plains = [...env.bars].map(plain);
    for (let n = 0; n < 2000; n++) {
      for (let i = 0; i < 3; i++) actions[i] = rng.integer(3);
      env.step(actions);
      for (let i = 0; i < 3; i++) {
        const reward = plains[i].step(actions[i] as Action);
        expect(env.rewards[i]).toBeCloseTo(100 * reward, 8);
        const ended = env.terminated[i] + env.truncated[i] > 0;
        const obs = (ended ? env.finalObs : env.obs).subarray(i * 84, i * 84 + 84);
        expect([...obs]).toEqual(plains[i].window());
        if (ended) plains[i] = plain(env.bars[i]);
      }
    }
  });

  it('never crosses a gap, a market or a fold', () => {
    const markets = [
      { ...makeMarket({ gaps: [150] }), from: 40, to: 200 },
      { ...makeMarket({ seed: 2 }), from: 10, to: 60 },
    ];
    const env = makeEnv({ markets, count: 1, starts: 'sequential' });
    env.reset(0);
    const ends: number[] = [];
    const visited = new Set<number>();
    for (let n = 0; n < 400; n++) {
      visited.add(env.bars[0]);
      env.step(Uint8Array.of(HOLD));
      if (env.truncated[0] === 1) ends.push(env.finalBars[0]);
    }
    expect(ends.slice(0, 3)).toEqual([149, 199, 359]);
    const playable = [
      [40, 148],
      [162, 198],
      [312, 358],
    ].flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i));
    expect([...visited].sort((a, b) => a - b)).toEqual(playable);
  });

  it('truncates after maxEpisodeSteps and goes on from there when sequential', () => {
    const env = makeEnv({ count: 1, starts: 'sequential', maxEpisodeSteps: 10 });
    env.reset(0);
    const first = env.bars[0];
    for (let n = 0; n < 10; n++) {
      expect(env.truncated[0]).toBe(0);
      env.step(Uint8Array.of(BUY));
    }
    expect([env.truncated[0], env.finalBars[0], env.bars[0]]).toEqual([1, first + 10, first + 10]);
    expect(env.finalExtras[0]).toBe(1);
    expect(env.finalMasks).toEqual(Uint8Array.of(1, 0, 1));
    expect([...env.extras]).toEqual([0, 0, 0, 0]);
    expect([...env.masks]).toEqual([0, 1, 1]);
  });

  it('terminates, and does not truncate, when the account is ruined', () => {
    /** Steps to the end of an episode that spends itself on fees. */
    const ruin = (maxEpisodeSteps: number): { steps: number; env: TradingEnv } => {
      const env = makeEnv({ account: { ...DEFAULT_ACCOUNT, feeRate: 0.5, maxUnits: 1 }, count: 1, maxEpisodeSteps });
      env.reset(1);
      for (let steps = 1; ; steps++) {
        env.step(Uint8Array.of(steps % 2 === 1 ? BUY : SELL));
        if (env.terminated[0] + env.truncated[0] > 0) return { steps, env };
      }
    };
    const { steps, env } = ruin(0);
    expect([env.terminated[0], env.truncated[0]]).toEqual([1, 0]);
    expect(Number.isFinite(env.rewards[0])).toBe(true);
    // The account's end counts, where both come in one step.
    const both = ruin(steps);
    expect([both.steps, both.env.terminated[0], both.env.truncated[0]]).toEqual([steps, 1, 0]);
  });

  it('spreads sequential environments evenly over the rows', () => {
    const env = makeEnv({ count: 4, starts: 'sequential' });
    env.reset(0);
    // Rows 12 to 298 can be decided on and filled.
    expect([...env.bars]).toEqual([12, 83, 155, 227]);
  });

  it('replays a state from its row and floats', () => {
    const env = makeEnv({ count: 4 });
    env.reset(3);
    const rng = new Rng(1);
    const out = new Float32Array(1 + 84);
    for (let n = 0; n < 200; n++) {
      env.step(drawActions(rng, new Uint8Array(4)));
      for (let i = 0; i < 4; i++) {
        env.writeObservation(env.bars[i], env.extras, i * env.extraWidth, out, 1);
        expect(out.subarray(1)).toEqual(env.obs.subarray(i * 84, i * 84 + 84));
      }
    }
  });

  it.each(['random', 'sequential'] as const)('goes on from a saved state as if undisturbed (%s)', (starts) => {
    const account = { ...DEFAULT_ACCOUNT, mode: 'margin' as const };
    const make = () => makeEnv({ count: 3, starts, account, maxEpisodeSteps: 17 });
    const undisturbed = make();
    undisturbed.reset(7);
    let resumed = make();
    resumed.reset(7);
    const rng = new Rng(2);
    for (let n = 0; n < 300; n++) {
      const actions = drawActions(rng, new Uint8Array(3));
      undisturbed.step(actions);
      resumed.step(actions);
      expect(snapshot(resumed)).toEqual(snapshot(undisturbed));
      const state = JSON.parse(JSON.stringify(resumed.saveState()));
      resumed = make();
      resumed.restoreState(state);
      expect([resumed.obs, resumed.masks, resumed.extras]).toEqual([
        undisturbed.obs,
        undisturbed.masks,
        undisturbed.extras,
      ]);
    }
  });

  it('gives the same for the same seed, and something else for another', () => {
    const run = (seed: number) => {
      const env = makeEnv();
      env.reset(seed);
      const rng = new Rng(1);
      return Array.from({ length: 50 }, () => {
        env.step(drawActions(rng, new Uint8Array(2)));
        return snapshot(env);
      });
    };
    expect(run(11)).toEqual(run(11));
    expect(run(11)).not.toEqual(run(12));
  });

  it('does not see the future: changing it changes nothing before', () => {
    const cut = 180;
    const play = (tail: number) => {
      const series = makeSeries(1, 300);
      for (const column of [series.open, series.high, series.low, series.close]) {
        for (let i = cut; i < 300; i++) column[i] *= tail;
      }
      const market = { series, table: makeTable(series, 12, 3), from: 0, to: 300 };
      const env = makeEnv({ markets: [market], count: 1, starts: 'sequential' });
      env.reset(0);
      const rng = new Rng(4);
      const seen: unknown[] = [];
      while (env.bars[0] < cut - 1) {
        env.step(drawActions(rng, new Uint8Array(1)));
        seen.push(snapshot(env));
      }
      return seen;
    };
    expect(play(3)).toEqual(play(1));
  });

  it('keeps no account where a reward of the bar alone needs none', () => {
    const markets = [makeMarket({ accounts: false })];
    const account = { ...DEFAULT_ACCOUNT, feeRate: 0.3 };
    const env = makeEnv({ markets, account, reward: rewardNamed('smurf(horizon)'), starts: 'sequential', count: 1 });
    env.reset(0);
    for (let n = 0; n < 250; n++) {
      env.step(Uint8Array.of(n % 2 === 0 ? BUY : SELL));
      expect([...env.masks, env.terminated[0]]).toEqual([1, 1, 1, 0]);
      expect(Number.isFinite(env.rewards[0])).toBe(true);
      if (env.truncated[0] === 1) expect(env.finalBars[0]).toBe(280);
    }
  });

  it('refuses markets that do not fit or have nothing to decide on', () => {
    expect(() => makeEnv({ markets: [makeMarket(), makeMarket({ marketWidth: 5 })] })).toThrow(InputError);
    expect(() => makeEnv({ markets: [{ ...makeMarket(), to: 12 }] })).toThrow(/no bar of MADE1/);
  });
});
