export type Route =
  | { name: 'login' }
  | { name: 'feed' }
  | { name: 'alert'; id: string }
  | { name: 'flights' }
  | { name: 'flight'; id: string }
  | { name: 'flight_log' }
  | { name: 'log_entry'; id: string }
  | { name: 'preflight' }
  | { name: 'review'; id: string }
  | { name: 'sites' }
  | { name: 'site'; id: string }
  | { name: 'cameras' }
  | { name: 'wall' }
  | { name: 'live'; id: string }
  | { name: 'live_sources' }
  | { name: 'publish'; id: string }
  | { name: 'viewers' }
  | { name: 'map' }
  | { name: 'recordings' }
  | { name: 'holds' }
  | { name: 'devices' }
  | { name: 'audit' }
  | { name: 'dead_letters' }
  | { name: 'unknown' };

const PLAIN: Record<
  string,
  Exclude<Route['name'], 'alert' | 'flight' | 'live' | 'log_entry' | 'publish' | 'review' | 'site' | 'unknown'>
> = {
  '/': 'feed',
  '/login': 'login',
  '/flights': 'flights',
  '/sites': 'sites',
  '/flight-log': 'flight_log',
  '/preflight': 'preflight',
  '/cameras': 'cameras',
  '/live': 'wall',
  '/live/sources': 'live_sources',
  '/viewers': 'viewers',
  '/map': 'map',
  '/recordings': 'recordings',
  '/holds': 'holds',
  '/devices': 'devices',
  '/audit': 'audit',
  '/dead-letters': 'dead_letters',
};

export function parse(path: string): Route {
  const alert = /^\/alerts\/([^/]+)$/.exec(path);
  if (alert?.[1]) return { name: 'alert', id: decodeURIComponent(alert[1]) };
  const flight = /^\/flights\/([^/]+)$/.exec(path);
  if (flight?.[1]) return { name: 'flight', id: decodeURIComponent(flight[1]) };
  const review = /^\/flights\/([^/]+)\/review$/.exec(path);
  if (review?.[1]) return { name: 'review', id: decodeURIComponent(review[1]) };
  const site = /^\/sites\/([^/]+)$/.exec(path);
  if (site?.[1]) return { name: 'site', id: decodeURIComponent(site[1]) };
  const entry = /^\/flight-log\/([^/]+)$/.exec(path);
  if (entry?.[1]) return { name: 'log_entry', id: decodeURIComponent(entry[1]) };
  const live = /^\/live\/(camera\/[^/]+\/[^/]+|source\/[^/]+)$/.exec(path);
  if (live?.[1]) return { name: 'live', id: live[1].split('/').map(decodeURIComponent).join('/') };
  const publish = /^\/publish\/([^/]+)$/.exec(path);
  if (publish?.[1]) return { name: 'publish', id: decodeURIComponent(publish[1]) };
  const name = PLAIN[path];
  return { name: name ?? 'unknown' };
}

/** The address bar: where the page is, and the only way to another. */
export class Router {
  readonly #window: Window;
  #path = $state('/');
  #query = $state('');
  readonly route = $derived(parse(this.#path));
  readonly query = $derived(new URLSearchParams(this.#query));

  constructor(page: Window) {
    this.#window = page;
    this.#read();
  }

  get here(): string {
    return this.#path + this.#query;
  }

  start(): () => void {
    const read = (): void => this.#read();
    const follow = (event: MouseEvent): void => this.#follow(event);
    this.#window.addEventListener('popstate', read);
    this.#window.document.addEventListener('click', follow);
    return () => {
      this.#window.removeEventListener('popstate', read);
      this.#window.document.removeEventListener('click', follow);
    };
  }

  go(address: string, { replace = false }: { replace?: boolean } = {}): void {
    if (address === this.here) return;
    this.#window.history[replace ? 'replaceState' : 'pushState'](null, '', address);
    this.#read();
  }

  #read(): void {
    this.#path = this.#window.location.pathname;
    this.#query = this.#window.location.search;
  }

  /** An ordinary click on a link of ours changes the page without loading it anew. */
  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== this.#window.location.origin) return;
    if (link.pathname.startsWith('/api/') || link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

/** A local address that is safe to go to after signing in: never another site. */
export function localAddress(wanted: string | null): string {
  return wanted?.startsWith('/') && !wanted.startsWith('//') && !wanted.startsWith('/login') ? wanted : '/';
}
