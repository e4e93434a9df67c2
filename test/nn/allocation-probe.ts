/** Prints by how many bytes the heap grows over 200,000 single decisions; run with --expose-gc by kernels.test.ts. */
import { createKernels, QNetwork } from '../../src/nn/index.ts';

const kernels = await createKernels({ threads: 1 });
const network = new QNetwork(kernels);
const window = new Float32Array(252);
const mask = Uint8Array.of(1, 1, 1);
const decide = (times: number) => {
  for (let i = 0; i < times; i++) network.bestAction(window, mask);
};
decide(50_000);
globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
decide(200_000);
console.log(process.memoryUsage().heapUsed - before);
kernels.dispose();
