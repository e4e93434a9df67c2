import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AgentSpec,
  type DQNAgent,
  IntegratedAgent,
  type LearnerName,
  loadAgent,
  VetoCounter,
} from '../../src/agents/index.ts';
import { increasesRisk } from '../../src/agents/supervision.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import { Rng } from '../../src/core/rng.ts';
import { createKernels, type Kernels } from '../../src/nn/index.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { CASES, NAMES } from './agent-cases.ts';
import { makeAgent, makeTradingEnv } from './made-agents.ts';

const TINY = { network: { filters: 2, hidden: [4, 4] } };

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels({ threads: 1 });
});
afterAll(() => kernels.dispose());

const SMURF: Partial<AgentSpec> = { reward: 'smurf(horizon)', accountColumns: [], signature: 'market' };

function makeSupervisor(seed: number, spec: Partial<AgentSpec> = {}): DQNAgent {
  return makeAgent('dqn', kernels, makeTradingEnv(1), { config: TINY, seed, spec: { ...SMURF, ...spec } }) as DQNAgent;
}
const makePrimary = (kind: LearnerName, seed = 1) =>
  makeAgent(kind, kernels, makeTradingEnv(1, kind), { config: CASES[kind].small, seed });

describe('the integrated agent', () => {
  it('holds where the supervisor, seeing the market only, says HOLD; else the primary stands', () => {
    const counts = { vetoed: 0, stood: 0, agreed: 0 };
    for (let seed = 0; seed < 12; seed++) {
      const primary = makePrimary(seed % 2 === 0 ? 'ppo' : 'dqn', seed);
      const supervisor = makeSupervisor(100 + seed);
      const agent = new IntegratedAgent(primary, supervisor);
      const rng = new Rng(seed);
      for (let n = 0; n < 40; n++) {
        const values = Float32Array.from({ length: 4 * 7 }, () => 3 * rng.normal());
        const mask = new Uint8Array([rng.integer(2), rng.integer(2), 1]);
        // Rows of 3 market columns, of 7 with the account's.
        const market = values.filter((_, i) => i % 7 < 3);
        const said = supervisor.getAction({ values: market, mask: new Uint8Array([1, 1, 1]) });
        const wanted = primary.getAction({ values, mask });
        const final = said === HOLD ? HOLD : wanted;
        expect(agent.getAction({ values, mask })).toBe(final);
        const decision = agent.decide({ values, mask });
        expect(decision.action).toBe(final);
        expect(decision.vetoed).toBe(final === wanted ? undefined : wanted);
        counts[final !== wanted ? 'vetoed' : said === HOLD ? 'agreed' : 'stood']++;
      }
      agent.dispose();
    }
    expect(Math.min(counts.vetoed, counts.stood)).toBeGreaterThan(50);
  });

  it.each(NAMES)('around %s is saved and loaded whole', (kind) => {
    const files = new MemoryFileSystem();
    const judgement = { ...new VetoCounter().judge(), forced: true };
    const agent = new IntegratedAgent(makePrimary(kind), makeSupervisor(2), judgement);
    agent.save(files, 'run/integrated');
    const loaded = loadAgent(files, 'run/integrated', kernels) as IntegratedAgent;
    expect(loaded).toBeInstanceOf(IntegratedAgent);
    expect(loaded.primary.kind).toBe(kind);
    expect(loaded.judgement).toEqual(judgement);
    const rng = new Rng(3);
    for (let n = 0; n < 30; n++) {
      const obs = {
        values: Float32Array.from({ length: 28 }, () => 3 * rng.normal()),
        mask: new Uint8Array([1, 1, 1]),
      };
      expect(loaded.decide(obs)).toEqual(agent.decide(obs));
    }
    loaded.save(files, 'copy');
    const under = (path: string) => [...files.snapshot()].filter(([name]) => name.startsWith(path)).map(([, b]) => b);
    expect(under('copy/')).toEqual(under('run/integrated/'));
    files.truncate('copy/supervisor/model.safetensors', 50);
    expect(() => loadAgent(files, 'copy', kernels)).toThrow('copy/supervisor/model.safetensors: damaged');
    files.remove('copy/supervisor');
    expect(() => loadAgent(files, 'copy', kernels)).toThrow('supervisor/checkpoint.json: missing');
  });

  it('refuses a supervisor of another class, reward, feature list, window or scaler', () => {
    const around = (supervisor: unknown) => () => new IntegratedAgent(makePrimary('ppo'), supervisor as DQNAgent);
    expect(around(makePrimary('ppo'))).toThrow('its class is "ppo", it needs "dqn"');
    expect(around(makePrimary('dqn'))).toThrow('its reward is "market-order", it needs "smurf(horizon)"');
    expect(around(makeSupervisor(1, { accountColumns: ['units_held'] }))).toThrow(
      'list of account columns is ["units_held"]',
    );
    expect(around(makeSupervisor(1, { columns: ['a', 'b', 'c'] }))).toThrow(
      'its columns is ["a","b","c"], it needs ["column0","column1","column2"]',
    );
    expect(around(makeSupervisor(1, { window: 6 }))).toThrow('its window is 6, it needs 4');
    expect(around(makeSupervisor(1, { scaler: { method: 'x' } }))).toThrow('its scaler is {"method":"x"}');
    expect(around(makeSupervisor(1, { reward: 'smurf(market-order)' }))).not.toThrow();
  });
});

describe('the judgement of a supervisor', () => {
  const judge = (requests: number, vetoes: number) => {
    const counter = new VetoCounter();
    for (let i = 0; i < requests; i++) {
      const facts = { probabilities: null, qValues: null };
      const decision = i < vetoes ? { ...facts, action: HOLD, vetoed: BUY } : { ...facts, action: BUY };
      counter.count(decision as never, 0, new Uint8Array([1, 1, 1]));
    }
    return counter.judge();
  };

  it('refuses one that vetoes more than 95 % or less than 5 % of what increases risk', () => {
    expect([4, 5, 50, 95, 96].map((vetoes) => judge(100, vetoes).accepted)).toEqual([false, true, true, true, false]);
    expect(judge(100, 96).reason).toBe('the supervisor vetoes 96 of 100 requests that increase risk, more than 95.0 %');
    expect(judge(100, 1).reason).toBe('the supervisor vetoes 1 of 100 requests that increase risk, less than 5.0 %');
    expect(judge(0, 0)).toMatchObject({ accepted: false, reason: expect.stringContaining('never asks for more risk') });
  });

  it('counts only orders that would make the position larger', () => {
    const all = new Uint8Array([1, 1, 1]);
    fc.assert(
      fc.property(fc.constantFrom<Action>(SELL, BUY, HOLD), fc.integer({ min: -4, max: 4 }), (action, units) => {
        const after =
          action === HOLD ? units : action === BUY ? (units < 0 ? 0 : units + 1) : units > 0 ? 0 : units - 1;
        expect(increasesRisk(action, units, all)).toBe(Math.abs(after) > Math.abs(units));
      }),
    );
    expect(increasesRisk(BUY, 4, new Uint8Array([1, 0, 1]))).toBe(false);
  });
});
