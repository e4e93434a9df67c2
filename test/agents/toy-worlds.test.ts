/** Agents learn toy worlds before markets. Deterministic kernels make it the same outcome everywhere. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { SLOW } from '../effort.ts';
import { CASES, NAMES } from './agent-cases.ts';
import { learnToy, TOYS } from './toy-training.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

describe.each(TOYS)('the toy world "$name"', (toy) => {
  it.each(NAMES.filter((name) => CASES[name].toys[toy.name] !== null))(
    'is learned by %s with three seeds',
    SLOW,
    async (kind) => {
      for (const seed of [1, 2, 3]) expect(await learnToy(toy, kind, kernels, seed)).toBeGreaterThanOrEqual(toy.pass);
    },
  );
});
