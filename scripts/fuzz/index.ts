import { csv } from './csv.ts';
import { safetensors } from './safetensors.ts';
import type { Surface } from './surface.ts';
import { trends } from './trends.ts';

/** Every surface; one more is one file and one line here. */
export const SURFACES: readonly Surface[] = [csv, trends, safetensors];
