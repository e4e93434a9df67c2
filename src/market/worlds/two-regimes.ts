import { exp, log } from '../../core/math.ts';
import { Rng } from '../../core/rng.ts';
import { makeCandles } from './candles.ts';
import { BARS, evenGrid, gridState, gridTransition, NORMAL, normalGrowth, type World } from './world.ts';

const DRIFT = 0.0025;
const DEVIATION = 0.006;
const MEAN_STAY = 60;
const SWITCH = 1 / MEAN_STAY;

/** Log odds that the next bar is of the rising regime, given those before this bar and its return (Wonham 1965). */
function update(logOdds: number, r: number): number {
  const odds = exp(logOdds + (2 * DRIFT * r) / (DEVIATION * DEVIATION));
  const p = odds / (1 + odds);
  const next = p * (1 - SWITCH) + (1 - p) * SWITCH;
  return log(next / (1 - next));
}

const LARGEST = log((1 - SWITCH) / SWITCH);
const GRID = evenGrid(101, LARGEST);
const probability = (logOdds: number) => 1 / (1 + exp(-logOdds));

function* next(logOdds: number) {
  const p = probability(logOdds);
  for (const { z, weight } of NORMAL) {
    yield { state: update(logOdds, DRIFT + DEVIATION * z), weight: weight * p };
    yield { state: update(logOdds, -DRIFT + DEVIATION * z), weight: weight * (1 - p) };
  }
}

/** A hidden regime: the drift is +0.25 % or -0.25 % a bar and changes sign every 60 bars on average. */
export const twoRegimes: World = {
  name: 'two-regimes',
  doc: 'a hidden drift of 0.25 % a bar flips its sign every 60 bars on average; the bound is the optimal filter',
  bars: BARS,
  make(seed, bars = BARS) {
    const [noise, regimes] = [new Rng(seed, 1), new Rng(seed, 3)];
    const returns = new Float64Array(bars);
    const states = new Int32Array(bars);
    let rises = regimes.uniform() < 0.5;
    let logOdds = 0;
    for (let i = 0; i < bars; i++) {
      if (regimes.uniform() < SWITCH) rises = !rises;
      returns[i] = (rises ? DRIFT : -DRIFT) + DEVIATION * noise.normal();
      logOdds = update(logOdds, returns[i]);
      states[i] = gridState(GRID, logOdds);
    }
    return {
      series: makeCandles('REGIMES', returns, DEVIATION, new Rng(seed, 2)),
      law: {
        states: GRID.length,
        transition: gridTransition(GRID, next),
        growth(state, share) {
          const p = probability(GRID[state]);
          return p * normalGrowth(DRIFT, DEVIATION, share) + (1 - p) * normalGrowth(-DRIFT, DEVIATION, share);
        },
      },
      states,
    };
  },
};
