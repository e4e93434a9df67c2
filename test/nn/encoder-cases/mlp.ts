import { denseOf, type EncoderCase } from './encoder-case.ts';

export const encoderCase: EncoderCase = {
  golden: { test: 'test/nn/pytorch.test.ts' },
  tensors: {
    'dense1.weight': [256, 252],
    'dense1.bias': [256],
    'dense2.weight': [256, 256],
    'dense2.bias': [256],
  },
  parameters: 252 * 256 + 256 + 256 * 256 + 256,
  sizes: [
    { window: 5, features: 3, hidden: [7, 6] },
    { window: 6, features: 2, hidden: [40, 9] },
  ],
  expected: (_sizes, tensors, sample) => denseOf(tensors, 'dense2', denseOf(tensors, 'dense1', sample.flat())),
};
