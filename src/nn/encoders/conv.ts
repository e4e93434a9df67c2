import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { setting } from '../../core/setting.ts';
import { convolution } from '../layers/convolution.ts';
import { dense } from '../layers/dense.ts';
import { defineEncoder, hidden, width } from './encoder.ts';

/** Convolution over time, then two dense layers: the encoder of the specification. 166,400 parameters at 21 x 12. */
export const conv = defineEncoder({
  name: 'conv',
  docs: 'a convolution over time and two dense layers',
  settings: {
    filters: setting(width, 32, 'filters', 'of the convolution over time (conv)'),
    kernelSize: setting(z.int().min(1).max(63), 3, 'bars', 'under the convolution, odd (conv)'),
    padding: setting(
      z.enum(['same', 'valid']),
      'same',
      'choice',
      'same keeps the number of bars, valid shortens it (conv)',
    ),
    hidden,
  },
  layers({ window, features, filters, kernelSize, padding, hidden: [first, second] }) {
    if (kernelSize % 2 === 0) throw new InputError(`network: kernelSize is ${kernelSize}; give an odd number`);
    const pad = padding === 'same' ? (kernelSize - 1) / 2 : 0;
    if (window + 2 * pad < kernelSize)
      throw new InputError(`network: a kernel of ${kernelSize} does not fit into ${window} bars; use padding 'same'`);
    const convolved = convolution('conv', { window, features, filters, kernelSize, pad });
    const dense1 = dense('dense1', convolved, first);
    return [convolved, dense1, dense('dense2', dense1, second)];
  },
});
