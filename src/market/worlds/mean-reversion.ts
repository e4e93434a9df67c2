import { Rng } from '../../core/rng.ts';
import { makeCandles } from './candles.ts';
import { BARS, evenGrid, gridState, gridTransition, NORMAL, normalGrowth, type World } from './world.ts';

/** x = ln(price / level), x[t] = a x[t-1] + N(0, s^2) (Ornstein and Uhlenbeck 1930): half of a departure is gone in 14 bars. */
const COEFFICIENT = 0.95;
const DEVIATION = 0.006;
const GRID = evenGrid(61, (4.5 * DEVIATION) / Math.sqrt(1 - COEFFICIENT * COEFFICIENT));

function* next(x: number) {
  for (const { z, weight } of NORMAL) yield { state: COEFFICIENT * x + DEVIATION * z, weight };
}

export const meanReversion: World = {
  name: 'mean-reversion',
  doc: 'the price is drawn back to a level; the bound knows the level',
  bars: BARS,
  make(seed, bars = BARS) {
    const rng = new Rng(seed, 1);
    const returns = new Float64Array(bars);
    const states = new Int32Array(bars);
    let x = 0;
    for (let i = 0; i < bars; i++) {
      returns[i] = (COEFFICIENT - 1) * x + DEVIATION * rng.normal();
      x += returns[i];
      states[i] = gridState(GRID, x);
    }
    return {
      series: makeCandles('REVERSION', returns, DEVIATION, new Rng(seed, 2)),
      law: {
        states: GRID.length,
        transition: gridTransition(GRID, next),
        growth: (state, share) => normalGrowth((COEFFICIENT - 1) * GRID[state], DEVIATION, share),
      },
      states,
    };
  },
};
