import { checkpoints } from './checkpoints.ts';
import { csv } from './csv.ts';
import { flags } from './flags.ts';
import { journals } from './journals.ts';
import { safetensors } from './safetensors.ts';
import { rehearsal, status } from './servers.ts';
import { settings } from './settings.ts';
import type { Surface } from './surface.ts';
import { tables } from './tables.ts';
import { trends } from './trends.ts';
import { venue } from './venue.ts';

/** Every surface; one more is one file and one line here. */
export const SURFACES: readonly Surface[] = [
  ...[csv, tables, trends, safetensors, checkpoints, journals, settings, flags, venue, status, rehearsal],
];
