import { expect, it } from 'vitest';
import { nextState, ORDER_STATES, type OrderNews } from '../../src/broker/order-life.ts';

const NEWS: readonly OrderNews[] = ['open', 'ended', 'refused', 'silence', 'missing', 'absent', 'all-fills'];

/** Written out by hand, one line a state; news in the order of NEWS. */
const table = {
  //          open      ended      refused     silence    missing    absent     all-fills
  intended: ['open', 'closing', 'done', 'unknown', 'unknown', 'done', 'intended'],
  unknown: ['open', 'closing', 'unknown', 'unknown', 'unknown', 'done', 'unknown'],
  open: ['open', 'closing', 'open', 'open', 'unknown', 'done', 'open'],
  closing: ['closing', 'closing', 'closing', 'closing', 'closing', 'closing', 'done'],
  done: ['done', 'done', 'done', 'done', 'done', 'done', 'done'],
} as const;

it.each(ORDER_STATES)('an order that is %s', (state) => {
  expect(NEWS.map((news) => nextState(state, news))).toEqual(table[state]);
});

it('is not over before the venue, or a proof, says so', () => {
  for (const state of ['unknown', 'open', 'closing'] as const)
    for (const news of ['missing', 'silence', 'open', 'ended', 'refused'] as const)
      expect(nextState(state, news), `${state} ${news}`).not.toBe('done');
});
