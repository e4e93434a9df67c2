/**
 * A program is what the kernels run in one call: phases one after the other; in a phase, units that may run at the
 * same time on different threads; in a unit, ops in order. Units of one phase never write what another one touches,
 * so the result does not depend on who runs which.
 *
 * Machine code trusts a program blindly, so the door is here: ops are checked when a program is compiled, programs lie
 * where no op can reach, and only what was compiled is run.
 */
import type { Memory } from './memory.ts';
import { MAY_BE_ZERO, OP_BY_CODE } from './op-table.ts';
import { OPERANDS, type Op, type Operand } from './ops.ts';

export type Unit = readonly Op[];
export type Phase = readonly Unit[];

declare const compiled: unique symbol;
/** A compiled program: a ticket that only the kernels which compiled it take. */
export interface Program {
  readonly [compiled]: true;
}

const RECORD = OPERANDS + 1;
/** What the words of `native/pool.h` have bits for. */
const MAX_PHASES = 255;
const MAX_UNITS = 65_535;

/** The programs of one implementation of the kernels. */
export class ProgramStore {
  readonly #arrays: Memory;
  readonly #place: Memory | null;
  readonly #programs = new WeakMap<Program, { readonly words: Int32Array; readonly view: Float32Array | null }>();
  #open = true;

  /** `arrays` holds the operands; programs are put into `place`, or, without one, anywhere. */
  constructor(arrays: Memory, place: Memory | null = null) {
    this.#arrays = arrays;
    this.#place = place;
  }

  /** @throws Error, see `Kernels.compile`. */
  compile(phases: readonly Phase[]): Program {
    let words = encodeProgram(phases, this.#arrays);
    const view = this.#place?.alloc(words.length) ?? null;
    if (view) {
      const placed = new Int32Array(view.buffer, view.byteOffset, view.length);
      placed.set(words);
      words = placed;
    }
    const program = Object.freeze({}) as Program;
    this.#programs.set(program, { words, view });
    return program;
  }

  discard(program: Program): void {
    const view = this.#programs.get(program)?.view;
    if (view) this.#place?.free(view);
    this.#programs.delete(program);
  }

  /** The words to run. @throws Error where these kernels have no such program. */
  words(program: Program): Int32Array {
    const kept = this.#programs.get(program);
    if (!this.#open) throw new Error('kernels: they were disposed of; nothing can be run any more');
    if (!kept) throw new Error('kernels: not a program that these kernels compiled, or one that was discarded');
    return kept.words;
  }

  /** From now on every program is refused. */
  close(): void {
    this.#open = false;
  }
}

/**
 * Words: [phases, then per phase (first unit, units), then per unit (first word of its ops, ops), then the records of
 * 16 words: code and operands, where a view is its offset in floats and null is 0].
 */
function encodeProgram(phases: readonly Phase[], memory: Memory): Int32Array {
  if (phases.length < 1 || phases.length > MAX_PHASES) {
    throw new Error(`kernels: a program of ${phases.length} phases; give 1 to ${MAX_PHASES}`);
  }
  for (const [p, phase] of phases.entries()) {
    if (phase.length >= 1 && phase.length <= MAX_UNITS) continue;
    throw new Error(`kernels: phase ${p} has ${phase.length} units; give 1 to ${MAX_UNITS}`);
  }
  const units = phases.flat();
  const header = 1 + 2 * phases.length + 2 * units.length;
  const opCount = units.reduce((n, unit) => n + unit.length, 0);
  const words = new Int32Array(header + opCount * RECORD);
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
      for (const op of unit) {
        encodeOp(op, memory, words, at);
        at += RECORD;
      }
    }
  });
  return words;
}

/** Checks an op against its entry in the table and writes its record. */
function encodeOp([code, ...operands]: Op, memory: Memory, words: Int32Array, at: number): void {
  const known = OP_BY_CODE.get(code);
  if (!known) throw new Error(`kernels: there is no op ${code}`);
  const { name, entry } = known;
  const { arrays, numbers } = entry;
  const refuse = (why: string): never => {
    throw new Error(`kernels: ${name}: ${why}`);
  };
  if (operands.length !== arrays.length + numbers.length) {
    refuse(`${operands.length} operands; give ${[...arrays, ...numbers].join(', ')}`);
  }
  const values: Record<string, number> = {};
  numbers.forEach((number, i) => {
    const value = operands[arrays.length + i];
    const least = MAY_BE_ZERO.includes(number) ? 0 : 1;
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > 0x7fffffff) {
      refuse(`${number} is ${describe(value)}; give a whole number of at least ${least}`);
    }
    values[number] = value as number;
  });
  const why = entry.refuse?.(values);
  if (why) refuse(why);

  words[at] = code;
  const reach = entry.reach(values);
  arrays.forEach((array, i) => {
    const view = operands[i];
    if (view === null && array.endsWith('?')) return;
    if (view === null || typeof view === 'number' || !memory.holds(view)) {
      refuse(`${array} is ${describe(view)}; an operand must be an array that the kernels gave out, not one outside`);
      return;
    }
    if (view.length < reach[i]) refuse(`${array} has ${view.length} floats where the op reaches ${reach[i]}`);
    words[at + 1 + i] = view.byteOffset / memory.elementBytes;
  });
  numbers.forEach((number, i) => {
    words[at + 1 + arrays.length + i] = values[number];
  });
}

const describe = (operand: Operand | undefined): string =>
  typeof operand === 'object' && operand !== null ? 'an array' : String(operand);
