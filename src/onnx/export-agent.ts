/**
 * An agent as an ONNX file: scaler, networks, mask and choice inside. Inputs: `window` (batch, window, columns), double,
 * the features as `tradernet features` writes them, unscaled; `account` (batch, account columns), float, where the agent
 * sees any; `mask` (batch, 3), bool, HOLD always true. Outputs: `probabilities` or `q_values` (batch, 3), float, and
 * `action` (batch), int64: 0 SELL, 1 BUY, 2 HOLD as `core/action.ts` counts them.
 */
import { type AgentSpec, NETWORKS } from '../agents/checkpoint.ts';
import type { LoadedAgent } from '../agents/learner.ts';
import type { AccountConfig } from '../core/account.ts';
import { ACTION_COUNT, ACTION_NAMES } from '../core/action.ts';
import { InputError } from '../core/errors.ts';
import { stateOf } from '../env/outcomes.ts';
import { UNITS_COLUMNS } from '../features/observation.ts';
import { scalerFromJson } from '../features/scaler.ts';
import { decodeSafetensors, type StateDict } from '../nn/index.ts';
import { OnnxGraph, TYPE } from './graph.ts';

type Tensor = NonNullable<ReturnType<StateDict['get']>>;

/** What a class of agents looks at and decides by. */
interface Head {
  /** As the tensors' names begin. */
  readonly network: string;
  readonly output: 'probabilities' | 'q_values';
  /** A head for each number of units held, over the market's columns alone. */
  readonly byUnits: boolean;
}

const HEADS: Readonly<Record<string, Head>> = {
  ppo: { network: 'actor', output: 'probabilities', byUnits: false },
  dqn: { network: 'q', output: 'q_values', byUnits: false },
  exact: { network: 'actor', output: 'probabilities', byUnits: true },
};

/**
 * @param metadata what else a reader of the file should know, beside what the agent sees
 * @throws InputError for an agent that can't be written as one graph
 */
export function exportOnnx(agent: LoadedAgent, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const { spec, kind } = agent;
  const members = kind === 'ensemble' ? (agent.parts ?? []) : [agent];
  const heads = members.map((member) => headOf(member.kind));
  const graph = new OnnxGraph();
  const inputs = readInputs(graph, spec);
  const votes = members.map((member, i) => outputsOf(graph, member, heads[i], inputs));
  // The members' mean in float64, as the ensemble takes it.
  const wide = votes.map((one) => graph.node('Cast', [one], { to: TYPE.double }));
  const sum = wide.reduce((one, other) => graph.node('Add', [one, other]));
  const vote = graph.node('Div', [sum, graph.constant(Float64Array.of(wide.length), [1])]);
  const impossible = graph.constant(Float64Array.of(-Infinity), [1]);
  const possible = graph.node('Where', [inputs.mask, vote, impossible]);
  const action = graph.node('ArgMax', [possible], { axis: 1, keepdims: 0 });
  graph.output(heads[0].output, graph.node('Cast', [vote], { to: TYPE.float }), 'float', ['batch', ACTION_COUNT]);
  graph.output('action', action, 'int64', ['batch']);
  return graph.encode(kind, {
    ...{ agent: kind, actions: ACTION_NAMES.join(','), window: String(spec.window), signature: spec.signature },
    ...{ columns: spec.columns.join(','), account_columns: spec.accountColumns.join(',') },
    ...{ timeframe_ms: String(spec.timeframeMs), feature_set: spec.featureSet },
    ...metadata,
  });
}

function headOf(kind: string): Head {
  const head = HEADS[kind];
  if (head !== undefined) return head;
  throw new InputError(
    `an agent of class ${kind} can't be written as ONNX; ${Object.keys(HEADS).join(', ')} and ensembles of them can`,
  );
}

interface Inputs {
  /** (batch, window, market columns), scaled. */
  readonly market: string;
  /** (batch, account columns), as given; null where there are none. */
  readonly account: string | null;
  readonly mask: string;
  /** (batch, window, all columns). */
  readonly observation: string;
}

/** In float64 until the scaled value is stored, as the scaler does it. */
function readInputs(graph: OnnxGraph, { window, columns, accountColumns, scaler: saved }: AgentSpec): Inputs {
  const raw = graph.input('window', 'double', ['batch', window, columns.length]);
  let market = raw;
  let accountScale = 1;
  if (saved !== null) {
    const scaler = scalerFromJson(saved);
    accountScale = scaler.accountScale;
    const row = (values: Float64Array) => graph.constant(values, [1, 1, columns.length]);
    market = graph.node('Mul', [graph.node('Sub', [market, row(scaler.shift)]), row(scaler.factor)]);
    market = graph.node('Max', [row(scaler.low), graph.node('Min', [row(scaler.high), market])]);
  }
  market = graph.node('Cast', [market], { to: TYPE.float });
  const extras = accountColumns.length;
  if (extras === 0)
    return { market, account: null, observation: market, mask: graph.input('mask', 'bool', ['batch', ACTION_COUNT]) };
  const account = graph.input('account', 'float', ['batch', extras]);
  const mask = graph.input('mask', 'bool', ['batch', ACTION_COUNT]);
  const wide = graph.node('Mul', [
    graph.node('Cast', [account], { to: TYPE.double }),
    graph.constant(Float64Array.of(accountScale), [1]),
  ]);
  const cell = graph.node('Unsqueeze', [graph.node('Cast', [wide], { to: TYPE.float }), graph.integers(1)]);
  const rows = graph.node('Tile', [cell, graph.integers(1, window, 1)]);
  return { market, account, mask, observation: graph.node('Concat', [market, rows], { axis: 2 }) };
}

/** Probabilities or Q-values (batch, 3) of one agent. */
function outputsOf(graph: OnnxGraph, agent: LoadedAgent, head: Head, inputs: Inputs): string {
  const tensors = decodeSafetensors(agent.checkpointFiles().get(NETWORKS) ?? new Uint8Array(), agent.kind);
  const features = encode(
    graph,
    tensors,
    `${head.network}.encoder.`,
    head.byUnits ? inputs.market : inputs.observation,
    agent.spec.window,
  );
  let outputs = linear(graph, features, tensors, `${head.network}.head`);
  if (head.byUnits)
    outputs = chooseHead(graph, agent.spec, inputs, outputs, needTensor(tensors, `${head.network}.head.bias`));
  if (head.output === 'q_values') return outputs;
  const masked = graph.node('Where', [inputs.mask, outputs, graph.constant(Float32Array.of(-Infinity), [1])]);
  return graph.node('Softmax', [masked], { axis: 1 });
}

/** The encoder's layers, in the order of the file: weights of three dimensions convolve over time, others are dense. */
function encode(graph: OnnxGraph, tensors: StateDict, prefix: string, observation: string, window: number): string {
  const names = [...tensors.keys()].filter((name) => name.startsWith(prefix) && name.endsWith('.weight'));
  const layers = names.map((name) => name.slice(0, -'.weight'.length));
  const first = needTensor(tensors, `${layers[0]}.weight`);
  let values =
    first.shape.length === 3
      ? graph.node('Transpose', [observation], { perm: [0, 2, 1] })
      : graph.node('Flatten', [observation], { axis: 1 });
  layers.forEach((layer, i) => {
    const { shape } = needTensor(tensors, `${layer}.weight`);
    if (shape.length === 3) {
      const next = i + 1 < layers.length ? needTensor(tensors, `${layers[i + 1]}.weight`).shape : [];
      if (next.length !== 2) throw new InputError(`${layer}: a convolution below another can't be written as ONNX yet`);
      values = convolve(graph, values, tensors, layer, (next[1] / shape[0] - window + shape[2] - 1) / 2);
      values = graph.node('Flatten', [gelu(graph, values)], { axis: 1 });
    } else values = gelu(graph, linear(graph, values, tensors, layer));
  });
  return values;
}

/** @param pad bars of zeros at each end; what comes out tells how many there were */
function convolve(graph: OnnxGraph, input: string, tensors: StateDict, layer: string, pad: number): string {
  const [weight, bias] = ['weight', 'bias'].map((part) => needTensor(tensors, `${layer}.${part}`));
  return graph.node('Conv', [input, graph.constant(weight.data, weight.shape), graph.constant(bias.data, bias.shape)], {
    kernel_shape: [weight.shape[2]],
    pads: [pad, pad],
  });
}

function linear(graph: OnnxGraph, input: string, tensors: StateDict, layer: string): string {
  const [weight, bias] = ['weight', 'bias'].map((part) => needTensor(tensors, `${layer}.${part}`));
  return graph.node('Gemm', [input, graph.constant(weight.data, weight.shape), graph.constant(bias.data, bias.shape)], {
    transB: 1,
  });
}

/** x Phi(x), the exact one. */
function gelu(graph: OnnxGraph, x: string): string {
  const number = (value: number) => graph.constant(Float32Array.of(value), [1]);
  const erf = graph.node('Erf', [graph.node('Mul', [x, number(Math.SQRT1_2)])]);
  return graph.node('Mul', [x, graph.node('Mul', [number(0.5), graph.node('Add', [number(1), erf])])]);
}

/** Of (batch, states x 3) those that belong to the units held. */
function chooseHead(graph: OnnxGraph, spec: AgentSpec, { account }: Inputs, outputs: string, bias: Tensor): string {
  if (account === null) throw new InputError('exact: the checkpoint has no column of the units held; restore a backup');
  const shape = spec.account as unknown as Pick<AccountConfig, 'mode' | 'maxUnits'>;
  const states = bias.shape[0] / ACTION_COUNT;
  const at = spec.accountColumns.indexOf(UNITS_COLUMNS[0]);
  const units = graph.node('Mul', [
    graph.node('Gather', [account, graph.integers(at)], { axis: 1 }),
    graph.constant(Float32Array.of(shape.maxUnits), [1]),
  ]);
  const place = graph.node('Add', [
    graph.node('Round', [units]),
    graph.constant(Float32Array.of(stateOf(0, shape)), [1]),
  ]);
  const [low, high] = [0, states - 1].map((value) => graph.constant(Float32Array.of(value), [1]));
  const state = graph.node('Cast', [graph.node('Max', [low, graph.node('Min', [high, place])])], { to: TYPE.int64 });
  const heads = graph.node('Reshape', [outputs, graph.integers(0, states, ACTION_COUNT)]);
  return graph.node('GatherND', [heads, state], { batch_dims: 1 });
}

function needTensor(tensors: StateDict, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw new InputError(`model.safetensors has no ${name}; the checkpoint is damaged, restore a backup`);
  return tensor;
}
