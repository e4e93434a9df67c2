/** What changes by itself (trainings, jobs, bots), told to every page that listens, four times a second at most. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { BotRow, Events, JobState, RunRow, Training } from './api.ts';
import type { RunReader } from './run-rows.ts';

const EVERY_MS = 500;
/** A client that reads nothing is let go once so many bytes wait for it. */
const MOST_WAITING_BYTES = 1 << 20;
/** Over how long a speed is measured. */
const SPEED_MS = 10_000;

export interface EventSources {
  readonly runs: RunReader;
  readonly bots: () => readonly BotRow[];
  readonly jobs: () => readonly JobState[];
  readonly clock: Clock;
  readonly version: string;
}

/** Steps seen at moments, for a speed. */
type Seen = { readonly atMs: number; readonly step: number }[];

/** The pages that listen. Nothing is read while there is none. */
export class EventStream {
  readonly #sources: EventSources;
  readonly #clients = new Set<ServerResponse>();
  readonly #seen = new Map<string, Seen>();
  readonly #stop = new AbortController();
  #said = new Map<keyof Events, string>();
  #waking: (() => void) | null = null;
  #names = '';
  #version = 0;

  constructor(sources: EventSources) {
    this.#sources = sources;
    void this.#run();
  }

  get clients(): number {
    return this.#clients.size;
  }

  add(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const { version, clock } = this.#sources;
    response.write(frame('hello', { version, timeMs: clock.nowMs() }));
    for (const [name, text] of this.#said) response.write(`event: ${name}\ndata: ${text}\n\n`);
    this.#clients.add(response);
    response.on('close', () => this.#clients.delete(response));
    response.on('error', () => this.#clients.delete(response));
    this.#waking?.();
  }

  close(): void {
    this.#stop.abort();
    this.#waking?.();
    for (const client of this.#clients) client.destroy();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#clients.size === 0) {
        await new Promise<void>((resolve) => {
          this.#waking = resolve;
        });
        this.#waking = null;
        continue;
      }
      try {
        this.#tell();
      } catch {
        // A file that is being replaced is read the next time.
      }
      await this.#sources.clock.sleep(EVERY_MS, signal).catch(() => {});
    }
  }

  #tell(): void {
    const { runs, bots, jobs } = this.#sources;
    const rows = runs.list();
    const names = rows.map(({ name, state, outcomes }) => `${name} ${state} ${outcomes.length}`).join('\n');
    if (names !== this.#names) this.#version++;
    this.#names = names;
    this.#send('runs', this.#version);
    this.#send('trainings', this.#trainings(rows));
    this.#send('jobs', jobs());
    this.#send('bots', bots());
    for (const client of this.#clients) client.write(': \n\n');
  }

  #trainings(rows: readonly RunRow[]): Training[] {
    const own = this.#sources.jobs().filter(({ state }) => state === 'running');
    return rows
      .filter(({ state }) => state !== 'finished')
      .map((row) => {
        const read = this.#sources.runs.training(row);
        const perSecond = row.state === 'training' ? this.#speed(row.name, read.step) : null;
        const left = read.steps === null || perSecond === null ? null : (1000 * (read.steps - read.step)) / perSecond;
        const job = own.find(({ run }) => run === row.name)?.id ?? null;
        const state = row.state === 'training' ? 'training' : 'stopped';
        return { ...read, stepsPerSecond: perSecond, leftMs: left, state, job };
      });
  }

  #speed(name: string, step: number): number | null {
    const atMs = this.#sources.clock.elapsedMs();
    const seen = [...(this.#seen.get(name) ?? []).filter((one) => atMs - one.atMs < SPEED_MS), { atMs, step }];
    this.#seen.set(name, seen);
    const [first] = seen;
    return step > first.step ? Math.round((1000 * (step - first.step)) / (atMs - first.atMs)) : null;
  }

  #send<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const text = JSON.stringify(value);
    if (this.#said.get(name) === text) return;
    this.#said.set(name, text);
    for (const client of this.#clients) {
      if (client.writableLength > MOST_WAITING_BYTES) client.destroy();
      else client.write(`event: ${name}\ndata: ${text}\n\n`);
    }
  }
}

function frame<Name extends keyof Events>(name: Name, value: Events[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}
