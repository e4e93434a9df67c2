/**
 * The kernels on their own: a network in machine code or WebAssembly that learns which third of a window is highest.
 * Usage: npm run example examples/network.ts
 */
import { Adam, createKernels, encodeSafetensors, QNetwork, Rng } from 'tradernet';

const kernels = await createKernels();
console.log(`kernels: ${kernels.name} ${kernels.isa}, ${kernels.threads} threads`);

const [batch, window] = [128, 12];
const network = new QNetwork(kernels, { window, features: 1, filters: 8, hidden: [32, 32] });
network.initialize(new Rng(1));
const adam = new Adam(kernels, network, { lr: 2e-3 });

const rng = new Rng(2);
const obs = new Float32Array(batch * window);
const labels = new Uint8Array(batch);
const gradient = new Float32Array(batch * 3);

/** Windows of noise of which one third is raised: that third is the label. */
function draw(): void {
  for (let b = 0; b < batch; b++) {
    labels[b] = rng.integer(3);
    for (let t = 0; t < window; t++) obs[b * window + t] = rng.normal() + (Math.floor(t / 4) === labels[b] ? 1 : 0);
  }
}

/** Mean squared error against one-hot labels; writes its gradient and returns the share that is right. */
function score(outputs: Float32Array): number {
  let right = 0;
  for (let b = 0; b < batch; b++) {
    const row = outputs.subarray(3 * b, 3 * b + 3);
    if (row.indexOf(Math.max(...row)) === labels[b]) right++;
    for (let a = 0; a < 3; a++) gradient[3 * b + a] = (2 * (row[a] - (labels[b] === a ? 1 : 0))) / batch;
  }
  return right / batch;
}

for (let step = 1; step <= 400; step++) {
  draw();
  const right = score(network.forward(obs, batch));
  network.backward(gradient, batch);
  adam.step();
  if (step === 1 || step % 100 === 0) console.log(`step ${step}: ${Math.round(100 * right)} % right`);
}
console.log(
  `${network.parameterCount} parameters, ${encodeSafetensors(network.stateDict()).length} bytes as safetensors`,
);
network.dispose();
kernels.dispose();
