import { expect, it } from 'vitest';
import { nextState, ORDER_NEWS, ORDER_STATES } from '../../src/broker/order-life.ts';

/** Written out by hand, one line a state; news in the order of ORDER_NEWS. */
const table = {
  //          open      ended      refused     silence    early      late       all-fills
  intended: ['open', 'closing', 'done', 'unknown', 'unknown', 'done', 'intended'],
  unknown: ['open', 'closing', 'unknown', 'unknown', 'unknown', 'done', 'unknown'],
  open: ['open', 'closing', 'open', 'open', 'unknown', 'unknown', 'open'],
  closing: ['closing', 'closing', 'closing', 'closing', 'closing', 'closing', 'done'],
  done: ['done', 'done', 'done', 'done', 'done', 'done', 'done'],
} as const;

it.each(ORDER_STATES)('an order that is %s', (state) => {
  expect(ORDER_NEWS.map((news) => nextState(state, news, false))).toEqual(table[state]);
});

it('never loses an order that the venue once acknowledged', () => {
  for (const state of ORDER_STATES) {
    if (state === 'done') continue;
    for (const news of ['missing-early', 'missing-late', 'silence', 'open', 'ended'] as const)
      expect(nextState(state, news, true), `${state} ${news}`).not.toBe('done');
  }
});
