/** An encoder of one's own: a convolution over three bars, then one dense layer. Usage: --plugin examples/plugins/linear-encoder.ts --set ppo.network.encoder=short */
import { convolution, defineEncoder, definePlugin, dense, setting, width } from 'tradernet/plugin';

const short = defineEncoder({
  name: 'short',
  docs: 'a convolution over three bars and one dense layer',
  settings: { units: setting(width, 64, 'units', 'of its dense layer') },
  layers({ window, features, units }) {
    const conv = convolution('conv', { window, features, filters: 16, kernelSize: 3, pad: 1 });
    return [conv, dense('dense', conv, units)];
  },
});

export default definePlugin({ encoders: [short] });
