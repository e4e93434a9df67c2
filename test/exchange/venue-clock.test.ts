import { expect, it } from 'vitest';
import { VenueClock } from '../../src/exchange/venue-clock.ts';

/** Three hands: true time, the wall clock (may be set), the monotonic one. The venue's is 700 ms ahead of true time. */
function hands() {
  const state = { ms: 1_700_000_000_000, wallAheadMs: 0 };
  const clock = { nowMs: () => state.ms + state.wallAheadMs, elapsedMs: () => state.ms - 5, sleep: async () => {} };
  /** Answers after `thereMs + backMs`. */
  const ask = (thereMs: number, backMs: number) => async () => {
    state.ms += thereMs;
    const told = state.ms + 700;
    state.ms += backMs;
    return told;
  };
  const errorMs = (one: VenueClock) => one.nowMs - (state.ms + 700);
  return { state, clock, ask, errorMs, one: new VenueClock(clock) };
}

it('is right to half of the way there and back', async () => {
  const { one, ask, errorMs } = hands();
  expect(await one.measure(ask(30, 30))).toBe(700);
  expect(errorMs(one)).toBe(0);
  expect(one.uncertaintyMs).toBe(30);
});

it('takes the quickest of several answers where the first was slow', async () => {
  const { one, ask, errorMs } = hands();
  const ways = [ask(9_000, 0), ask(10, 20), ask(500, 0)];
  await one.measure(() => ways.shift()!());
  expect(one.uncertaintyMs).toBe(15);
  expect(Math.abs(errorMs(one))).toBeLessThanOrEqual(15);
});

it('an answer that took nine seconds moves nothing that agrees with it', async () => {
  const { one, ask, errorMs } = hands();
  await one.measure(ask(20, 20));
  await one.measure(ask(9_000, 0));
  expect(errorMs(one)).toBe(0);
  expect(one.uncertaintyMs).toBe(20);
});

it("a venue's clock that jumped is believed, also by a slow answer", async () => {
  const { one, ask, state, errorMs } = hands();
  await one.measure(ask(20, 20));
  const jumped = ask(400, 400);
  await one.measure(async () => (await jumped()) + 60_000);
  expect(Math.abs(errorMs(one) - 60_000)).toBeLessThanOrEqual(400);
  expect(state.wallAheadMs).toBe(0);
});

it('a wall clock that is set leaves it alone', async () => {
  const { one, ask, state, errorMs } = hands();
  await one.measure(ask(20, 20));
  state.wallAheadMs = -3_600_000;
  expect(errorMs(one)).toBe(0);
  expect(await one.measure(ask(10, 10))).toBe(3_600_700);
});
