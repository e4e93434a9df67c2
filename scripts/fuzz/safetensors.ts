/** Files of tensors. Truth: the state that was written; each tensor that comes out has the bytes of its place. */
import { InputError } from '../../src/core/errors.ts';
import { decodeSafetensors, encodeSafetensors, type StateDict } from '../../src/nn/index.ts';
import { chance, mutateBytes, mutateJsonText, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

/** The file with its JSON header replaced. */
function withHeader(bytes: Uint8Array, change: (header: unknown) => string): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const json = new TextEncoder().encode(change(header));
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(json.length), true);
  return Uint8Array.from(Buffer.concat([size, json, bytes.subarray(8 + length)]));
}

export const safetensors: Surface = {
  name: 'safetensors',
  about: 'files of tensors, header and bytes spoiled; wrong: more memory than the file has, or other numbers',
  inputs: 45_000,
  open: () => ({
    attempt(rng): Outcome {
      const state: StateDict = new Map();
      for (let i = 1 + rng.integer(4); i > 0; i--) {
        const shape = Array.from({ length: rng.integer(4) }, () => rng.integer(5));
        const length = shape.reduce((a, b) => a * b, 1);
        state.set(`t${i}`, { shape, data: Float32Array.from({ length }, () => rng.normal()) });
      }
      const whole = encodeSafetensors(state);
      const kind = rng.integer(5);
      const bytes =
        kind === 0
          ? whole
          : kind < 3
            ? withHeader(whole, (header) => mutateJsonText(header, rng))
            : kind === 3
              ? mutateBytes(whole, rng)
              : Uint8Array.from({ length: rng.integer(200) }, () => rng.integer(256));
      if (chance(rng, 0.05) && bytes.length >= 8)
        new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(
          0,
          pick(rng, [0n, 1n, 1n << 32n, (1n << 63n) - 1n]),
          true,
        );
      try {
        const read = decodeSafetensors(bytes, 'x.safetensors');
        let total = 0;
        for (const { shape, data } of read.values()) {
          if (shape.reduce((a, b) => a * b, 1) !== data.length) return { wrong: 'a shape that is not its data' };
          total += data.length * 4;
        }
        if (total > bytes.length) return { wrong: `${total} bytes of tensors from a file of ${bytes.length}` };
        if (kind === 0)
          for (const [name, { data }] of state)
            if (!data.every((value, i) => Object.is(value, read.get(name)?.data[i])))
              return { wrong: `other numbers in ${name}` };
        return 'taken';
      } catch (error) {
        if (error instanceof InputError) return 'refused';
        throw error;
      }
    },
  }),
};
