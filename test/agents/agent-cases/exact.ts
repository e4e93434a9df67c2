import { type AgentCase, DEFAULT_NETWORK, encoderTensors, headTensors, NETWORK, OTHER_NETWORKS } from './agent-case.ts';

export const agentCase: AgentCase = {
  golden: {
    why: 'no other implementation is known; test/agents/known-path.test.ts has its gradient by central differences',
  },
  defaults: {
    ...{ stretches: 32, stretchBars: 64, beyondBars: 100, minibatchBars: 128, epochs: 4, gamma: 0.99, evenShare: 0.5 },
    ...{ clip: 0.2, entropyCoefficient: 0.01, gradientNorm: 0.5, learningRate: 3e-3, learningRateDecay: 'linear' },
    ...{ weightDecay: 0.3, adamEpsilon: 1e-5, holdBias: 1, network: DEFAULT_NETWORK },
  },
  environments: 1,
  small: { stretches: 2, stretchBars: 8, beyondBars: 20, minibatchBars: 6, epochs: 2, network: NETWORK },
  step: 16,
  others: {
    stretches: { stretches: 4 },
    stretchBars: { stretchBars: 16 },
    beyondBars: { beyondBars: 2 },
    minibatchBars: { minibatchBars: 16 },
    epochs: { epochs: 3 },
    gamma: { gamma: 0.5 },
    evenShare: { evenShare: 0 },
    clip: { clip: 1e-4 },
    entropyCoefficient: { entropyCoefficient: 1 },
    gradientNorm: { gradientNorm: 0.01 },
    learningRate: { learningRate: 1e-3 },
    learningRateDecay: { learningRateDecay: 'none' },
    weightDecay: { weightDecay: 0 },
    adamEpsilon: { adamEpsilon: 1e-2 },
    holdBias: { holdBias: 0 },
    ...OTHER_NETWORKS,
  },
  reports: ['loss', 'entropy', 'kl', 'clippedShare', 'policyLoss'],
  diverging: { stretches: 2, stretchBars: 16, learningRate: 1e30 },
  // The trunk reads the market alone; a head for each number of units.
  tensors: { ...encoderTensors('actor', 21), ...headTensors('actor', 15) },
  refusesMask: /maskByShield/,
  values: null,
  // It asks for a market that does not react, with an account.
  toys: {
    identity: null,
    'delayed reward': null,
    'always up': { steps: 4096, config: { stretches: 8, stretchBars: 16, beyondBars: 20, minibatchBars: 32 } },
    sine: { steps: 8192, config: { stretches: 8, stretchBars: 32, beyondBars: 40, minibatchBars: 64 } },
    'planted signal': { steps: 60_000, config: { gamma: 0.9, beyondBars: 30 } },
  },
};
