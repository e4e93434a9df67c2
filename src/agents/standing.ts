/**
 * What the validation fold said of an agent, kept in its checkpoint and said wherever the agent is: whether it was
 * trained at all, whether doing nothing or holding would have earned more, and the gate that keeps it from trading on
 * what may be luck.
 */
import { z } from 'zod';

export const standingSchema = z.strictObject({
  /** Training steps of the algorithm; an agent without one is as it was made, and is not called trained. */
  updates: z.int().min(0),
  /** Mean log return on the validation folds, costs included, of each that could have been chosen. */
  candidates: z.strictObject({ agent: z.number(), flat: z.number(), 'buy-and-hold': z.number() }),
  /** The candidate that earned most; what does less comes first among equals. */
  best: z.enum(['flat', 'buy-and-hold', 'agent']),
  gate: z.strictObject({
    /** t of the agent's log return on validation bars that did not choose it, in sums of `bars`, and how many there were. */
    t: z.number(),
    bars: z.int().min(1),
    sums: z.int().min(0),
    /** What t must reach. */
    needed: z.number(),
    open: z.boolean(),
  }),
});

/**
 * What a checkpoint says of the validation that chose it: the candidates, the best of them, and whether the gate is open.
 */
export type Standing = z.output<typeof standingSchema>;

/** Whether the agent may be put to work without a person's word. */
export function mayTrade({ best, gate }: Standing): boolean {
  return gate.open && best === 'agent';
}

export const NOT_TRAINED = 'NOT TRAINED: no gradient step was made; give it more steps';

const percent = (logReturn: number) => `${(100 * logReturn).toFixed(2)} %`;

/** In plain words, a line each: the candidates, the gate. */
export function describeStanding({ updates, candidates, best, gate }: Standing): string[] {
  const { agent, flat, 'buy-and-hold': hold } = candidates;
  const figures = `log return after costs: agent ${percent(agent)}, doing nothing ${percent(flat)}, holding ${percent(hold)}`;
  const verdict = {
    agent: 'the agent was the best on the validation fold',
    flat: 'DOING NOTHING was better than the agent on the validation fold',
    'buy-and-hold': 'HOLDING was better than the agent on the validation fold',
  }[best];
  const proof = `t of its validation return is ${gate.t.toFixed(2)} over ${gate.sums} sums of ${gate.bars} bars, ${gate.needed} is needed`;
  return [
    ...(updates === 0 ? [NOT_TRAINED] : []),
    `${verdict} (${figures})`,
    gate.open ? `gate open: ${proof}` : `gate closed, the agent does nothing until a person says otherwise: ${proof}`,
  ];
}

/** In a few words, for a list: `gate open, t 5.2`. */
export function summariseStanding({ updates, best, gate }: Standing): string {
  const state = updates === 0 ? 'not trained' : `gate ${gate.open ? 'open' : 'closed'}, t ${gate.t.toFixed(1)}`;
  const better = { agent: '', flat: ', doing nothing is better', 'buy-and-hold': ', holding is better' }[best];
  return state + better;
}
