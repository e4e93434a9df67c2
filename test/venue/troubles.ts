/** What goes wrong on the hostile venue, and when. Each kind is something that a real exchange was seen to do. */
import type { Random } from './random.ts';

export const KINDS = [
  /** An accepted order is listed late, by each endpoint at its own time, and its answer is lost. */
  'listed-late',
  /** The order is taken, its answer never comes; everything is listed at once. */
  'answer-cut',
  /** The request never arrives. */
  'request-lost',
  /** An error that says nothing of the order, which was taken. */
  'error-but-taken',
  /** A fill that happened before the cancel shows after it was answered with nothing filled. */
  'late-fill',
  /** An order fills in very many pieces, over seconds. */
  'many-fills',
  /** Balances as they were some time ago. */
  'stale-balances',
  /** Balances without some coins. */
  'partial-balances',
  /** Resting orders are purged without a word. */
  'purged-orders',
  /** Public endpoints answer 429 with a long Retry-After. */
  'public-limit',
  /** All private endpoints answer 503. */
  'maintenance',
  /** Every request hangs until the caller's deadline. */
  'stall',
  /** Candles are asked for in vain: -1121. */
  'invalid-symbol',
  /** The stream sends nothing. */
  'mute-stream',
  /** The stream's final has a price that never was. */
  'wrong-final',
  /** The stream drops. */
  'dropped-stream',
  /** The bot's wall clock jumps by `size` ms. */
  'clock-step',
] as const;

export type Kind = (typeof KINDS)[number];

export interface Trouble {
  readonly kind: Kind;
  readonly fromMs: number;
  readonly toMs: number;
  /** Milliseconds, pieces, ...: by kind. */
  readonly size: number;
}

export function drawTroubles(
  random: Random,
  { fromMs, toMs, count, kinds = KINDS }: { fromMs: number; toMs: number; count: number; kinds?: readonly Kind[] },
): Trouble[] {
  return Array.from({ length: count }, () => {
    const kind = random.pick(kinds);
    const lasts =
      kind === 'maintenance' || kind === 'stall' ? random.between(5_000, 90_000) : random.between(20_000, 240_000);
    const from = random.between(fromMs, Math.max(fromMs, toMs - lasts));
    const size =
      kind === 'many-fills'
        ? random.pick([20, 150, 1_500])
        : kind === 'clock-step'
          ? random.pick([-3_600_000, -12_000, 12_000, 45_000, 3_600_000])
          : random.between(8_000, 30_000);
    return { kind, fromMs: from, toMs: Math.min(toMs, from + lasts), size };
  }).sort((a, b) => a.fromMs - b.fromMs);
}

/** The troubles in force at a time, counted as they strike. */
export class TroubleBook {
  readonly struck: Partial<Record<Kind, number>> = {};
  readonly #troubles: readonly Trouble[];

  constructor(troubles: readonly Trouble[] = []) {
    this.#troubles = troubles;
  }

  get all(): readonly Trouble[] {
    return this.#troubles;
  }

  at(kind: Kind, ms: number): Trouble | null {
    const found = this.#troubles.find((one) => one.kind === kind && one.fromMs <= ms && ms < one.toMs) ?? null;
    if (found !== null) this.struck[kind] = (this.struck[kind] ?? 0) + 1;
    return found;
  }
}
