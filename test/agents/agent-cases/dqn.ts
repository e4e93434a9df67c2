import { type AgentCase, DEFAULT_NETWORK, encoderTensors, headTensors, NETWORK, OTHER_NETWORKS } from './agent-case.ts';

const TOY = {
  learningStarts: 200,
  trainEvery: 4,
  learningRate: 2e-3,
  tau: 0.02,
  explorationShare: 0.4,
  bufferSize: 20_000,
};

export const agentCase: AgentCase = {
  golden: { test: 'test/nn/pytorch.test.ts' },
  defaults: {
    ...{ environments: 1, double: true, loss: 'huber', targetUpdate: 'polyak', tau: 0.005, learningRate: 1e-4 },
    ...{ gamma: 0.99, batchSize: 64, bufferSize: 200_000, learningStarts: 5000, trainEvery: 16 },
    ...{ explorationStart: 1, explorationEnd: 0.05, explorationShare: 0.1, hardUpdateEvery: 2500 },
    ...{ adamEpsilon: 1e-8, network: DEFAULT_NETWORK },
  },
  environments: 2,
  small: { learningStarts: 20, batchSize: 8, bufferSize: 60, trainEvery: 2, hardUpdateEvery: 7, network: NETWORK },
  step: 2,
  others: {
    environments: { environments: 1 },
    gamma: { gamma: 0.5 },
    learningRate: { learningRate: 1e-3 },
    adamEpsilon: { adamEpsilon: 1e-2 },
    batchSize: { batchSize: 9 },
    bufferSize: { bufferSize: 50 },
    learningStarts: { learningStarts: 30 },
    trainEvery: { trainEvery: 16 },
    explorationStart: { explorationStart: 0.5 },
    explorationEnd: { explorationEnd: 0.5 },
    explorationShare: { explorationShare: 0.9 },
    double: { double: false },
    loss: { loss: 'mse' },
    targetUpdate: { targetUpdate: 'hard' },
    tau: { tau: 0.5 },
    hardUpdateEvery: { targetUpdate: 'hard', hardUpdateEvery: 5 },
    ...OTHER_NETWORKS,
  },
  reports: ['epsilon', 'loss'],
  diverging: { learningStarts: 20, loss: 'mse', learningRate: 1e30 },
  tensors: { ...encoderTensors('q'), ...headTensors('q', 3) },
  refusesMask: null,
  values: {
    config: { learningStarts: 20, learningRate: 1e-2, trainEvery: 4, tau: 0.1, network: NETWORK },
    value: (agent, obs) => Math.max(...(agent.decide(obs).qValues ?? [])),
  },
  toys: {
    identity: { steps: 3000, config: TOY },
    'delayed reward': { steps: 6000, config: TOY },
    'always up': { steps: 4000, config: TOY },
    sine: { steps: 8000, config: { ...TOY, gamma: 0.9 } },
    'planted signal': {
      steps: 32_000,
      config: { ...TOY, trainEvery: 8, batchSize: 128, learningRate: 1e-3, gamma: 0.9, explorationEnd: 0.1 },
    },
  },
};
