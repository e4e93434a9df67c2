/** A small market, small networks and a place for them: a whole experiment in a second. */

import type { CandleSeries } from '../../src/core/candle.ts';
import { type ExperimentConfig, experimentSchema } from '../../src/experiment/config.ts';
import { type Checkpoint, findCheckpoint } from '../../src/experiment/evaluate-run.ts';
import type { RunContext } from '../../src/experiment/run-context.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import type { Kernels } from '../../src/nn/index.ts';
import { stepClock } from '../agents/made-agents.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';

const network = { filters: 4, hidden: [8, 8] };

/** The smallest trainings that still validate; `sections` go over them. */
export function tinyConfig(sections: Record<string, Record<string, unknown>> = {}): ExperimentConfig {
  return experimentSchema.parse({
    ...sections,
    training: { steps: 1024, validateEvery: 512, checkpointEvery: 512, ...sections.training },
    ppo: {
      environments: 4,
      rolloutSteps: 64,
      minibatchSize: 64,
      epochs: 2,
      gamma: 0.8,
      learningRate: 0.003,
      network,
      ...sections.ppo,
    },
    dqn: { learningStarts: 100, trainEvery: 2, bufferSize: 2000, learningRate: 0.003, network, ...sections.dqn },
    evaluation: { bootstrapSamples: 1000 },
  });
}

export function tinyMarket(options: { bars?: number; seed?: number; symbol?: string } = {}): CandleSeries {
  const { bars = 2400, seed = 1, symbol = 'TINY' } = options;
  return synthesize({ bars, seed, symbol, signal: 0.5, trends: false }).series;
}

export function tinyRunContext(kernels: Kernels): RunContext & { readonly files: MemoryFileSystem } {
  return { files: new MemoryFileSystem(), clock: stepClock(), kernels, codeVersion: 'test' };
}

/** A checkpoint of a run in this context. */
export function openTiny(name: string, runContext: RunContext): Checkpoint {
  return findCheckpoint(name, runContext, (path) => ({ files: runContext.files, path }));
}
