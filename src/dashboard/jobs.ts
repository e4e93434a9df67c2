/** Commands of this program as child processes of the dashboard: what a person would type, so nothing is done twice. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock } from '../core/clock.ts';
import type { Json } from '../core/json.ts';
import type { JobState } from './api.ts';

/** Finished ones that are remembered. */
const KEPT = 50;
/** At a time; more are refused. */
const MOST_RUNNING = 8;

export interface JobOptions {
  /** The command line's entry file, and the storage that commands work on. */
  readonly entry: string;
  readonly storage: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

interface Job {
  state: JobState;
  readonly done: Promise<JobState>;
  stop(): void;
}

/** The jobs of one dashboard; they end with it, and what they have is saved. */
export class Jobs {
  readonly #options: JobOptions;
  readonly #jobs = new Map<number, Job>();
  #next = 1;

  constructor(options: JobOptions) {
    this.#options = options;
  }

  list(): JobState[] {
    return [...this.#jobs.values()].map(({ state }) => state);
  }

  /** null where too many are running. */
  start(command: string, args: readonly string[]): { readonly id: number; readonly done: Promise<JobState> } | null {
    const running = this.list().filter(({ state }) => state === 'running');
    if (running.length >= MOST_RUNNING) return null;
    const id = this.#next++;
    const { entry, storage, cwd, env, clock } = this.#options;
    const child = spawn(process.execPath, [entry, ...args, '--storage', storage, '--json'], {
      cwd,
      env: { ...env, TRADERNET_PROGRESS_MS: '1000' } as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const line = ['tradernet', ...args.map((word) => (/^[\w./:=,+-]+$/.test(word) ? word : JSON.stringify(word)))];
    const { promise, resolve } = Promise.withResolvers<JobState>();
    const job: Job = {
      state: {
        ...{ id, command, line: line.join(' '), startedMs: clock.nowMs() },
        ...{ state: 'running', run: null, said: '', output: null },
      },
      done: promise,
      stop: () => void child.kill('SIGTERM'),
    };
    this.#jobs.set(id, job);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    createInterface({ input: child.stderr }).on('line', (said) => {
      // A training begins with the name of its run.
      const run = job.state.run ?? /^([\w+.-]+-s\d+-\d+):/.exec(said)?.[1] ?? null;
      job.state = { ...job.state, run, said };
    });
    const end = (ok: boolean, said: string) => {
      let output: Json = null;
      try {
        output = JSON.parse(text) as Json;
      } catch {
        // What failed has said why on the other stream.
      }
      job.state = { ...job.state, state: ok ? 'done' : 'failed', said, output };
      this.#forget();
      resolve(job.state);
    };
    child.on('error', (error) => end(false, error.message));
    child.on('close', (code) => end(code === 0, job.state.said));
    return { id, done: promise };
  }

  /** Whether there was something to stop: it saves what it has, as after Ctrl-C. */
  stop(id: number): boolean {
    const job = this.#jobs.get(id);
    if (job?.state.state !== 'running') return false;
    job.stop();
    return true;
  }

  /** Stops what runs and waits for it. */
  async close(): Promise<void> {
    const running = [...this.#jobs.values()].filter(({ state }) => state.state === 'running');
    for (const job of running) job.stop();
    await Promise.all(running.map(({ done }) => done));
  }

  #forget(): void {
    const finished = this.list().filter(({ state }) => state !== 'running');
    for (const { id } of finished.slice(0, Math.max(0, finished.length - KEPT))) this.#jobs.delete(id);
  }
}
