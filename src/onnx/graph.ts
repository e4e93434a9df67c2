/** An ONNX graph put together node by node. Field numbers: onnx.proto of ONNX 1.15 (IR version 9, opset 19). */
import { encodeMessage, type Field } from './protobuf.ts';

const IR_VERSION = 9;
const OPSET = 19;

/** ONNX's numbers of element types. */
export const TYPE = { float: 1, int64: 7, bool: 9, double: 11 } as const;
type ElementType = keyof typeof TYPE;

/** A dimension: a number, or the name of one that is open. */
type Shape = readonly (number | string)[];

export class OnnxGraph {
  readonly #nodes: Field[] = [];
  readonly #constants: Field[] = [];
  readonly #inputs: Field[] = [];
  readonly #outputs: Field[] = [];
  #names = 0;

  input(name: string, type: ElementType, shape: Shape): string {
    this.#inputs.push([11, valueInfo(name, type, shape)]);
    return name;
  }

  constant(values: Float32Array | Float64Array | BigInt64Array, shape: readonly number[]): string {
    const name = this.#fresh('constant');
    const type =
      values instanceof Float32Array ? TYPE.float : values instanceof Float64Array ? TYPE.double : TYPE.int64;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const dims = shape.map((size): Field => [1, size]);
    this.#constants.push([5, [...dims, [2, type], [8, name], [9, bytes]]]);
    return name;
  }

  integers(...values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** A node with one output. @returns the output's name */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
  ): string {
    const output = this.#fresh(operator.toLowerCase());
    this.#nodes.push([
      1,
      [
        ...inputs.map((name): Field => [1, name]),
        [2, output],
        [3, output],
        [4, operator],
        ...Object.entries(attributes).map(([name, value]): Field => [5, attribute(name, value)]),
      ],
    ]);
    return output;
  }

  /** Makes what is called `value` an output of the graph, under a name of its own. */
  output(name: string, value: string, type: ElementType, shape: Shape): void {
    this.#nodes.push([
      1,
      [
        [1, value],
        [2, name],
        [3, `output ${name}`],
        [4, 'Identity'],
      ],
    ]);
    this.#outputs.push([12, valueInfo(name, type, shape)]);
  }

  /** The file. @param metadata what a reader of the file should know */
  encode(name: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    return encodeMessage([
      [1, IR_VERSION],
      [2, 'tradernet'],
      [7, [...this.#nodes, [2, name], ...this.#constants, ...this.#inputs, ...this.#outputs]],
      [
        8,
        [
          [1, ''],
          [2, OPSET],
        ],
      ],
      ...Object.entries(metadata).map(
        ([key, value]): Field => [
          14,
          [
            [1, key],
            [2, value],
          ],
        ],
      ),
    ]);
  }

  #fresh(stem: string): string {
    return `${stem}_${this.#names++}`;
  }
}

function valueInfo(name: string, type: ElementType, shape: Shape): Field[] {
  const dims = shape.map((size): Field => [1, [typeof size === 'number' ? [1, size] : [2, size]]]);
  return [
    [1, name],
    [
      2,
      [
        [
          1,
          [
            [1, TYPE[type]],
            [2, dims],
          ],
        ],
      ],
    ],
  ];
}

function attribute(name: string, value: number | readonly number[]): Field[] {
  const [integer, integers] = [2, 7];
  return typeof value === 'number'
    ? [
        [1, name],
        [3, value],
        [20, integer],
      ]
    : [[1, name], ...value.map((one): Field => [8, one]), [20, integers]];
}
