/** What changes by itself, as the server tells it; and whether it still does. */
import type { BotRow, Events, JobState, Training } from '../../src/dashboard/api.ts';
import { ask } from './api.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** The server says something every half second; so long a silence is a loss. */
const SILENCE_MS = 4_000;

class Live {
  state = $state<'connecting' | 'connected' | 'lost' | 'refused'>('connecting');
  /** Unix ms of the last word. */
  heardMs = $state(0);
  nowMs = $state(Date.now());
  nextTryMs = $state(0);
  trainings = $state.raw<readonly Training[]>([]);
  jobs = $state.raw<readonly JobState[]>([]);
  bots = $state.raw<readonly BotRow[]>([]);
  /** Grows when the list of runs changed. */
  runs = $state(0);
  version = $state('');
  #wait = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    setInterval(() => {
      if (!document.hidden) this.nowMs = Date.now();
    }, 1_000);
    void this.connect();
  }

  async connect(): Promise<void> {
    clearTimeout(this.#timer);
    const abort = new AbortController();
    let silence = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const response = await ask('events', { signal: abort.signal });
      if (response.status === 401) {
        this.state = 'refused';
        clearTimeout(silence);
        return;
      }
      if (!response.ok || response.body === null) throw new Error(String(response.status));
      this.state = 'connected';
      this.#wait = FIRST_WAIT_MS;
      let text = '';
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), SILENCE_MS);
        this.heardMs = Date.now();
        const frames = (text + part.value).split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames) this.#take(frame);
      }
    } catch {
      // Said by the state.
    }
    clearTimeout(silence);
    this.state = 'lost';
    this.nextTryMs = Date.now() + this.#wait;
    this.#timer = setTimeout(() => void this.connect(), this.#wait);
    this.#wait = Math.min(LONGEST_WAIT_MS, 2 * this.#wait);
  }

  #take(frame: string): void {
    const match = /^event: (\w+)\ndata: (.*)$/.exec(frame);
    if (match === null) return;
    const name = match[1] as keyof Events;
    const value = JSON.parse(match[2]) as never;
    if (name === 'hello') this.version = (value as Events['hello']).version;
    else this[name] = value;
  }
}

export const live = new Live();
