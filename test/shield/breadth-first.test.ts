/** Proof 1c: everything that can happen to profile `spec` in twelve steps, restarts, resets and halts included. */
import { expect, test } from 'vitest';
import { type Action, HOLD } from '../../src/core/action.ts';
import type { Json } from '../../src/core/json.ts';
import { createShield, type Exits } from '../../src/shield/index.ts';
import { ask, makeFacts, unitsAfter } from './facts.ts';

const DEPTH = 12;

/** What the specification says about a request, told from the episode's requests alone. */
interface Node {
  readonly units: number;
  readonly saved: Json;
  /** The last two requests of the episode as the supervisor left them. */
  readonly history: readonly Action[];
  readonly halted: boolean;
}
type Move = { readonly request: Action; readonly advice: Action } | 'reset' | 'restart' | 'halt' | 'person';

const MOVES: readonly Move[] = [
  ...([0, 1, 2] as const).flatMap((request) => ([0, 1, 2] as const).map((advice) => ({ request, advice }))),
  'reset',
  'restart',
  'halt',
  'person',
];

function explore(mode: 'spot' | 'margin', maxUnits: number, exits: Exits): { nodes: number; edges: number } {
  let advice: Action = 0;
  const supervisor = { kind: 'dqn', getAction: () => advice, decide: () => ask(advice) };
  const make = () => createShield({ profile: 'spec', exits, supervisor });
  const shield = make();
  const seen = new Set<string>();
  let frontier: Node[] = [{ units: 0, saved: shield.saveState(), history: [], halted: false }];
  let edges = 0;
  for (let depth = 0; depth <= DEPTH && frontier.length > 0; depth++) {
    const next: Node[] = [];
    for (const node of frontier) {
      const key = JSON.stringify(node);
      if (seen.has(key)) continue;
      seen.add(key);
      if (depth === DEPTH) continue;
      for (const move of MOVES) {
        edges++;
        shield.restoreState(node.saved);
        if (move === 'reset' || move === 'person') {
          shield.reset({ person: move === 'person' });
          const halted = move === 'person' ? false : node.halted;
          next.push({ ...node, saved: shield.saveState(), history: [], halted });
        } else if (move === 'restart') {
          const other = make();
          other.restoreState(JSON.parse(JSON.stringify(node.saved)));
          expect(other.saveState()).toEqual(node.saved);
        } else if (move === 'halt') {
          shield.halt('by-hand', 0);
          next.push({ ...node, saved: shield.saveState(), halted: true });
        } else {
          advice = move.advice;
          const { units, history, halted } = node;
          const decision = shield.decide(ask(move.request), makeFacts({ units, mode, maxUnits }));
          const reduces = Math.abs(unitsAfter(units, move.request, mode, maxUnits)) < Math.abs(units);
          const exempt = reduces && exits === 'always-pass';
          const request = advice === HOLD && !exempt ? HOLD : move.request;
          const repeats = request !== HOLD && history.length === 2 && history.every((queued) => queued === request);
          const final = halted || (repeats && !exempt) ? HOLD : request;
          const after = decision.flatten ? 0 : unitsAfter(units, decision.final, mode, maxUnits);
          const right =
            decision.requested === request &&
            decision.final === final &&
            decision.state === (halted ? 'HALTED' : 'ACTIVE') &&
            decision.flatten === (halted && units !== 0) &&
            decision.verdicts.length === (halted ? 3 : 2) &&
            (decision.final === move.request || Math.abs(after) <= Math.abs(units)) &&
            (!exempt || after === 0) &&
            (!halted || after === 0);
          if (!right) throw new Error(JSON.stringify({ node, move, decision, expected: { request, final } }));
          next.push({ units: after, saved: shield.saveState(), history: [...history, request].slice(-2), halted });
        }
      }
    }
    frontier = next;
  }
  return { nodes: seen.size, edges };
}

test('twelve steps of profile spec, spot to 4 units and margin to 2, exits literal and always passing', () => {
  let nodes = 0;
  let edges = 0;
  for (const [mode, maxUnits] of [
    ['spot', 4],
    ['margin', 2],
  ] as const)
    for (const exits of ['literal', 'always-pass'] as const) {
      const counts = explore(mode, maxUnits, exits);
      nodes += counts.nodes;
      edges += counts.edges;
    }
  console.log(`shield 1c: ${nodes} states, ${edges} steps of profile spec to depth ${DEPTH}, none breaks a law`);
  expect(nodes).toBeGreaterThan(100);
});
