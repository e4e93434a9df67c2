/** Trainings that go on for longer, and several that become one agent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAgent, openCheckpoint } from '../../src/agents/index.ts';
import { joinRuns } from '../../src/experiment/ensemble-run.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import { extensionOf } from '../../src/experiment/extension.ts';
import { readSettings } from '../../src/experiment/registered-settings.ts';
import { CHECKPOINTS } from '../../src/experiment/run-context.ts';
import { standingOf } from '../../src/experiment/standing.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { findTraining } from '../../src/experiment/walk-forward.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const config = tinyConfig({ shield: { profile: 'none' } });
const series = [tinyMarket()];
const notes = { symbols: ['TINY'] };

describe('a training that goes on for longer', () => {
  it('takes more steps from where it stood, and is another trial since', async () => {
    const runContext = tinyRunContext(kernels);
    const { run } = await trainRun({ series, config, notes }, runContext);
    const evaluated = () =>
      evaluateRun({ checkpoint: openTiny(run.name, runContext), series, config, force: true }, runContext);
    evaluated();
    const part = { fold: 0, seed: config.seed, config };
    expect(findTraining(runContext.files, part, ['TINY'], run.registration.dataHash)?.finished).toBe(true);

    const longer = await trainRun({ series, config, resume: run.name, extendTo: 2048 }, runContext);
    expect(longer).toMatchObject({ status: 'finished', steps: 2048, updates: 8 });
    const last = openCheckpoint(runContext.files, `${CHECKPOINTS}/${run.name}/last`).description;
    expect(last.trainedSteps).toBe(2048);
    expect(run.readMetrics().map(({ step }) => step)).toEqual([...new Set(run.readMetrics().map(({ step }) => step))]);
    expect(extensionOf(run)).toBe(2048);
    expect(readSettings(run).config.training.steps).toBe(2048);
    evaluated();
    expect(new Set(run.results().flatMap(({ record }) => record.trial ?? [])).size).toBe(2);
    // It isn't the training that was registered any more.
    expect(findTraining(runContext.files, part, ['TINY'], run.registration.dataHash)).toBeNull();
    const asked = { ...part, config: { ...config, training: { ...config.training, steps: 2048 } } };
    expect(findTraining(runContext.files, asked, ['TINY'], run.registration.dataHash)?.run.name).toBe(run.name);

    // Resumed without a number it has nothing to do, and less than it has is refused.
    const settings = readSettings(run).config;
    expect((await trainRun({ series, config: settings, resume: run.name }, runContext)).steps).toBe(2048);
    await expect(trainRun({ series, config, resume: run.name, extendTo: 2048 }, runContext)).rejects.toThrow(
      `run ${run.name} has been trained for 2048 steps already; give --steps more than that`,
    );
  });
});

describe('several trainings as one agent', () => {
  it('are a run of their own, judged on the validation fold and evaluated like any other', async () => {
    const runContext = tinyRunContext(kernels);
    const members = [];
    for (const seed of [1, 2, 3])
      members.push((await trainRun({ series, config: { ...config, seed }, notes }, runContext)).run);
    const joined = joinRuns({ members, series, config, notes }, runContext);
    expect(joined.run.name).toBe('ppo-ensemble-TINY-s1-1');
    expect(joined.run.registration.notes).toMatchObject({ members: members.map(({ name }) => name) });
    const { standing } = openCheckpoint(runContext.files, `${CHECKPOINTS}/${joined.run.name}/best`).description;
    expect(standing).toEqual(joined.standing);
    expect(standingOf(joined.run)).toEqual(joined.standing);
    const agent = loadAgent(runContext.files, `${joined.folder}/best`, kernels);
    expect(agent.kind).toBe('ensemble');
    agent.dispose();
    const checkpoint = openTiny(joined.run.name, runContext);
    const [evaluation] = evaluateRun({ checkpoint, series, config, force: true }, runContext);
    expect(evaluation.subject.label).toBe('ENSEMBLE');
    const trials = [joined.run, ...members].map((run) => {
      const [own] = evaluateRun(
        { checkpoint: openTiny(run.name, runContext), series, config, force: true },
        runContext,
      );
      return own.subject.metrics.logReturn;
    });
    expect(trials[0]).toBe(evaluation.subject.metrics.logReturn);
    // The same members are the same ensemble.
    expect(joinRuns({ members, series, config, notes }, runContext).run.name).toBe(joined.run.name);
    expect(joinRuns({ members: members.slice(1), series, config, notes }, runContext).run.name).toBe(
      'ppo-ensemble-TINY-s1-2',
    );
  });
});
