import type { Action } from '../core/action.ts';
import { Rng } from '../core/rng.ts';
import { REWARDS } from '../env/rewards/index.ts';
import { TradingEnv } from '../env/trading-env.ts';
import { findLeak } from '../evaluate/leak-check.ts';
import { BARS, CUTS, complaints, makeMarket, makeSeries } from './world.ts';

const STEPS = 600;

export function checkReward(name: string): string[] {
  return complaints((complain) => {
    const reward = REWARDS.find((one) => one.name === name);
    if (reward === undefined) return complain('is not in the list');
    if (!(Number.isInteger(reward.horizon) && reward.horizon >= 1)) complain('has no horizon of 1 bar or more');
    const { series, table, account } = makeMarket();
    if (reward.kind === 'table') {
      const pays = reward.table(series, account);
      if (pays.length !== 3 * BARS)
        return complain(`its table has ${pays.length} values for ${BARS} bars and 3 actions`);
      const leak = findLeak(makeSeries(), CUTS, (version, cut) =>
        reward.table(version, account).subarray(0, 3 * Math.max(0, cut + 1 - reward.horizon)),
      );
      if (leak !== null)
        complain(
          `pays at bar ${Math.floor(leak.index / 3)} by what comes after bar ${leak.cut}: its horizon is longer`,
        );
    }
    const make = () =>
      new TradingEnv({
        ...{ markets: [{ series, table, from: 100, to: BARS }], count: 2, account, reward, rewardScale: 1 },
        ...{ starts: 'random', maxEpisodeSteps: 50 },
      });
    const play = (env: TradingEnv, rng: Rng, steps: number) =>
      Array.from({ length: steps }, () => {
        env.step(Uint8Array.from(env.rewards, () => rng.integer(3) as Action));
        return [...env.rewards];
      }).flat();
    const env = make();
    env.reset(1);
    const rng = new Rng(7);
    const early = play(env, rng, STEPS / 2);
    const [saved, words] = [env.saveState(), rng.save()];
    const late = play(env, rng, STEPS / 2);
    const bad = [...early, ...late].findIndex((pay) => !Number.isFinite(pay));
    if (bad >= 0) complain(`pays ${[...early, ...late][bad]} at step ${Math.floor(bad / 2)}`);
    const other = make();
    other.reset(1);
    other.restoreState(saved);
    const again = new Rng(0);
    again.restore(words);
    const repeated = play(other, again, STEPS / 2);
    if (repeated.some((pay, at) => !Object.is(pay, late[at])))
      complain('pays otherwise once the environment was saved and restored: it remembers something outside its memory');
  });
}
