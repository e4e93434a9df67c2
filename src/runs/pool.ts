/**
 * The pool of local workers: commands of this program as child processes, a few at a time. A job is an argument list,
 * so whatever ran in a pool can be run again by hand; a worker that dies takes nothing of the others with it.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Json } from '../core/json.ts';

export interface Job {
  /** For people. */
  readonly name: string;
  /** `train --symbol X ...`; `--json` is added. */
  readonly args: readonly string[];
}

export interface JobResult {
  readonly job: Job;
  readonly exitCode: number;
  /** What the command printed with `--json`; null where it failed. */
  readonly output: Json;
  /** The last line of its standard error where it failed. */
  readonly error: string;
}

export interface PoolOptions {
  /** Jobs at a time. */
  readonly workers: number;
  /** The command line's entry file. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** On abort running workers are told to stop (they save what they have) and no new one starts. */
  readonly signal?: AbortSignal;
  /** A line of progress that a worker wrote. */
  readonly onProgress?: (index: number, line: string) => void;
  readonly onResult?: (index: number, result: JobResult) => void;
}

function runJob(job: Job, index: number, options: PoolOptions): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [options.entry, ...job.args, '--json'], {
      env: options.env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stop = () => child.kill('SIGTERM');
    options.signal?.addEventListener('abort', stop, { once: true });
    let text = '';
    let last = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      last = line;
      options.onProgress?.(index, line);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      options.signal?.removeEventListener('abort', stop);
      const exitCode = code ?? 1;
      let output: Json = null;
      try {
        output = JSON.parse(text) as Json;
      } catch {
        // A worker that failed has printed its error instead.
      }
      const result = { job, exitCode, output, error: exitCode === 0 ? '' : last };
      options.onResult?.(index, result);
      resolve(result);
    });
  });
}

/** The results in the order of the jobs; jobs that never started for an abort are left out. */
export async function runPool(jobs: readonly Job[], options: PoolOptions): Promise<JobResult[]> {
  const results: (JobResult | undefined)[] = [];
  let next = 0;
  const work = async () => {
    while (next < jobs.length && options.signal?.aborted !== true) {
      const index = next++;
      results[index] = await runJob(jobs[index], index, options);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.workers, jobs.length) }, work));
  return results.filter((result) => result !== undefined);
}
