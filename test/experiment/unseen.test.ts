import { expect, it } from 'vitest';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { createKernels } from '../../src/nn/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

it('no verdict is given on a bar that some part of a checkpoint was trained or chosen on', async () => {
  const kernels = await createKernels({ threads: 1 });
  const runContext = tinyRunContext(kernels);
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
  const [known] = evaluateFrom(0.2, 0.2);
  expect(known.judgement.verdict).toBe("can't be judged");
  expect(known.judgement.reason).toMatch(/chosen? on bars of .* up to 2020-03-17.*these begin at 2020-02-10 00:00/);
  // Its figures count as a look all the same.
  expect(run.results()).toHaveLength(1);
  expect(evaluateFrom(0.7, 0.15)[0].judgement.verdict).not.toBe("can't be judged");
  const [chosen] = evaluateFrom(0.2, 0.2, 'validation');
  expect(chosen.judgement).toMatchObject({ verdict: "can't be judged", reason: expect.stringContaining('no verdict') });
  kernels.dispose();
});
