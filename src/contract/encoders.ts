import { Rng } from '../core/rng.ts';
import { type Kernels, type NetworkConfig, QNetwork } from '../nn/index.ts';
import { createReferenceKernels } from '../nn/reference.ts';
import { complaints } from './world.ts';

const [BATCH, STEP] = [3, 1e-3];

/** Its gradients against central differences, and its outputs on the kernels at hand against the reference's. */
export function checkEncoder(name: string, kernels: Kernels): string[] {
  return complaints((complain) => {
    const config = { encoder: name, window: 8, features: 5, filters: 4, hidden: [8, 8] } as Partial<NetworkConfig>;
    const rng = new Rng(3);
    const slow = new QNetwork(createReferenceKernels(), config);
    slow.initialize(rng);
    const obs = Float32Array.from({ length: BATCH * 8 * 5 }, () => rng.normal());
    const weights = Float32Array.from({ length: BATCH * 3 }, () => rng.normal());
    const loss = () => slow.forward(obs, BATCH).reduce((sum, value, at) => sum + value * weights[at], 0);
    const outputs = slow.forward(obs, BATCH).slice();
    if (!outputs.every(Number.isFinite)) return complain('its outputs are no numbers');
    slow.backward(weights, BATCH);
    const gradients = slow.gradients.slice();
    const largest = gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let at = 0; at < gradients.length; at += Math.max(1, Math.floor(gradients.length / 40))) {
      const before = slow.parameters[at];
      const at1 = (value: number) => {
        slow.parameters[at] = value;
        slow.parametersChanged();
        return loss();
      };
      const slope = (at1(before + STEP) - at1(before - STEP)) / (2 * STEP);
      at1(before);
      if (Math.abs(slope - gradients[at]) > 0.02 * Math.max(largest, 1e-3))
        return complain(`the gradient of weight ${at} is ${gradients[at]}, and central differences give ${slope}`);
    }
    const fast = new QNetwork(kernels, config);
    fast.loadStateDict(slow.stateDict());
    const same = fast.forward(obs, BATCH).every((value, at) => Math.abs(value - outputs[at]) < 1e-4);
    fast.dispose();
    if (!same) complain(`its outputs on ${kernels.name} are not the reference's`);
  });
}
