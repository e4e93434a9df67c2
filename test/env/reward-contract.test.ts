/** The contract of rewards, walked over the list: `reward-cases/NAME.ts` holds what is known of each. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import { Rng } from '../../src/core/rng.ts';
import { REWARDS, rewardNamed } from '../../src/env/rewards/index.ts';
import type { Reward } from '../../src/env/rewards/reward.ts';
import { TradingEnv, type TradingMarket } from '../../src/env/trading-env.ts';
import { HOUR_MS, makeSeries, makeTable } from './made-market.ts';
import type { Episode, RewardCase } from './reward-cases/reward-case.ts';

const WINDOW = 4;
const STEPS = 2400;
const EPISODE = 60;

function marketOf(seed: number, change: (series: ReturnType<typeof makeSeries>) => void = () => {}): TradingMarket {
  const series = makeSeries(seed, 900, [400]);
  change(series);
  return { series, table: makeTable(makeSeries(seed, 900, [400]), WINDOW, 2), from: 0, to: 900 };
}

function makeEnv(reward: Reward, mode: 'spot' | 'margin', market = marketOf(5)): TradingEnv {
  return new TradingEnv({
    ...{ markets: [market], count: 2, reward, rewardScale: 1, starts: 'random', maxEpisodeSteps: EPISODE },
    account: { ...DEFAULT_ACCOUNT, mode },
  });
}

/** Actions that build positions, hold them and close them, drawn from a seed. */
function draw(rng: Rng, units: number): Action {
  const at = rng.uniform();
  return at < 0.6 ? HOLD : units === 0 ? (at < 0.8 ? BUY : SELL) : at < 0.75 ? BUY : at < 0.9 ? SELL : HOLD;
}

/** Plays environment 0 (the other is beside it, and must not be mixed up with it), episode by episode. */
function play(env: TradingEnv, seed: number): { episode: Episode; paid: number[] }[] {
  const rng = new Rng(seed);
  const { series } = env.config.markets[0];
  const { account } = env.config;
  const played: { episode: Episode; paid: number[] }[] = [];
  env.reset(seed);
  const begin = () => {
    const [{ equity, units }] = env.accounts;
    return { rows: [] as number[], actions: [] as Action[], equity: [equity], units: [units], paid: [] as number[] };
  };
  let now = begin();
  for (let n = 0; n < STEPS; n++) {
    const actions = [draw(rng, env.accounts[0].units), draw(rng, env.accounts[1].units)];
    now.rows.push(env.bars[0]);
    now.actions.push(actions[0]);
    const last = new Account(account);
    last.restore(env.accounts[0].save());
    const row = env.bars[0];
    last.stepBar(
      ...[last.request(actions[0]), series.timeMs[row + 1] - series.timeMs[row]],
      ...[series.open[row + 1], series.high[row + 1], series.low[row + 1], series.close[row + 1]],
    );
    env.step(Uint8Array.from(actions));
    now.paid.push(env.rewards[0]);
    now.equity.push(last.equity);
    now.units.push(last.units);
    if (env.terminated[0] + env.truncated[0] === 0) continue;
    const { paid, ...rest } = now;
    played.push({ episode: { series, account, ...rest }, paid });
    now = begin();
  }
  return played;
}

describe.each(REWARDS)('the reward $name', (reward) => {
  const readCase = async (): Promise<RewardCase> =>
    (await import(`./reward-cases/${reward.name}.ts`).catch(() => null))?.rewardCase ??
    expect.unreachable(`test/env/reward-cases/${reward.name}.ts is missing: see CONTRIBUTING.md`);

  it('has numbers from outside, or a reason why there are none', async () => {
    const { golden } = await readCase();
    if ('why' in golden) expect(golden.why.length).toBeGreaterThan(20);
    else {
      expect(existsSync(golden.file)).toBe(true);
      golden.check(reward);
    }
  });

  it.each(['spot', 'margin'] as const)('pays what a second implementation says, in a %s account', async (mode) => {
    const { expected, digits = 12 } = await readCase();
    const played = play(makeEnv(reward, mode), 7);
    expect(played.length).toBeGreaterThan(20);
    let paidAnything = 0;
    for (const { episode, paid } of played) {
      expected(episode).forEach((value, i) => {
        expect(paid[i], `bar ${episode.rows[i]}`).toBeCloseTo(value, digits);
        if (value !== 0) paidAnything++;
      });
    }
    expect(paidAnything).toBeGreaterThan(50);
  });

  it('pays the same after the environment was saved within an episode and restored into another', () => {
    const env = makeEnv(reward, 'spot');
    env.reset(3);
    const rng = new Rng(11);
    for (let n = 0; n < 45; n++) env.step(Uint8Array.from([draw(rng, 1), draw(rng, 0)]));
    const other = makeEnv(reward, 'spot');
    other.reset(99);
    for (let n = 0; n < 10; n++) other.step(Uint8Array.from([BUY, SELL]));
    other.restoreState(JSON.parse(JSON.stringify(env.saveState())));
    for (let n = 0; n < 200; n++) {
      const actions = Uint8Array.from([draw(rng, 1), draw(rng, 0)]);
      env.step(actions);
      other.step(actions);
      expect([...other.rewards]).toEqual([...env.rewards]);
    }
  });

  it('looks no further than its horizon', () => {
    // Everything after bar 300 is another market; decisions before 300 - horizon must be paid as if it were not.
    const changed = marketOf(5, ({ open, high, low, close }) => {
      for (const column of [open, high, low, close]) for (let i = 301; i < column.length; i++) column[i] *= 1.7;
    });
    const [here, there] = [play(makeEnv(reward, 'spot'), 7), play(makeEnv(reward, 'spot', changed), 7)];
    let compared = 0;
    let differ = 0;
    here.forEach(({ episode, paid }, e) => {
      episode.rows.forEach((row, i) => {
        if (there[e].episode.rows[i] !== row) return;
        if (row + reward.horizon > 300) differ += paid[i] === there[e].paid[i] ? 0 : 1;
        else if (episode.rows[0] < 300) {
          expect(there[e].paid[i], `bar ${row}`).toBe(paid[i]);
          compared++;
        }
      });
    });
    expect(compared).toBeGreaterThan(100);
    expect(differ).toBeGreaterThan(0);
  });

  it('says whether it depends on the path, and remembers nothing where it does not', () => {
    if (reward.kind === 'table') return;
    if (!reward.pathDependent) expect(reward.memory).toBe(0);
    const pays = [1.2, 0.9].map((change) => {
      // All that the account has is in the position, so what the last step earns doesn't depend on how it came there.
      const account = new Account({ ...DEFAULT_ACCOUNT, maxUnits: 1 });
      const memory = new Float64Array(reward.memory);
      account.reset(100);
      let price = 100;
      const live = (action: Action, next: number) => {
        const before = account.logEquity;
        account.stepBar(account.request(action), HOUR_MS, price, Math.max(price, next), Math.min(price, next), next);
        price = next;
        return reward.pay(account, action, account.logEquity - before, memory);
      };
      live(BUY, 100);
      live(HOLD, 101);
      live(HOLD, 100 * change);
      return live(SELL, 101 * change);
    });
    expect(Math.abs(pays[0] - pays[1]) > 1e-9).toBe(reward.pathDependent);
  });

  it('earns a bonus for HOLD and nothing else within smurf()', () => {
    const wrapped = rewardNamed(`smurf(${reward.name})`);
    expect([wrapped.kind, wrapped.horizon, wrapped.hindsight]).toEqual([reward.kind, reward.horizon, reward.hindsight]);
    const [bare, smurf] = [play(makeEnv(reward, 'spot'), 5), play(makeEnv(wrapped, 'spot'), 5)];
    bare.forEach(({ episode, paid }, e) => {
      paid.forEach((value, i) => {
        expect(smurf[e].paid[i] - value).toBeCloseTo(episode.actions[i] === HOLD ? 0.55 * 0.001 : 0, 9);
      });
    });
  });

  it('says what it is', () => {
    expect(reward.docs.length).toBeGreaterThan(20);
    expect(reward.horizon).toBeGreaterThanOrEqual(1);
    expect(/hindsight/i.test(reward.docs)).toBe(reward.hindsight);
  });
});

it('names are unlike', () => {
  expect(new Set(REWARDS.map(({ name }) => name)).size).toBe(REWARDS.length);
});
