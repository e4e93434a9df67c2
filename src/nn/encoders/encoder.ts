/** What an encoder's file says of itself; the list in `index.ts` is made of these. */
import { z } from 'zod';
import { setting } from '../../core/setting.ts';
import type { Layer } from '../layers/layer.ts';

/** What the observation decides. */
export interface Observed {
  /** Bars of a window. */
  readonly window: number;
  /** Columns of an observation. */
  readonly features: number;
}

/** From observations (batch, window, features) to the features that a head reads. */
export interface Encoder<Name extends string = string, Settings extends z.ZodRawShape = z.ZodRawShape> {
  /** What `network.encoder` takes. */
  readonly name: Name;
  /** One line for the help: what it is. */
  readonly docs: string;
  /** Its settings; one that another encoder has too is the same setting. */
  readonly settings: Settings;
  /**
   * From the observations up, in the order of PyTorch's module; `head` gets the outputs of the last.
   * @throws InputError where the sizes don't go together
   */
  layers(sizes: Observed & { readonly [Key in keyof Settings]: Readonly<z.output<Settings[Key]>> }): readonly Layer[];
}

/** The types of an encoder's settings follow from its definition. */
export function defineEncoder<const Name extends string, Settings extends z.ZodRawShape>(
  encoder: Encoder<Name, Settings>,
): Encoder<Name, Settings> {
  return encoder;
}

/** A number of units or filters. */
export const width = z.int().min(1).max(4096);

/** Two dense layers, which every encoder so far ends in. */
export const hidden = setting(z.tuple([width, width]), [256, 256], 'units', 'of the two dense layers');
