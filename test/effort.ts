/**
 * How much of the suite is run. `npm test` runs what may fail; TRADERNET_TEST_ALL=1, as CI sets it, also runs what takes
 * long and rarely fails, more rounds of what is random, and counts a test that a missing program leaves out as failed.
 */
export const RUNS_ALL = process.env.TRADERNET_TEST_ALL === '1';

/** Rounds of a test with random moments or worlds. */
export const rounds = (usual: number, all: number): number => (RUNS_ALL ? all : usual);

/**
 * For `skipIf`: whether a test must be left out because `what` is not there.
 * @throws Error instead where every test is to be run
 */
export function lacks(what: string, found: boolean): boolean {
  if (!found && RUNS_ALL) throw new Error(`${what} is missing, and TRADERNET_TEST_ALL asks for every test`);
  return !found;
}

/** For a test or hook that takes seconds: it ends what hangs and says nothing about speed, so a loaded machine passes. */
export const SLOW = { timeout: 600_000 } as const;
