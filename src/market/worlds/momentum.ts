import { Rng } from '../../core/rng.ts';
import { makeCandles } from './candles.ts';
import { BARS, evenGrid, gridState, gridTransition, NORMAL, normalGrowth, type World } from './world.ts';

/** The drift m[t] = a m[t-1] + noise, hidden; R[t] = m[t] + N(0, s^2). */
const COEFFICIENT = 0.98;
const DRIFT_DEVIATION = 0.0025;
const DEVIATION = 0.006;
const DRIFT_NOISE = DRIFT_DEVIATION * Math.sqrt(1 - COEFFICIENT * COEFFICIENT);

/** The Kalman filter in its steady state (Kalman 1960): variance of the forecast, and the gain on what surprises. */
const { variance, gain } = (() => {
  let p = DRIFT_DEVIATION * DRIFT_DEVIATION;
  for (let i = 0; i < 10_000; i++) {
    const left = p - (p * p) / (p + DEVIATION * DEVIATION);
    p = COEFFICIENT * COEFFICIENT * left + DRIFT_NOISE * DRIFT_NOISE;
  }
  return { variance: p, gain: (COEFFICIENT * p) / (p + DEVIATION * DEVIATION) };
})();
/** Of the next return around its forecast; and of the forecast itself. */
const SURPRISE = Math.sqrt(variance + DEVIATION * DEVIATION);
const FORECAST_DEVIATION = (gain * SURPRISE) / Math.sqrt(1 - COEFFICIENT * COEFFICIENT);
const GRID = evenGrid(61, 4.5 * FORECAST_DEVIATION);

function* next(forecast: number) {
  for (const { z, weight } of NORMAL) yield { state: COEFFICIENT * forecast + gain * SURPRISE * z, weight };
}

export const momentum: World = {
  name: 'momentum',
  doc: 'a hidden drift wanders slowly around zero, so moves go on; the bound is the Kalman filter',
  bars: BARS,
  make(seed, bars = BARS) {
    const [noise, drifts] = [new Rng(seed, 1), new Rng(seed, 3)];
    const returns = new Float64Array(bars);
    const states = new Int32Array(bars);
    let drift = DRIFT_DEVIATION * drifts.normal();
    let forecast = 0;
    for (let i = 0; i < bars; i++) {
      drift = COEFFICIENT * drift + DRIFT_NOISE * drifts.normal();
      returns[i] = drift + DEVIATION * noise.normal();
      forecast = COEFFICIENT * forecast + gain * (returns[i] - forecast);
      states[i] = gridState(GRID, forecast);
    }
    return {
      series: makeCandles('MOMENTUM', returns, DEVIATION, new Rng(seed, 2)),
      law: {
        states: GRID.length,
        transition: gridTransition(GRID, next),
        growth: (state, share) => normalGrowth(GRID[state], SURPRISE, share),
      },
      states,
    };
  },
};
