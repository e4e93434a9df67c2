/** What `live` asks of the registry: the same judgement as when it was made, until somebody else has looked. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { judgeAgain } from '../../src/experiment/judge-again.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { type EvaluationRecord, RunRegistry } from '../../src/runs/registry.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

it('comes to the judgement of the evaluation, names what it was of, and counts what has looked since', async () => {
  const runContext = tinyRunContext(kernels);
  const series = [tinyMarket({ bars: 6000 })];
  const tiny = tinyConfig({ account: { feeRate: 0, slippageRate: 0 }, shield: { profile: 'none' } });
  // As many rounds as the gate makes.
  const config = { ...tiny, evaluation: { bootstrapSamples: 2000 } };
  const { run } = await trainRun({ series, config, validate: null }, runContext);
  const checkpoint = openTiny(run.name, runContext);
  const [{ judgement, fromMs, toMs }] = evaluateRun({ checkpoint, series, config, counterfactuals: false }, runContext);
  const registry = new RunRegistry(runContext.files);
  const [{ name, record }] = registry.open(run.name).results();
  const again = () => judgeAgain(record, registry, () => null);

  const rejudged = again();
  expect(rejudged?.judgement.alpha.lower).toBeCloseTo(judgement.alpha.lower, 9);
  expect(rejudged?.judgement.superior).toMatchObject({ p: judgement.superior?.p, compared: 1 });
  expect(rejudged).toMatchObject({
    judgement: { verdict: judgement.verdict, seeds: judgement.seeds },
    tried: { account: config.account, shield: config.shield, supervisor: null, resting: false },
    ...{ market: 'synthetic:TINY', fromMs, toMs: toMs + 3_600_000 },
  });

  // Fifty more who looked, at the same bars, each with a recipe of its own; and one more seed of the judged one.
  const rng = new Rng(1);
  const look = (i: number, more: Partial<EvaluationRecord>) =>
    run.finishEvaluation(`look-${i}`, {
      ...record,
      returns: record.returns.map(() => 0.01 * rng.normal()),
      ...{ trial: `trial ${i}`, weights: `weights ${i}`, recipe: `recipe ${i}` },
      ...more,
    });
  for (let i = 0; i < 50; i++) look(i, {});
  expect(again()?.judgement.superior?.compared).toBe(51);
  look(50, { trial: record.trial, recipe: record.recipe ?? null });
  expect(again()?.judgement.seeds.seen).toBe(2);

  expect(judgeAgain(record, registry, () => 'it was trained on them')?.judgement.verdict).toBe("can't be judged");
  const { tried: _, ...unnamed } = record;
  expect(judgeAgain(unnamed, registry, () => null)).toBeNull();
  expect(name).toBe('test-TINY-none');
});
