import type { PPOAgent } from '../../../src/agents/index.ts';
import { type AgentCase, DEFAULT_NETWORK, encoderTensors, headTensors, NETWORK, OTHER_NETWORKS } from './agent-case.ts';

const TOY = { rolloutSteps: 32, epochs: 4, minibatchSize: 64, learningRate: 2e-3 };

export const agentCase: AgentCase = {
  golden: { test: 'test/nn/pytorch.test.ts' },
  defaults: {
    ...{ environments: 64, rolloutSteps: 64, minibatchSize: 512, epochs: 4, clip: 0.2, lambda: 0.5, gamma: 0.99 },
    ...{ targetKl: null, entropyDecay: 'none', gradientNormOf: 'both' },
    ...{ entropyCoefficient: 0.01, valueCoefficient: 0.5, gradientNorm: 0.5, learningRate: 3e-3 },
    ...{ learningRateDecay: 'linear', weightDecay: 0.1, adamEpsilon: 1e-5, network: DEFAULT_NETWORK },
  },
  environments: 4,
  small: { rolloutSteps: 16, minibatchSize: 16, epochs: 2, network: NETWORK },
  step: 4,
  others: {
    environments: { environments: 2 },
    rolloutSteps: { rolloutSteps: 8 },
    minibatchSize: { minibatchSize: 32 },
    epochs: { epochs: 3 },
    targetKl: { targetKl: 1e-9 },
    gamma: { gamma: 0.5 },
    lambda: { lambda: 0.9 },
    clip: { clip: 1e-4 },
    entropyCoefficient: { entropyCoefficient: 1 },
    entropyDecay: { entropyDecay: 'linear' },
    valueCoefficient: { valueCoefficient: 0.1 },
    gradientNorm: { gradientNorm: 0.01 },
    gradientNormOf: { gradientNormOf: 'each' },
    learningRate: { learningRate: 1e-3 },
    learningRateDecay: { learningRateDecay: 'none' },
    weightDecay: { weightDecay: 10 },
    adamEpsilon: { adamEpsilon: 1e-2 },
    ...OTHER_NETWORKS,
  },
  reports: ['loss', 'entropy', 'kl', 'explainedVariance', 'policyLoss'],
  diverging: { rolloutSteps: 16, learningRate: 1e30 },
  tensors: {
    ...encoderTensors('actor'),
    ...headTensors('actor', 3),
    ...encoderTensors('critic'),
    ...headTensors('critic', 1),
  },
  refusesMask: null,
  values: {
    config: { rolloutSteps: 16, epochs: 8, learningRate: 1e-2, learningRateDecay: 'none', network: NETWORK },
    value: (agent, obs) => (agent as PPOAgent).critic.infer(obs.values, 1)[0],
  },
  toys: {
    identity: { steps: 4000, config: TOY },
    'delayed reward': { steps: 8000, config: TOY },
    'always up': { steps: 6000, config: TOY },
    sine: { steps: 12_000, config: TOY },
    'planted signal': {
      steps: 40_000,
      config: { ...TOY, rolloutSteps: 128, epochs: 6, minibatchSize: 256, learningRate: 3e-3, gamma: 0.8, lambda: 0.9 },
    },
  },
};
