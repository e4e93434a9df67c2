import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EnsembleAgent, LEARNERS, type LearnerName, loadAgent } from '../../src/agents/index.ts';
import { Rng } from '../../src/core/rng.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { makeAgent, makeTradingEnv } from './made-agents.ts';

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const envOf = (kind: LearnerName) => makeTradingEnv(1, kind);
const KINDS = LEARNERS.map(({ name }) => name);
const membersOf = (kind: LearnerName, count = 3) =>
  Array.from({ length: count }, (_, i) => {
    // Without a bias to HOLD, so that untrained members disagree.
    const config = kind === 'exact' ? { holdBias: 0 } : {};
    return makeAgent(kind, kernels, envOf(kind), { seed: 10 + i, config });
  });

/** Observations at random, each with another mask. */
function* observations(kind: LearnerName, count: number) {
  const { window, features } = envOf(kind);
  const rng = new Rng(4);
  for (let i = 0; i < count; i++) {
    const values = Float32Array.from({ length: window * features }, () => rng.normal());
    yield { values, mask: Uint8Array.of(i % 2, Number(i % 3 > 0), 1) };
  }
}

describe.each(KINDS)('an ensemble of %s', (kind) => {
  it('takes the allowed action of the highest mean', () => {
    const members = membersOf(kind);
    const agent = new EnsembleAgent(members);
    let differs = 0;
    for (const obs of observations(kind, 60)) {
      const each = members.map((member) => {
        const { probabilities, qValues, action } = member.decide(obs);
        return { scores: [...(probabilities ?? qValues ?? [])], action };
      });
      const means = [0, 1, 2].map((a) => (each[0].scores[a] + each[1].scores[a] + each[2].scores[a]) / 3);
      const allowed = [0, 1, 2].filter((a) => obs.mask[a] === 1);
      const expected = allowed.reduce((best, a) => (means[a] > means[best] ? a : best));
      const decision = agent.decide(obs);
      expect(decision.action).toBe(expected);
      expect(agent.getAction(obs)).toBe(expected);
      (decision.probabilities ?? decision.qValues)!.forEach((score, a) => {
        expect(score).toBeCloseTo(means[a], 12);
      });
      if (each.some(({ action }) => action !== expected)) differs++;
    }
    expect(differs, 'members that were outvoted').toBeGreaterThan(0);
    agent.dispose();
  });

  it('is saved and loaded as it is', () => {
    const agent = new EnsembleAgent(membersOf(kind));
    const files = new MemoryFileSystem();
    agent.save(files, 'runs/x');
    const loaded = loadAgent(files, 'runs/x', kernels);
    expect(loaded.kind).toBe('ensemble');
    expect(loaded.spec).toEqual(agent.spec);
    for (const obs of observations(kind, 20)) expect(loaded.decide(obs)).toEqual(agent.decide(obs));
    agent.dispose();
    loaded.dispose();
  });
});

describe('an ensemble', () => {
  it('has two members or more, of one class, that see the same', () => {
    const [a] = membersOf('ppo', 1);
    const [b] = membersOf('dqn', 1);
    const other = makeAgent('ppo', kernels, envOf('ppo'), { spec: { rewardScale: 7 } });
    expect(() => new EnsembleAgent([a])).toThrow('an ensemble has two members or more, not 1');
    expect(() => new EnsembleAgent([a, b])).toThrow("an ensemble's members are of one class; these are ppo and dqn");
    expect(() => new EnsembleAgent([a, other])).toThrow(/rewardScale 7/);
    for (const one of [a, b, other]) one.dispose();
  });

  it('that lost a member is refused', () => {
    const agent = new EnsembleAgent(membersOf('ppo', 2));
    const files = new MemoryFileSystem();
    agent.save(files, 'runs/x');
    files.remove('runs/x/member-2/checkpoint.json');
    expect(() => loadAgent(files, 'runs/x', kernels)).toThrow(/member-2\/checkpoint\.json: missing/);
    agent.dispose();
  });
});
