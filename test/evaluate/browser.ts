/** A headless Chromium driven over its DevTools protocol; nothing but Node and the browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];

export class Browser {
  /** Exceptions and requests of the page, as they came. */
  readonly errors: string[] = [];
  readonly requests: string[] = [];
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: Record<string, unknown>) => void>();
  readonly #events = new Map<string, () => void>();
  #lastId = 0;

  constructor(process: ChildProcess, folder: string, socket: WebSocket) {
    this.#process = process;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = (event) => {
      const message = JSON.parse(String(event.data));
      if (message.id !== undefined) this.#answers.get(message.id)?.(message.result ?? message.error);
      if (message.method === 'Runtime.exceptionThrown')
        this.errors.push(
          message.params.exceptionDetails.exception?.description ?? message.params.exceptionDetails.text,
        );
      if (message.method === 'Network.requestWillBeSent') this.requests.push(message.params.request.url);
      this.#events.get(message.method)?.();
    };
  }

  send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  async open(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => this.#events.set('Page.loadEventFired', resolve));
    await this.send('Page.navigate', { url });
    await loaded;
  }

  /** The value of an expression in the page; promises are awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  async close(): Promise<void> {
    this.#socket.close();
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await gone;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Starts Chromium with a profile of its own. */
export async function openBrowser(): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'tradernet-browser-'));
  const child = spawn(CHROMIUM as string, [...FLAGS, `--user-data-dir=${folder}`, 'about:blank']);
  const address = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
      const found = text.match(/ws:\/\/[^\s/]+/);
      if (found !== null) resolve(found[0].replace('ws:', 'http:'));
    });
    child.once('exit', () => reject(new Error(`Chromium ended: ${text}`)));
  });
  const targets = (await (await fetch(`${address}/json`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
  const page = targets.find(({ type }) => type === 'page');
  if (page === undefined) throw new Error('Chromium has no page');
  const socket = new WebSocket(page.webSocketDebuggerUrl);
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  const browser = new Browser(child, folder, socket);
  for (const domain of ['Page', 'Runtime', 'Network']) await browser.send(`${domain}.enable`);
  return browser;
}
