/** Whatever looks at a test fold is counted, whichever way it comes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baselineRun } from '../../src/experiment/baseline-run.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

test('baselines and checkpoints from elsewhere are trials, once a configuration', async () => {
  const runContext = tinyRunContext(kernels);
  const series = [tinyMarket()];
  const config = tinyConfig();
  const { run } = await trainRun({ series, config }, runContext);
  for (const [name, bytes] of ['checkpoint.json', 'model.safetensors', 'optimizer.safetensors'].map((file) => {
    return [file, runContext.files.read(`checkpoints/${run.name}/best/${file}`)] as const;
  })) {
    runContext.files.mkdir('copied');
    runContext.files.write(`copied/${name}`, bytes);
  }

  const trialsOf = (options: Parameters<typeof evaluateRun>[0]) =>
    evaluateRun({ ...options, counterfactuals: false }, runContext)[0].judgement.trials;
  const own = openTiny(run.name, runContext);
  const copied = openTiny('copied', runContext);
  expect(copied.run).toBe(null);
  expect(trialsOf({ checkpoint: own, series, config })).toBe(1);
  // A copy is what it was copied from.
  expect(trialsOf({ checkpoint: copied, series, config })).toBe(1);
  expect(baselineRun('sma-cross', series, config, runContext).evaluations[0].judgement.trials).toBe(2);
  expect(baselineRun('logistic', series, config, runContext).evaluations[0].judgement.trials).toBe(3);
  expect(trialsOf({ checkpoint: own, series, config, fold: 'validation' })).toBe(1);
  // Another window and another account are other looks, also where they share no bar or are made by a copy.
  const times = series[0].timeMs;
  const day = (row: number) => new Date(times[row]).toISOString();
  const cut = (from: number, to: number) => ({ ...config.split, testFrom: day(from), testTo: day(to) });
  expect(trialsOf({ checkpoint: own, series, config: { ...config, split: cut(2040, 2200) } })).toBe(4);
  expect(trialsOf({ checkpoint: copied, series, config: { ...config, split: cut(2200, 2390) } })).toBe(5);
  expect(
    trialsOf({ checkpoint: own, series, config: { ...config, account: { ...config.account, maxUnits: 2 } } }),
  ).toBe(6);
});
