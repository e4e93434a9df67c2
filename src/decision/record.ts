/** What a decision was based on and came to, as a journal keeps it. */
import { z } from 'zod';
import { BUY, HOLD, SELL } from '../core/action.ts';
import { exactNumber } from '../core/exact-json.ts';

const list = z.array(exactNumber).readonly();
const action = z.literal([SELL, BUY, HOLD]);

/** Within what a Date can say. */
export const timeSchema = z.number().min(0).max(8.64e15);

/** [timeMs, open, high, low, close, volume, trades, trends] */
export const candleSchema = z
  .tuple([timeSchema, exactNumber, exactNumber, exactNumber, exactNumber, exactNumber, exactNumber, exactNumber])
  .readonly();

const verdictSchema = z.union([
  z.strictObject({ kind: z.literal('allow') }).readonly(),
  z
    .strictObject({
      kind: z.enum(['deny', 'reduce-only', 'halt']),
      code: z.string(),
      numbers: z.record(z.string(), exactNumber).readonly(),
    })
    .readonly(),
]);

const shieldDecisionSchema = z
  .strictObject({
    requested: action,
    final: action,
    state: z.enum(['ACTIVE', 'REDUCING', 'HALTED']),
    flatten: z.boolean(),
    verdicts: z.array(z.strictObject({ rule: z.string(), verdict: verdictSchema }).readonly()).readonly(),
  })
  .readonly();

const runtimeSchema = z
  .strictObject({
    dataAgeMs: exactNumber,
    unresolved: z.string().nullable(),
    spread: exactNumber,
    lastSlippage: exactNumber,
    halted: z.string().nullable(),
  })
  .readonly();

export const decisionRecordSchema = z
  .strictObject({
    candle: candleSchema,
    /** Whether the window was whole; where it wasn't, nobody was asked. */
    decidable: z.boolean(),
    /** SHA-256 of the observation's bytes. */
    windowHash: z.string(),
    /** The newest row's market columns, scaled; then the account's and the shield's columns. */
    row: list,
    account: list,
    mask: z.array(z.literal([0, 1])).readonly(),
    clippedShare: exactNumber,
    gapBars: exactNumber,
    runtime: runtimeSchema,
    equity: exactNumber,
    position: exactNumber,
    units: exactNumber,
    /** What the agent asked for, and what it was based on. */
    action,
    probabilities: list.nullable(),
    qValues: list.nullable(),
    /** The action that a supervisor vetoed. */
    vetoed: action.nullable(),
    shield: shieldDecisionSchema,
    flatten: z.boolean(),
    /** Why the order wasn't sent. */
    guard: z.string().nullable(),
    /** Signed base quantity. */
    order: exactNumber,
  })
  .readonly();

export type CandleValues = z.output<typeof candleSchema>;
export type DecisionRecord = z.output<typeof decisionRecordSchema>;
