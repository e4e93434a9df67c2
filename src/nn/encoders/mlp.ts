import { convolution } from '../layers/convolution.ts';
import { dense } from '../layers/dense.ts';
import type { Layer } from '../layers/layer.ts';
import { defineEncoder, hidden, type Observed } from './encoder.ts';

/** PyTorch's Flatten, Linear and GELU: a convolution whose kernel is as long as the window, with one step. */
function denseOverWindow(name: string, { window, features }: Observed, outputs: number): Layer {
  const layer = convolution(name, { window, features, filters: outputs, kernelSize: window, pad: 0 });
  const inputs = window * features;
  const { floats, place } = layer.weight;
  // (output, bar, feature) where the convolution has (filter, feature, tap).
  const transposed = (i: number) => {
    const [output, bar, feature] = [Math.floor(i / inputs), Math.floor(i / features) % window, i % features];
    return place((output * features + feature) * window + bar);
  };
  return { ...layer, weight: { shape: [outputs, inputs], floats, place: transposed } };
}

/** Two dense layers over the flattened window, which knows nothing of time. 130,560 parameters at 21 x 12. */
export const mlp = defineEncoder({
  name: 'mlp',
  docs: 'two dense layers over the whole window',
  settings: { hidden },
  layers({ hidden: [first, second], ...observed }) {
    const dense1 = denseOverWindow('dense1', observed, first);
    return [dense1, dense('dense2', dense1, second)];
  },
});
