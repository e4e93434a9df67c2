import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IntegratedAgent, type SupervisionCheck, VETO_LIMITS } from '../../src/agents/index.ts';
import { evaluateRun } from '../../src/experiment/evaluate-run.ts';
import type { RunContext } from '../../src/experiment/run-context.ts';
import { smurfConfig, trainSupervisor } from '../../src/experiment/supervise.ts';
import { trainRun } from '../../src/experiment/train-run.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { RunRegistry } from '../../src/runs/registry.ts';
import { openTiny, tinyConfig, tinyMarket, tinyRunContext } from './tiny.ts';

let kernels: Kernels;
let runContext: RunContext;
let primary: string;
const series = [tinyMarket()];
const config = tinyConfig();

beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
  runContext = tinyRunContext(kernels);
  // The last agent, since the best of so short a training is the one that does nothing.
  primary = (await trainRun({ series, config, validate: null }, runContext)).run.name;
});
afterAll(() => kernels.dispose());

const supervise = (options: { force?: boolean; resume?: string; feeRate?: number; signal?: AbortSignal } = {}) => {
  const { force = false, resume, feeRate = config.account.feeRate, signal } = options;
  return trainSupervisor(
    {
      series,
      config: smurfConfig({ ...config, account: { ...config.account, feeRate } }),
      primary: openTiny(primary, runContext),
      force,
      ...(resume === undefined ? {} : { resume }),
    },
    { ...runContext, ...(signal === undefined ? {} : { signal }) },
  );
};
const recordOf = (run: string) =>
  new RunRegistry(runContext.files).open(run).results()[0].record.figures as unknown as SupervisionCheck & {
    status: string;
    primary: string;
    logReturn: number;
  };

describe('training a supervisor for a primary agent', () => {
  it('ends in an integrated agent that can be evaluated, and chooses the supervisor by the pair', async () => {
    const result = await supervise();
    expect(result.agent.spec).toMatchObject({ reward: 'smurf(horizon)', accountColumns: [] });
    expect(result.agent.config).toMatchObject({ gamma: 0 });
    expect(result.run.registration.config).toHaveProperty('primary.training.agent', 'ppo');
    const record = recordOf(result.run.name);
    expect(record).toMatchObject({ status: 'accepted', accepted: true, primary, ...result.verdict });
    const share = record.vetoes / record.requests;
    expect(share).toBeGreaterThanOrEqual(VETO_LIMITS.least);
    expect(share).toBeLessThanOrEqual(VETO_LIMITS.most);
    // What the training called the best is what the pair earned on the validation fold.
    expect(result.best?.logReturn).toBe(record.logReturn);

    const checkpoint = openTiny(`${result.run.name}/integrated`, runContext);
    const agent = checkpoint.agent as IntegratedAgent;
    expect(agent).toBeInstanceOf(IntegratedAgent);
    expect(agent.judgement).toEqual({ ...result.verdict, forced: false });
    const [evaluation] = evaluateRun({ checkpoint, series, config }, runContext);
    expect(evaluation.provenance.agent).toBe('integrated');
    const names = result.run.results().map(({ name }) => name);
    expect(names).toContain('integrated-test-TINY-cautious');
  });

  it('refuses one that vetoes everything, says so in the record, and takes it by force, without training again', async () => {
    // Nothing is worth a fee of 8 %, so it always says HOLD.
    const refused = supervise({ feeRate: 0.08 });
    await expect(refused).rejects.toThrow(/refused: the supervisor vetoes (\d+) of \1 requests.*--resume \S+ --force/);
    const runs = new RunRegistry(runContext.files).names();
    const name = runs[runs.length - 1];
    expect(recordOf(name)).toMatchObject({ status: 'refused', accepted: false });
    expect(() => openTiny(`${name}/integrated`, runContext)).toThrow("no checkpoint 'integrated'");

    const forced = await supervise({ feeRate: 0.08, resume: name, force: true });
    expect(recordOf(name)).toMatchObject({ status: 'forced', accepted: false });
    expect(forced.steps).toBe(1024);
    const agent = openTiny(`${name}/integrated`, runContext).agent as IntegratedAgent;
    expect(agent.judgement).toMatchObject({ forced: true, accepted: false });
  });

  it('goes on after a stop as if there had been none', async () => {
    const whole = await supervise();
    const stop = new AbortController();
    let ticks = 0;
    const nowMs = () => {
      if (++ticks === 400) stop.abort();
      return ticks;
    };
    const clock = { ...runContext.clock, nowMs };
    const options = { series, config: smurfConfig(config), primary: openTiny(primary, runContext), force: false };
    const stopped = await trainSupervisor(options, { ...runContext, clock, signal: stop.signal });
    expect(stopped).toMatchObject({ status: 'stopped', integrated: null });
    expect(stopped.steps).toBeLessThan(1024);
    const resumed = await supervise({ resume: stopped.run.name });
    expect(resumed.verdict).toEqual(whole.verdict);
    for (const file of ['supervisor/model.safetensors', 'primary/model.safetensors'])
      expect(runContext.files.read(`${resumed.integrated}/${file}`)).toEqual(
        runContext.files.read(`${whole.integrated}/${file}`),
      );
  });

  it('refuses a primary that is a supervisor or has one', async () => {
    const { run } = await supervise();
    for (const [name, why] of [
      [run.name, 'is a supervisor itself'],
      [`${run.name}/integrated`, 'has a supervisor already'],
    ]) {
      const options = { series, config: smurfConfig(config), primary: openTiny(name, runContext), force: false };
      await expect(trainSupervisor(options, runContext)).rejects.toThrow(why);
    }
  });

  it('leaves no integrated agent where nobody is to be supervised', async () => {
    const { folder, best } = await trainRun({ series, config: smurfConfig(config), validate: null }, runContext);
    expect(best).toBeNull();
    const model = (part: string) => runContext.files.read(`${folder}/${part}/model.safetensors`);
    expect(model('best')).toEqual(model('last'));
  });
});
