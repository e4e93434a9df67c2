/**
 * What every op is given and how far it reaches, op by op: from here programs are checked before they ever run, and
 * from here `native/ops.h` is written. An op's record holds its arrays, then its whole numbers.
 *
 * Kernels read up to 15 floats past an array in whole vectors; `Memory` leaves a spare cache line behind each.
 */
import { OP, PANEL, UNARY } from './ops.ts';

export type OpName = keyof typeof OP;

/** The whole numbers of an op by their names. */
type Numbers = Readonly<Record<string, number>>;

export interface OpEntry {
  /** Arrays in the record's order; a '?' marks one that may be absent. */
  readonly arrays: readonly string[];
  /** Whole numbers in the record's order. */
  readonly numbers: readonly string[];
  /** Floats that the op may touch from the start of each array, in the order of `arrays`. */
  readonly reach: (n: Numbers) => readonly number[];
  /** What else must hold; the text is its opposite. */
  readonly refuse?: (n: Numbers) => string | null;
}

/** Columns with the padding of their last panel. */
const whole = (columns: number): number => Math.ceil(columns / PANEL) * PANEL;

/** Numbers that may be 0; all others are at least 1. */
export const MAY_BE_ZERO: readonly string[] = ['start', 'count', 'edge', 'index', 'first', 'rows', 'f'];

const rowsInBatch = ({ start, count, batch }: Numbers): string | null =>
  start + count > batch ? `rows ${start} to ${start + count} of a batch of ${batch}` : null;

const wholePanels =
  (...names: string[]) =>
  (n: Numbers): string | null => {
    const odd = names.find((name) => n[name] % PANEL !== 0);
    return odd ? `${odd} is ${n[odd]}, not a multiple of ${PANEL}` : null;
  };

const both =
  (first: (n: Numbers) => string | null, second: (n: Numbers) => string | null) =>
  (n: Numbers): string | null =>
    first(n) ?? second(n);

export const OP_TABLE: Readonly<Record<OpName, OpEntry>> = {
  pad: {
    arrays: ['obs', 'padded'],
    numbers: ['start', 'count', 'window', 'edge'],
    reach: ({ start, count, window, edge }) => [(start + count) * window, (start + count) * (window + 2 * edge)],
  },
  conv: {
    arrays: ['padded', 'weight', 'bias', 'out', 'slope?'],
    numbers: ['start', 'count', 'batch', 'steps', 'features', 'stride', 'taps', 'columns'],
    reach: ({ start, count, batch, steps, features, stride, taps, columns }) => [
      (start + count - 1) * stride + (steps - 1) * features + taps,
      taps * columns,
      columns,
      batch * steps * columns,
      batch * steps * columns,
    ],
    refuse: both(rowsInBatch, wholePanels('columns')),
  },
  dense: {
    arrays: ['input', 'weight', 'bias', 'out', 'slope?'],
    numbers: ['start', 'count', 'batch', 'inputs', 'outputs'],
    reach: ({ batch, inputs, outputs }) => [
      batch * inputs,
      inputs * outputs,
      outputs,
      batch * outputs,
      batch * outputs,
    ],
    refuse: both(rowsInBatch, wholePanels('inputs', 'outputs')),
  },
  head: {
    arrays: ['input', 'weight', 'bias', 'out'],
    numbers: ['start', 'count', 'batch', 'inputs', 'outputs'],
    reach: ({ batch, inputs, outputs }) => [batch * inputs, inputs * outputs, outputs, batch * outputs],
    refuse: both(rowsInBatch, wholePanels('inputs')),
  },
  headGradInput: {
    arrays: ['dOut', 'weight', 'slope', 'dz'],
    numbers: ['start', 'count', 'batch', 'inputs', 'outputs'],
    reach: ({ batch, inputs, outputs }) => [batch * outputs, inputs * outputs, batch * inputs, batch * inputs],
    refuse: both(rowsInBatch, wholePanels('inputs')),
  },
  headGradWeight: {
    arrays: ['dOut', 'input', 'dWeight', 'dBias'],
    numbers: ['batch', 'inputs', 'outputs'],
    reach: ({ batch, inputs, outputs }) => [batch * outputs, batch * inputs, inputs * outputs, outputs],
    refuse: wholePanels('inputs'),
  },
  denseGradInput: {
    arrays: ['dz', 'transposed', 'slope', 'dzIn'],
    numbers: ['start', 'count', 'batch', 'inputs', 'outputs'],
    reach: ({ batch, inputs, outputs }) => [batch * outputs, inputs * outputs, batch * inputs, batch * inputs],
    refuse: both(rowsInBatch, wholePanels('inputs', 'outputs')),
  },
  denseGradWeight: {
    arrays: ['input', 'dz', 'dWeight'],
    numbers: ['batch', 'inputs', 'panels'],
    reach: ({ batch, inputs, panels }) => [batch * inputs, batch * panels * PANEL, inputs * panels * PANEL],
    refuse: wholePanels('inputs'),
  },
  columnSum: {
    arrays: ['dz', 'out'],
    numbers: ['batch', 'panels', 'stride'],
    reach: ({ batch, panels, stride }) => [((panels - 1) * stride + 1) * batch * PANEL, PANEL],
  },
  convGradWeight: {
    arrays: ['padded', 'dz', 'dWeight'],
    numbers: ['batch', 'steps', 'features', 'stride', 'panels', 'first', 'rows'],
    reach: ({ batch, steps, features, stride, panels, first, rows }) => [
      (batch - 1) * stride + (steps - 1) * features + first + rows,
      ((steps - 1) * panels + 1) * batch * PANEL,
      (first + rows) * PANEL,
    ],
  },
  transpose: {
    arrays: ['weight', 'transposed'],
    numbers: ['inputs', 'outputs', 'index'],
    reach: ({ inputs, outputs }) => [inputs * outputs, inputs * outputs],
    refuse: both(wholePanels('inputs', 'outputs'), ({ outputs, index }) =>
      (index + 1) * PANEL > outputs ? `panel ${index} of ${outputs} columns` : null,
    ),
  },
  sumSquares: {
    arrays: ['x', 'out'],
    numbers: ['length'],
    reach: ({ length }) => [length, 1],
    refuse: wholePanels('length'),
  },
  adam: {
    arrays: ['parameters', 'm', 'v', 'gradient', 'scalars'],
    numbers: ['length'],
    reach: ({ length }) => [length, length, length, length, 7],
    refuse: wholePanels('length'),
  },
  polyak: {
    arrays: ['target', 'online', 'scalars'],
    numbers: ['length'],
    reach: ({ length }) => [length, length, 1],
    refuse: wholePanels('length'),
  },
  fromPanels: {
    arrays: ['panels', 'out'],
    numbers: ['batch', 'width'],
    reach: ({ batch, width }) => [batch * whole(width), batch * width],
  },
  toPanelsTimes: {
    arrays: ['input', 'slope', 'out'],
    numbers: ['batch', 'width'],
    reach: ({ batch, width }) => [batch * width, batch * whole(width), batch * whole(width)],
  },
  unary: {
    arrays: ['x', 'out'],
    numbers: ['f', 'length'],
    reach: ({ length }) => [length, length],
    refuse: ({ f }) => (Object.values<number>(UNARY).includes(f) ? null : `no function ${f}`),
  },
};

/** Entries by op code. */
export const OP_BY_CODE: ReadonlyMap<number, { readonly name: OpName; readonly entry: OpEntry }> = new Map(
  (Object.keys(OP_TABLE) as OpName[]).map((name) => [OP[name], { name, entry: OP_TABLE[name] }]),
);
