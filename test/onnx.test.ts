/**
 * Exported agents in ONNX Runtime, native and WebAssembly: on 10,000 windows their outputs are ours within 1e-6 and
 * their actions the same. The runtimes are not the project's: npm ci --prefix tools/onnx --ignore-scripts
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentSpec, EnsembleAgent, findLearner, LEARNERS } from '../src/agents/index.ts';
import type { LoadedAgent } from '../src/agents/learner.ts';
import { DEFAULT_ACCOUNT } from '../src/core/account.ts';
import { InputError } from '../src/core/errors.ts';
import { Rng } from '../src/core/rng.ts';
import { scaleTable, spreadColumns } from '../src/features/observation.ts';
import { fitScaler, scaleRow, scalerToJson } from '../src/features/scaler.ts';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { synthesize } from '../src/market/synthetic.ts';
import { createKernels, type Kernels, type Network } from '../src/nn/index.ts';
import { exportOnnx } from '../src/onnx/export-agent.ts';
import { lacks, RUNS_ALL, SLOW } from './effort.ts';

const TOOLS = fileURLToPath(new URL('../tools/onnx/package.json', import.meta.url));
const missing = !existsSync(fileURLToPath(new URL('../tools/onnx/node_modules/onnxruntime-node', import.meta.url)));
const [WINDOWS, BATCH] = [RUNS_ALL ? 10_000 : 1000, 500];

const { series } = synthesize({ bars: 3000, seed: 3, trends: false });
const table = computeFeatures(series, featureSet('tradernet19'));
const scaler = fitScaler(table, 100, 2000, 'standardise', { scale: 0.1 });

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

function makeAgent(kind: string, seed: number, network: object = {}, account: object = {}): LoadedAgent {
  const { accountColumns, settings, create } = findLearner(kind);
  const scaled = scaleTable(table, scaler, { extraColumns: accountColumns });
  const spec: AgentSpec = {
    ...{ featureSet: 'tradernet19', columns: scaled.columns.slice(0, scaled.marketWidth), signature: scaled.signature },
    ...{ accountColumns: scaled.columns.slice(scaled.marketWidth), window: scaled.window, trainingRange: null },
    ...{ timeframeMs: series.timeframeMs, scaler: scalerToJson(scaler), reward: 'market-order', rewardScale: 100 },
    account: { ...DEFAULT_ACCOUNT, ...account },
  };
  const agent = create({ kernels, spec, config: settings.parse({ network }), seed });
  // Heads that choose otherwise from window to window, as trained ones do.
  const own = agent as unknown as Record<string, Network | undefined>;
  for (const network of [own.actor, own.q]) {
    if (network === undefined) continue;
    const rng = new Rng(seed);
    const state = network.stateDict();
    for (const name of ['head.weight', 'head.bias']) {
      const data = state.get(name)?.data ?? expect.unreachable();
      for (let at = 0; at < data.length; at++) data[at] = (name === 'head.weight' ? 0.1 : 0.02) * rng.normal();
    }
    network.loadStateDict(state);
  }
  return agent;
}

interface Fed {
  readonly window: Float64Array;
  readonly account: Float32Array;
  readonly mask: Uint8Array;
}

/** A window of the market, with noise far beyond what the scaler saw in one of ten, an account and a mask. */
function makeInput(spec: AgentSpec, rng: Rng): Fed {
  const { columns, window, accountColumns } = spec;
  const width = columns.length;
  const row = 100 + rng.integer(series.length - 200);
  const values = table.data.slice((row - window + 1) * width, (row + 1) * width);
  const wild = rng.uniform() < 0.1;
  const units = rng.integer(DEFAULT_ACCOUNT.maxUnits + 1);
  return {
    window: wild ? values.map((value) => value * (1 + 3 * rng.normal())) : values,
    account: Float32Array.from(accountColumns, (_, at) =>
      at === 0 ? units / DEFAULT_ACCOUNT.maxUnits : 0.1 * rng.normal(),
    ),
    mask: Uint8Array.of(rng.integer(2), rng.integer(2), 1),
  };
}

/** What our own agent says of it, through our own scaler. */
function decideOurselves(agent: LoadedAgent, { window: raw, account, mask }: Fed) {
  const { columns, window, accountColumns } = agent.spec;
  const width = columns.length + accountColumns.length;
  const values = new Float32Array(window * width);
  for (let bar = 0; bar < window; bar++) scaleRow(scaler, raw, bar * columns.length, values, bar * width);
  spreadColumns(account, values, { width, marketWidth: columns.length, extraScale: scaler.accountScale });
  return agent.decide({ values, mask });
}

const AGENTS: Readonly<Record<string, () => LoadedAgent>> = {
  ...Object.fromEntries(LEARNERS.map(({ name }) => [name, () => makeAgent(name, 1)])),
  'ppo with an mlp': () => makeAgent('ppo', 2, { encoder: 'mlp', hidden: [64, 32] }),
  'dqn without padding': () => makeAgent('dqn', 3, { padding: 'valid', kernelSize: 5 }),
  'exact on margin': () => makeAgent('exact', 4, {}, { mode: 'margin' }),
  'an ensemble of ppo': () => new EnsembleAgent([1, 2, 3].map((seed) => makeAgent('ppo', seed))),
  'an ensemble of dqn': () => new EnsembleAgent([1, 2].map((seed) => makeAgent('dqn', seed))),
};

// biome-ignore lint/suspicious/noExplicitAny: the runtimes are not in the project's dependencies, nor are their types
const load = (name: string): any => createRequire(TOOLS)(name);

describe.skipIf(lacks('ONNX Runtime (npm ci --prefix tools/onnx --ignore-scripts)', !missing))(
  'in ONNX Runtime',
  () => {
    for (const runtime of ['onnxruntime-node', 'onnxruntime-web']) {
      test.each(Object.keys(AGENTS))(`${runtime}: %s`, SLOW, async (name) => {
        const ort = load(runtime);
        if (runtime === 'onnxruntime-web') ort.env.wasm.numThreads = 1;
        const agent = AGENTS[name]();
        const session = await ort.InferenceSession.create(exportOnnx(agent));
        const rng = new Rng(11);
        const chosen = new Set<number>();
        const { columns, window, accountColumns } = agent.spec;
        for (let done = 0; done < WINDOWS; done += BATCH) {
          const inputs = Array.from({ length: BATCH }, () => makeInput(agent.spec, rng));
          const feeds = {
            window: new ort.Tensor('float64', Float64Array.from(inputs.flatMap((one) => [...one.window])), [
              BATCH,
              window,
              columns.length,
            ]),
            mask: new ort.Tensor('bool', Uint8Array.from(inputs.flatMap((one) => [...one.mask])), [BATCH, 3]),
            ...(accountColumns.length === 0
              ? {}
              : {
                  account: new ort.Tensor('float32', Float32Array.from(inputs.flatMap((one) => [...one.account])), [
                    BATCH,
                    accountColumns.length,
                  ]),
                }),
          };
          const said = await session.run(feeds);
          const outputs = (said.probabilities ?? said.q_values).data as Float32Array;
          inputs.forEach((input, i) => {
            const ours = decideOurselves(agent, input);
            const values = ours.probabilities ?? ours.qValues ?? [];
            const largest = Math.max(1, ...values.map(Math.abs));
            for (let a = 0; a < 3; a++)
              if (!(Math.abs(outputs[3 * i + a] - values[a]) <= 1e-6 * largest))
                expect.fail(`window ${done + i}, action ${a}: ${outputs[3 * i + a]}, ours is ${values[a]}`);
            // Two within rounding of each other may go either way.
            const legal = values.filter((_, a) => input.mask[a] === 1).sort((a, b) => b - a);
            if (legal.length < 2 || legal[0] - legal[1] > 2e-6 * largest)
              expect(Number(said.action.data[i])).toBe(ours.action);
            chosen.add(ours.action);
          });
        }
        expect(chosen.size).toBe(3);
        agent.dispose();
      });
    }
  },
);

test('what is no network of ours is refused in one line', () => {
  const agent = makeAgent('ppo', 1);
  expect(() => exportOnnx({ ...agent, kind: 'integrated', spec: agent.spec } as LoadedAgent)).toThrow(InputError);
});
