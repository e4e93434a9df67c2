import { readFileSync } from 'node:fs';

/** Computed by numpy, scipy, arch and scikit-learn: scripts/golden/evaluate.py. */
export const golden = JSON.parse(
  readFileSync(new URL('../fixtures/evaluate/golden.json', import.meta.url), 'utf8'),
) as Golden;

interface Golden {
  metrics: Record<string, number> & {
    equity: number[];
    close: number[];
    drawdownRows: [number, number, number | null];
    mirrored: Record<string, number>;
    passages: { args: [depth: number, drift: number, deviation: number, steps: number]; probability: number }[];
  };
  normal: { p: number[]; z: number[]; x: number[]; cdf: number[] };
  sharpe: {
    sharpe: number;
    bars: number;
    skewness: number;
    kurtosis: number;
    trials: number;
    variance: number;
    sr0: number;
    dsr: number;
    minimumTrackRecord: number;
  }[];
  blocks: { values: number[]; stationary: number }[];
  cscv: { returns: number[][]; blocks: number; probability: number; logits: number[] }[];
  interquartile: { values: number[]; mean: number }[];
  logistic: { x: number[][]; y: number[]; ridge: number; weights: number[]; intercept: number };
}
