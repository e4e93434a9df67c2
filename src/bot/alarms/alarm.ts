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

/** An HTTP POST of JSON; the network comes in as an argument. Resolves to the status. */
export type Post = (url: string, body: string) => Promise<number>;

export function requireDelivered(channel: string, status: number): void {
  if (status < 200 || status > 299) throw new Error(`${channel}: the message was refused with status ${status}`);
}
