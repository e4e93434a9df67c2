import { exp, log } from '../../core/math.ts';
import { synthesize } from '../synthetic.ts';
import { evenGrid, gridState, gridTransition, type Law, NORMAL, normalGrowth, type World } from './world.ts';

/** AR(1) of the signal, as `synthesize` makes it. */
const PERSISTENCE = 0.8;
const SIGNALS = evenGrid(25, 4);
/** As in the demo. */
const BARS = 60_000;
const VOLATILITIES = evenGrid(9, 3);

function* nextOf(coefficient: number, x: number) {
  const step = Math.sqrt(1 - coefficient * coefficient);
  for (const { z, weight } of NORMAL) yield { state: coefficient * x + step * z, weight };
}

/** Mean, deviation and first autocorrelation. */
function summarise(values: Float64Array) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  let [variance, product] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    variance += (values[i] - mean) * (values[i] - mean);
    if (i > 0) product += (values[i] - mean) * (values[i - 1] - mean);
  }
  return { mean, deviation: Math.sqrt(variance / values.length), coefficient: product / variance };
}

/**
 * The next return is N(c s v - (d v)^2 / 2, (d v)^2): s the signal, v the bar's volatility, both known to the bound. The
 * law of v, a product of a slow, a fast and a daily factor, is summed up as one AR(1) of its logarithm.
 */
function signalLaw(weight: number, noise: number, volatility: ReturnType<typeof summarise>): Law {
  const { mean, deviation, coefficient } = volatility;
  const signal = gridTransition(SIGNALS, (s) => nextOf(PERSISTENCE, s));
  const level = gridTransition(VOLATILITIES, (v) => nextOf(coefficient, v));
  const [m, n] = [SIGNALS.length, VOLATILITIES.length];
  const transition = new Float64Array(m * n * (m * n));
  for (let i = 0; i < m * n; i++) {
    for (let j = 0; j < m * n; j++) {
      const across = level[(i % n) * n + (j % n)];
      transition[i * m * n + j] = signal[Math.floor(i / n) * m + Math.floor(j / n)] * across;
    }
  }
  return {
    states: m * n,
    transition,
    growth(state, share) {
      const v = exp(mean + deviation * VOLATILITIES[state % n]);
      const s = SIGNALS[Math.floor(state / n)];
      return normalGrowth(weight * s * v - 0.5 * noise * noise * v * v, noise * v, share);
    },
  };
}

/** A signal in trades per volume whose correlation with the next log return is `correlation`. */
export function plantedSignal(correlation: number): World {
  const name = `signal-${correlation}`;
  return {
    name,
    doc: `trades per volume foretell the next bar (correlation ${correlation}); the bound sees the signal itself`,
    bars: BARS,
    make(seed, bars = BARS) {
      const { series, truth } = synthesize({ bars, seed, symbol: 'SIGNAL', signal: correlation, trends: false });
      const { signalWeight, noiseShare } = truth;
      // The volatility of bar t+1 is fixed at the close of t.
      const ahead = Float64Array.from(truth.sigma, (_, i) => log(truth.sigma[Math.min(i + 1, bars - 1)]));
      const volatility = summarise(ahead);
      const states = Int32Array.from(truth.signal, (s, i) => {
        const v = (ahead[i] - volatility.mean) / volatility.deviation;
        return gridState(SIGNALS, s) * VOLATILITIES.length + gridState(VOLATILITIES, v);
      });
      return { series, law: signalLaw(signalWeight, noiseShare, volatility), states };
    },
  };
}
