/** Time comes in as an argument; only the edges read the machine's clock. */
export interface Clock {
  /** Unix milliseconds UTC. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
