/** What each rule of the shield's profiles avoided and cost on a fold. */

import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Ablation } from '../evaluate/ablation.ts';
import { barReturns } from '../evaluate/ledger.ts';
import { sharpeSample } from '../evaluate/sharpe-ratio.ts';
import { RunRegistry } from '../runs/registry.ts';
import type { Profile } from '../shield/index.ts';
import { ablateMarket } from './counterfactuals.ts';
import { type EvaluateRunOptions, prepareEvaluation, recordOf } from './evaluate-run.ts';
import type { RunContext } from './run-context.ts';
import { shieldFor } from './shield.ts';
import { foldSpans, nameFold, nameResult } from './trial.ts';

export interface ProfileAblation {
  readonly symbol: string;
  readonly profile: Profile;
  /** What is different from the profile, for people; empty where nothing is. */
  readonly note: string;
  readonly ablation: Ablation;
}

/**
 * Every market under every profile. A profile that is seen here is a trial, as if it had been evaluated; its
 * counterfactuals are diagnoses, and become trials when somebody evaluates a shield without the rule.
 */
export function ablateRun(
  options: EvaluateRunOptions & { readonly profiles: readonly Profile[] },
  runContext: RunContext,
): ProfileAblation[] {
  const { checkpoint, profiles, supervisor, fold = 'test' } = options;
  const { agent, run } = checkpoint;
  if (profiles.includes('none')) throw new InputError('profile none has no rule that could be left out');
  const { config: settings, prepared, trialOf } = prepareEvaluation(options);
  const recipe = agent.spec.origin?.recipe ?? null;
  const registry = new RunRegistry(runContext.files);
  const record = fold === 'test' ? recordOf(checkpoint, settings, prepared, registry, runContext) : run;
  return profiles.flatMap((profile) => {
    const bare = profile === 'spec' && supervisor === undefined && agent.kind !== 'integrated';
    const rules = bare ? { ...settings.shield.rules, smurf: false as const } : settings.shield.rules;
    const config = { ...settings, shield: { ...settings.shield, profile, rules } };
    const parts = supervisor === undefined ? {} : { supervisor: supervisor.agent };
    return prepared.markets.map((market) => {
      const { symbol } = market.series;
      options.onEvaluation?.(`${symbol} under ${profile}`);
      const foldKey = nameFold(market, fold);
      const { tried, trial: hash } = trialOf(config);
      const trial = fold === 'test' ? hash : null;
      const result = `ablation-${nameResult(checkpoint, symbol, fold, profile)}`;
      // Before the trial is written: a shield that can't be made has seen nothing.
      shieldFor(config, agent, parts);
      record?.startEvaluation(result, foldKey, trial, recipe);
      const ablation = ablateMarket(agent, market, config, fold, parts);
      const returns = barReturns(ablation.ledgers[0]);
      record?.finishEvaluation(result, {
        foldKey,
        trial,
        sharpePerBar: sharpeSample(returns)?.sharpe ?? null,
        returns: Array.from(returns),
        weights: checkpoint.weights,
        spans: foldSpans(market, fold),
        recipe,
        tried: tried as unknown as Json,
        figures: ablation.rows as unknown as Json,
      });
      const note = bare ? 'without smurf: no supervisor is named (--supervisor RUN)' : '';
      return { symbol, profile, note, ablation };
    });
  });
}
