import { Worker } from 'node:worker_threads';

export interface ColumnarFile {
  readonly kind: 'parquet' | 'arrow';
  readonly bytes: Uint8Array;
}

/** Numbers, Unix ms (NaN where there is none), or anything else as text. */
export type Column =
  | { readonly kind: 'number' | 'time'; readonly values: Float64Array }
  | { readonly kind: 'text'; readonly values: readonly string[] };

export interface Columns {
  readonly titles: readonly string[];
  readonly columns: readonly Column[];
  readonly length: number;
}

/** A file of a hundred million values and more should be CSV, which is streamed. */
const LARGEST_HEAP_MB = 1024;

/**
 * The columns of a Parquet or Arrow file.
 * @throws whatever the decoder does, and Error where it asks for too much memory.
 */
export function decodeColumns(file: ColumnarFile): Promise<Columns> {
  // As it was written in the repository, built in the published package.
  const name = import.meta.url.endsWith('.ts') ? './columnar-worker.ts' : './columnar-worker.js';
  const worker = new Worker(new URL(name, import.meta.url), {
    workerData: file,
    resourceLimits: { maxOldGenerationSizeMb: LARGEST_HEAP_MB },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('its decoder stopped')));
  });
}
