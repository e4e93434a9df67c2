/** The encoders. One more is one file and one line here. */
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { withPlugged } from '../../core/plugged.ts';
import { setting } from '../../core/setting.ts';
import { conv } from './conv.ts';
import type { Encoder } from './encoder.ts';
import { mlp } from './mlp.ts';

/** The first is the default. */
export const ENCODERS = withPlugged('encoders', [conv, mlp]);

/** What `network.encoder` takes. */
export type EncoderName = (typeof ENCODERS)[number]['name'];

type Settings = (typeof ENCODERS)[number]['settings'];
/** The settings of all encoders side by side. */
type Merged = (Settings extends infer One ? (One extends unknown ? (one: One) => void : never) : never) extends (
  all: infer All extends z.ZodRawShape,
) => void
  ? All
  : never;

/** The settings of all encoders; those of one alone say so. */
const settings = Object.assign({}, ...ENCODERS.map((encoder) => encoder.settings)) as Merged;

/**
 * Sizes of the encoders; what the observation decides (bars, columns) is not set but taken from it. What the chosen
 * encoder lacks can't be set.
 */
export const networkSettings = z
  .strictObject({
    encoder: setting(
      z.enum(ENCODERS.map(({ name }) => name)),
      ENCODERS[0].name,
      'choice',
      `between observations and heads; ${ENCODERS.map(({ name, docs }) => `${name}: ${docs}`).join('; ')}`,
    ),
    ...settings,
  })
  .superRefine(({ encoder, ...given }, context) => {
    const own = Object.keys(findEncoder(encoder).settings);
    for (const [name, value] of Object.entries(given)) {
      const unset = (settings as Record<string, z.ZodType>)[name].safeParse(undefined).data;
      if (own.includes(name) || JSON.stringify(value) === JSON.stringify(unset)) continue;
      const message = `the encoder ${encoder} has no such setting; its own are ${own.join(', ')}`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });

/** @throws InputError for an unknown name, saying which there are */
export function findEncoder(name: string): Encoder {
  const found = ENCODERS.find((one) => one.name === name);
  if (found !== undefined) return found as unknown as Encoder;
  throw new InputError(`there is no encoder '${name}'; there are ${ENCODERS.map((one) => one.name).join(', ')}`);
}
