/** Something that a person should hear of, on its way out. */
export interface AlarmMessage {
  /** info is a sign of life, warning mends itself, critical waits for a person. */
  readonly level: 'info' | 'warning' | 'critical';
  readonly code: string;
  readonly text: string;
  readonly timeMs: number;
}

/** One way to reach a person. Rejects where the message did not arrive. */
export interface AlarmChannel {
  readonly name: string;
  send(message: AlarmMessage): Promise<void>;
}

export interface PostAnswer {
  readonly status: number;
  readonly text: string;
  /** Seconds that the other side asked to wait; null where it didn't. */
  readonly retryAfterS: number | null;
}

/** An HTTP POST of JSON; the network comes in as an argument. Rejects where no answer came. */
export type Post = (url: string, body: string) => Promise<PostAnswer>;

export type Sleep = (ms: number) => Promise<void>;

/** Between two tries of a message. */
const AGAIN_MS = [2_000, 10_000, 30_000];
const LONGEST_WAIT_MS = 60_000;

/** Posts until it is taken, refused for good, or has failed too often. @throws Error that names the channel alone */
export async function deliver(channel: string, post: () => Promise<PostAnswer>, sleep: Sleep): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const answer = await post().catch((error: unknown) => error as Error);
    if (!(answer instanceof Error) && answer.status >= 200 && answer.status <= 299) return;
    const why = answer instanceof Error ? answer.message : `the message was refused with status ${answer.status}`;
    const final = !(answer instanceof Error) && answer.status < 500 && answer.status !== 429 && answer.status !== 408;
    if (final || attempt >= AGAIN_MS.length) throw new Error(`${channel}: ${why}`);
    const asked = answer instanceof Error ? 0 : 1000 * (answer.retryAfterS ?? 0);
    await sleep(Math.min(LONGEST_WAIT_MS, Math.max(asked, AGAIN_MS[attempt])));
  }
}
