/**
 * A program is what the kernels run in one call: phases one after the other; in a phase, units that may run at the
 * same time on different threads; in a unit, ops in order. Units of one phase never write what another one touches,
 * so the result does not depend on who runs which.
 */
import type { Memory } from './memory.ts';
import { OPERANDS, type Op } from './ops.ts';

export type Unit = readonly Op[];
export type Phase = readonly Unit[];

const RECORD = OPERANDS + 1;

/** An encoded program, ready to run. */
export interface Program {
  /** Where it lies in the kernels' memory: its int32 words, as a float view that can be freed. */
  readonly view: Float32Array;
  readonly words: Int32Array;
}

/**
 * Words: [phases, then per phase (first unit, units), then per unit (first word of its ops, ops), then the records of
 * 16 words: code and operands, where a view is its offset in floats and null is 0].
 */
export function encodeProgram(phases: readonly Phase[], memory: Memory): Program {
  const units = phases.flat();
  const header = 1 + 2 * phases.length + 2 * units.length;
  const opCount = units.reduce((n, unit) => n + unit.length, 0);
  const view = memory.alloc(header + opCount * RECORD);
  const words = new Int32Array(view.buffer, view.byteOffset, view.length);
  words[0] = phases.length;
  let unitIndex = 0;
  let at = header;
  phases.forEach((phase, p) => {
    words[1 + 2 * p] = unitIndex;
    words[2 + 2 * p] = phase.length;
    for (const unit of phase) {
      const entry = 1 + 2 * phases.length + 2 * unitIndex++;
      words[entry] = at;
      words[entry + 1] = unit.length;
      for (const [code, ...operands] of unit) {
        words[at] = code;
        operands.forEach((operand, i) => {
          words[at + 1 + i] = encodeOperand(operand, memory);
        });
        at += RECORD;
      }
    }
  });
  return { view, words };
}

function encodeOperand(operand: Op[number], memory: Memory): number {
  if (typeof operand === 'number') return operand;
  if (operand === null) return 0;
  if (operand.buffer !== memory.buffer) throw new Error('kernels: an operand lies outside the kernels’ memory');
  return operand.byteOffset / memory.elementBytes;
}
