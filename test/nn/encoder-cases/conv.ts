import { denseOf, type EncoderCase, gelu } from './encoder-case.ts';

export const encoderCase: EncoderCase = {
  golden: { test: 'test/nn/pytorch.test.ts' },
  tensors: {
    'conv.weight': [32, 21, 3],
    'conv.bias': [32],
    'dense1.weight': [256, 384],
    'dense1.bias': [256],
    'dense2.weight': [256, 256],
    'dense2.bias': [256],
  },
  // As PyTorch counts them.
  parameters: 166_400,
  sizes: [
    { window: 5, features: 3, filters: 4, hidden: [7, 6] },
    { window: 6, features: 2, filters: 33, kernelSize: 5, padding: 'valid', hidden: [40, 9] },
  ],
  expected({ window, filters, kernelSize, padding }, tensors, sample) {
    const [weight, bias] = [tensors.get('conv.weight')!.data, tensors.get('conv.bias')!.data];
    const edge = padding === 'same' ? (kernelSize - 1) / 2 : 0;
    const steps = window + 2 * edge - kernelSize + 1;
    const features = sample[0].length;
    const convolved = Array.from({ length: filters * steps }, (_, i) => {
      const [filter, step] = [Math.floor(i / steps), i % steps];
      let z = bias[filter];
      for (let feature = 0; feature < features; feature++) {
        for (let tap = 0; tap < kernelSize; tap++) {
          const x = sample[step + tap - edge]?.[feature] ?? 0;
          z += weight[(filter * features + feature) * kernelSize + tap] * x;
        }
      }
      return gelu(z);
    });
    return denseOf(tensors, 'dense2', denseOf(tensors, 'dense1', convolved));
  },
};
