/** Where the page is: `#/run/NAME?d=3390`. What is worth sending to somebody stands in the address. */
interface Route {
  /** runs, run, compare, bots, bot, data. */
  readonly page: string;
  /** What follows it. */
  readonly name: string;
  readonly query: URLSearchParams;
}

function read(): Route {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  const [page, ...rest] = path.split('/');
  return { page: page || 'runs', name: decodeURIComponent(rest.join('/')), query: new URLSearchParams(query ?? '') };
}

class Router {
  now = $state<Route>(read());

  constructor() {
    addEventListener('hashchange', () => {
      this.now = read();
    });
  }

  /** Changes a part of the query without a new entry in the history. */
  set(name: string, value: string | null): void {
    const { page, name: of, query } = this.now;
    if (value === null) query.delete(name);
    else query.set(name, value);
    const text = query.toString();
    history.replaceState(null, '', href(page, of, text === '' ? '' : `?${text}`));
    this.now = read();
  }
}

export const route = new Router();

export function href(page: string, name = '', query = ''): string {
  return `#/${page}${name === '' ? '' : `/${encodeURIComponent(name)}`}${query}`;
}
