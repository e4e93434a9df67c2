import { expect, it } from 'vitest';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { createKernels } from '../../src/nn/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyWorkplace } from './tiny.ts';

it('a checkpoint is tested on no bar that it was trained or chosen on', async () => {
  const kernels = await createKernels({ threads: 1 });
  const runContext = tinyWorkplace(kernels);
  const series = [tinyMarket()];
  const config = tinyConfig();
  const { run } = await trainRun({ series, config, validate: null }, runContext);
  const checkpoint = openTiny(run.name, runContext);
  const evaluateFrom = (train: number, validation: number, fold: 'test' | 'validation' = 'test') =>
    evaluateRun(
      {
        checkpoint,
        series,
        fold,
        counterfactuals: false,
        config: { ...config, split: { ...config.split, train, validation } },
      },
      runContext,
    );
  expect(() => evaluateFrom(0.2, 0.2)).toThrow(/test fold begins at 2020-02-10T00:00, but .* on bars up to 2020-03-17/);
  expect(run.results()).toEqual([]);
  expect(evaluateFrom(0.7, 0.15)).toHaveLength(1);
  expect(evaluateFrom(0.2, 0.2, 'validation')).toHaveLength(1);
  kernels.dispose();
});
