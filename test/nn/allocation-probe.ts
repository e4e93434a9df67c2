/**
 * Prints by how many bytes the heap grows over 200,000 single decisions, and how many networks the oracle's 256 MiB gave
 * to one who never calls `dispose`; run with --expose-gc by kernels.test.ts.
 */
import { createKernels, QNetwork } from '../../src/nn/index.ts';
import { createReferenceKernels } from '../../src/nn/reference.ts';

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
const decisionBytes = process.memoryUsage().heapUsed - before;
kernels.dispose();

const reference = createReferenceKernels();
let networks = 0;
for (; networks < 400; networks++) {
  new QNetwork(reference);
  if (networks % 50 !== 49) continue;
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(JSON.stringify({ decisionBytes, networks }));
