/** A baseline on the test folds: registered and counted like any other configuration that looks at them. */

import type { CandleSeries } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import { findBaseline } from '../evaluate/baselines/index.ts';
import { type Evaluation, evaluateBaseline } from '../evaluate/evaluation.ts';
import { hashJson, RunRegistry } from '../runs/registry.ts';
import type { ExperimentConfig } from './config.ts';
import { figuresOf } from './evaluate-run.ts';
import { prepareMarkets } from './prepare.ts';
import type { RunContext } from './run-context.ts';
import { foldSpans, nameFold, nameResult } from './trial.ts';

export interface BaselineRun {
  readonly run: string;
  readonly evaluations: readonly Evaluation[];
}

/** One evaluation a market. @throws InputError for an unknown name, or where the data gives no folds */
export function baselineRun(
  name: string,
  list: readonly CandleSeries[],
  config: ExperimentConfig,
  { files, clock, codeVersion }: Pick<RunContext, 'files' | 'clock' | 'codeVersion'>,
): BaselineRun {
  findBaseline(name);
  const prepared = prepareMarkets(list, config);
  const { account, features, split, seed } = config;
  const tried = { baseline: name, account, features, split } as unknown as Json;
  const registry = new RunRegistry(files);
  const run = registry.register(`baseline-${name}`, {
    kind: 'baseline',
    config: tried,
    seed,
    dataHash: prepared.dataHash,
    codeVersion,
    kernels: null,
    registeredAtMs: clock.nowMs(),
    notes: null,
  });
  const trial = hashJson(tried);
  const recipe = hashJson({ baseline: name, account, features } as unknown as Json);
  // A seed is what a baseline has in the place of weights.
  const weights = hashJson([trial, seed]);
  const evaluations = prepared.markets.map((market) => {
    const foldKey = nameFold(market, 'test');
    const result = nameResult({ path: 'best' }, market.series.symbol, 'test', 'none');
    run.startEvaluation(result, foldKey, trial, recipe);
    const evaluation = evaluateBaseline({
      name,
      series: market.series,
      table: market.table,
      split: market.split,
      account,
      shield: null,
      seed,
      looks: { trials: registry.trials(foldKey, recipe), configHash: trial, weights, recipe, foldKey },
      resamples: config.evaluation.bootstrapSamples,
      provenance: { policy: name, featureSet: prepared.set.name, dataHash: prepared.dataHash, codeVersion },
    });
    run.finishEvaluation(result, {
      foldKey,
      trial,
      sharpePerBar: evaluation.judgement.sharpePerBar,
      weights,
      recipe,
      returns: evaluation.returns,
      held: evaluation.held,
      spans: foldSpans(market, 'test'),
      figures: figuresOf(evaluation),
    });
    return evaluation;
  });
  return { run: run.name, evaluations };
}
