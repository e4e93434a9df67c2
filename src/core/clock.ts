/** Time comes in as an argument; only the edges read the machine's clock. */
export interface Clock {
  /** Unix milliseconds UTC. May jump, either way: it is for what is written down and told to others. */
  nowMs(): number;
  /** Milliseconds since some moment, never going back: every duration is measured by it. */
  elapsedMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
