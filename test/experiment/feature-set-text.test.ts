/** A feature set that a user wrote as text, from the setting to the checkpoint, an evaluation and a bot. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BotSetup, createSymbols } from '../../src/bot/setup.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

it('is written out in the checkpoint, and read there by whoever uses it', async () => {
  const runContext = tinyRunContext(kernels);
  const series = [tinyMarket()];
  const config = tinyConfig({ features: { set: 'tradernet20+atr(7)-  hour', accountFeatures: true } });
  expect(config.features.set).toBe('tradernet20 + atr(7) - hour');
  const { run, agent } = await trainRun({ series, config }, runContext);
  const { spec } = agent;
  expect(spec.featureSet).toBe('tradernet20 + atr(7) - hour');
  expect(spec.columns).toContain('atr_7');
  expect(spec.columns).not.toContain('hour');
  expect(run.registration.config).toMatchObject({ featureSet: spec.featureSet, features: { set: spec.featureSet } });

  const checkpoint = openTiny(run.name, runContext);
  // The settings of the caller say something else; the checkpoint's are taken.
  const [evaluation] = evaluateRun({ checkpoint, series, config: tinyConfig() }, runContext);
  expect(evaluation.provenance).toMatchObject({ featureSet: spec.featureSet });

  const setup: BotSetup = {
    ...{ checkpoint: { name: run.name, hash: '' }, supervisor: null, server: null, markets: {} },
    ...{ accounts: { TINY: DEFAULT_ACCOUNT } },
    shield: { profile: 'none', exits: null, rules: {} },
    ...{ warmUpBars: 100, maxDataAgeMs: 1, maxDrawdown: 0 },
  };
  const [symbol] = createSymbols(setup, checkpoint.agent, null);
  expect(symbol.features.signature).toBe(spec.signature);
});
