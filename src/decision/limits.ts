/** What bounds new risk beside the account and the shield, and can only become less while a bot runs. */
export interface Limits {
  /** Age beyond its close at which a candle opens nothing. */
  readonly maxDataAgeMs: number;
  /** Largest value of the position, in quote currency. */
  readonly maxPosition: number;
  /** Nothing is opened until a person resumes. */
  readonly paused: boolean;
}

/** No bound at all, as in training. */
export const UNLIMITED: Limits = {
  maxDataAgeMs: Number.POSITIVE_INFINITY,
  maxPosition: Number.POSITIVE_INFINITY,
  paused: false,
};
