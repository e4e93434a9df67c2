/** What a run needs from outside, and where it keeps its checkpoints. */
import type { Clock } from '../core/clock.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { Kernels } from '../nn/index.ts';

/** Folder of the checkpoints in the storage, one folder a run. */
export const CHECKPOINTS = 'checkpoints';

/** What a training or an evaluation needs from outside; nothing in it decides the result but `config` and `series`. */
export interface RunContext {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly kernels: Kernels;
  readonly codeVersion: string;
  readonly signal?: AbortSignal;
}
