import { Rng } from '../core/rng.ts';

/**
 * Everything that a venue and the way to it do wrong, drawn from a seed. The simulated venue (in process, virtual time)
 * and the rehearsal server (real sockets) read the same schedule, so a failing seed replays in either.
 */

/** What can go wrong, and in which of the venue's mouths: order requests, other requests, the stream, the account. */
export const faultKinds = {
  /** The order is placed; the answer comes too late. */
  'timeout-after-accept': 'order',
  /** The order is placed; the connection is cut before the answer. */
  'lost-answer': 'order',
  /** The order never arrives; no answer. */
  'lost-request': 'order',
  /** No answer; the order is placed some seconds later. */
  'late-accept': 'order',
  /** The order is placed; the answer is HTML with status 200. */
  'garbage-order-answer': 'order',
  /** The order fills in part, the connection is cut, the rest fills later. */
  'partial-fill-disconnect': 'order',
  /** The order fills in part and the venue cancels the rest. */
  'partial-then-cancel': 'order',
  /** 429 with Retry-After. */
  'rate-limit': 'request',
  /** 418 with Retry-After, for a while. */
  ban: 'window',
  /** 500 or 502. */
  'server-error': 'request',
  /** HTML with status 200. */
  garbage: 'request',
  /** No answer to a request that changes nothing. */
  timeout: 'request',
  /** The connection is cut. */
  disconnect: 'request',
  /** 503 for everything, stream included. */
  maintenance: 'window',
  /** Signed requests are refused as those of an unknown key. */
  'revoked-key': 'window',
  /** The venue's clock jumps. */
  'clock-skew': 'account',
  /** Coarser quantity step and higher minimum notional; the next one takes it back. */
  'filter-change': 'account',
  /** The venue cancels every open order. */
  'exchange-cancel': 'account',
  /** The socket is cut. */
  'stream-drop': 'stream',
  /** The socket stays open and nothing comes. */
  'mute-stream': 'stream-window',
  /** The socket stays open and repeats an old update. */
  'stale-stream': 'stream-window',
  /** A candle's final update is never sent. */
  'lost-final': 'stream',
  /** Every update comes twice. */
  'duplicate-updates': 'stream-window',
  /** A candle's final update comes after updates of the next one. */
  'reordered-updates': 'stream',
  /** Updates with NaN, negative or missing values. */
  'garbage-updates': 'stream',
} as const satisfies Record<string, 'order' | 'request' | 'window' | 'account' | 'stream' | 'stream-window'>;

export type FaultKind = keyof typeof faultKinds;

/** Faults that strike after an order request has been carried out: the answer doesn't come. */
export const answerFaults: readonly FaultKind[] = ['timeout-after-accept', 'lost-answer', 'garbage-order-answer'];

/** Faults of a new order. */
export const orderFaults: readonly FaultKind[] = [
  ...answerFaults,
  'lost-request',
  'late-accept',
  'partial-fill-disconnect',
  'partial-then-cancel',
];

/** Faults that strike before a request is heard. */
export const requestFaults: readonly FaultKind[] = ['rate-limit', 'server-error', 'garbage', 'timeout', 'disconnect'];

export interface Fault {
  readonly kind: FaultKind;
  /** Venue time from which it is in force. */
  readonly fromMs: number;
  /** Windows end here; the others strike once, at the first occasion from `fromMs` on. */
  readonly untilMs: number;
  /** Milliseconds: the jump of a clock, the delay of a late order, the wait that Retry-After asks for. */
  readonly amountMs: number;
}

/** What was done and when, for the report. */
export interface Injection {
  readonly timeMs: number;
  readonly kind: FaultKind;
  readonly where: string;
}

/**
 * Draws `count` faults over [startMs, endMs). Windows last up to `longestMs`. Kinds are drawn evenly, so that even the
 * rarest shows up in every twenty or so.
 */
export function drawFaults(
  seed: number,
  options: {
    readonly startMs: number;
    readonly endMs: number;
    readonly count: number;
    readonly longestMs: number;
    readonly kinds?: readonly FaultKind[];
  },
): Fault[] {
  const rng = new Rng(seed, 5);
  const kinds = options.kinds ?? (Object.keys(faultKinds) as FaultKind[]);
  const faults: Fault[] = [];
  for (let i = 0; i < options.count; i++) {
    const kind = kinds[rng.integer(kinds.length)];
    const fromMs = options.startMs + Math.floor(rng.uniform() * (options.endMs - options.startMs));
    const lasts = Math.ceil(rng.uniform() * options.longestMs);
    const isWindow = faultKinds[kind] === 'window' || faultKinds[kind] === 'stream-window';
    faults.push({
      kind,
      fromMs,
      untilMs: isWindow ? fromMs + lasts : Number.POSITIVE_INFINITY,
      amountMs: drawAmount(kind, rng),
    });
  }
  return faults.sort((a, b) => a.fromMs - b.fromMs);
}

function drawAmount(kind: FaultKind, rng: Rng): number {
  switch (kind) {
    case 'clock-skew':
      return (rng.integer(2) === 0 ? -1 : 1) * (2_000 + rng.integer(60_000));
    case 'late-accept':
      return 500 + rng.integer(4_000);
    case 'partial-fill-disconnect':
      return 1_000 + rng.integer(60_000);
    case 'rate-limit':
    case 'ban':
      return 1_000 * (1 + rng.integer(30));
    default:
      return 0;
  }
}

/** The schedule while it runs: which faults are left, which are in force, and what was injected so far. */
export class FaultBook {
  readonly injections: Injection[] = [];
  #pending: Fault[];
  readonly #reported = new Set<Fault>();

  constructor(faults: readonly Fault[] = []) {
    this.#pending = [...faults];
  }

  /** Adds a fault while running. */
  add(fault: Fault): void {
    this.#pending.push(fault);
  }

  /** Takes the first due fault of these kinds off the schedule; null where none is due. */
  strike(kinds: readonly FaultKind[], nowMs: number, where: string): Fault | null {
    const index = this.#pending.findIndex((fault) => fault.fromMs <= nowMs && kinds.includes(fault.kind));
    if (index < 0) return null;
    const [fault] = this.#pending.splice(index, 1);
    this.injections.push({ timeMs: nowMs, kind: fault.kind, where });
    return fault;
  }

  /** The window of this kind that is in force; reported once, when it first shows. */
  active(kind: FaultKind, nowMs: number, where: string): Fault | null {
    if (this.#pending.length === 0) return null;
    const fault = this.#pending.find((other) => other.kind === kind && other.fromMs <= nowMs && nowMs < other.untilMs);
    if (fault === undefined) return null;
    if (!this.#reported.has(fault)) {
      this.#reported.add(fault);
      this.injections.push({ timeMs: nowMs, kind, where });
    }
    return fault;
  }
}
