/** Asks the server. The token comes in the address's fragment, which no server sees, and stays in this tab. */
const KEY = 'tradernet-token';

function takeToken(): string {
  const match = /^#token=([\w-]+)$/.exec(location.hash);
  if (match !== null) {
    sessionStorage.setItem(KEY, match[1]);
    history.replaceState(null, '', '#/runs');
  }
  return sessionStorage.getItem(KEY) ?? '';
}

const token = takeToken();

/** What the server said no to, with its words. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function ask(path: string, options: RequestInit = {}): Promise<Response> {
  return fetch(`/api/${path}`, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });
}

/** @throws Refusal with the server's words; TypeError where there is no server */
export async function get<T>(path: string): Promise<T> {
  const response = await ask(path);
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return (await response.json()) as T;
}

/** @throws as `get` */
export async function command<T>(name: string, given: Readonly<Record<string, unknown>>): Promise<T> {
  const response = await ask('commands', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ command: name, ...given }),
  });
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return (await response.json()) as T;
}

async function reasonOf(response: Response): Promise<string> {
  try {
    return String(((await response.json()) as { error: unknown }).error);
  } catch {
    return `the server answered ${response.status}`;
  }
}
