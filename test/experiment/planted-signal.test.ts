/** The gate that every evaluation must pass: a planted signal pays for a trained agent, and not when it is shuffled. */
import { expect, test } from 'vitest';
import { loadAgent } from '../../src/agents/index.ts';
import type { Clock } from '../../src/core/clock.ts';
import { experimentSchema } from '../../src/experiment/config.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { createKernels } from '../../src/nn/index.ts';
import { SLOW } from '../effort.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';

const clock: Clock = { nowMs: () => 0, elapsedMs: () => 0, sleep: async () => {} };

async function trainAndJudge(shuffled: boolean) {
  const { series } = synthesize({ bars: 30_000, seed: 5, signal: 0.5, shuffled, trends: false });
  const config = experimentSchema.parse({
    seed: 1,
    training: { agent: 'ppo', steps: 30_720, validateEvery: 10_240, checkpointEvery: 30_720 },
    ppo: { minibatchSize: 256, learningRate: 0.001, gamma: 0.9, epochs: 6, network: { filters: 8, hidden: [32, 32] } },
    shield: { profile: 'none' },
  });
  const files = new MemoryFileSystem();
  const kernels = await createKernels({ threads: 1 });
  const runContext = { files, clock, kernels, codeVersion: 'test' };
  try {
    const { run, folder } = await trainRun({ series: [series], config }, runContext);
    const path = `${folder}/best`;
    const checkpoint = {
      name: run.name,
      agent: loadAgent(files, path, kernels),
      path,
      run,
      standing: null,
      weights: 'w',
    };
    return evaluateRun({ checkpoint, series: [series], config }, runContext)[0];
  } finally {
    kernels.dispose();
  }
}

test('a planted signal pays for a trained agent', SLOW, async () => {
  const { judgement, subject } = await trainAndJudge(false);
  expect(judgement.verdict).toBe('suspicious: look for a leak');
  expect(subject.metrics.cumulativeReturn).toBeGreaterThan(1);
});

test('the same signal with shuffled labels does not', SLOW, async () => {
  const { judgement, subject } = await trainAndJudge(true);
  expect(judgement.verdict).not.toBe('edge');
  expect(judgement.meanReturn.lower).toBeLessThanOrEqual(0);
  expect(subject.metrics.cumulativeReturn).toBeLessThan(0.5);
});
