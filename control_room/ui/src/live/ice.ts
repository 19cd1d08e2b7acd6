import type { Api } from '../api/client';
import type { IceAnswer } from './types';

/** The room's credentials last longer; asked for again well before their end. */
const KEEP_MS = 5 * 60_000;

/** How a browser finds its way to the room's media process: asked for once, kept while it is good. */
export class IceServers {
  readonly #api: Api;
  readonly #now: () => number;
  readonly #path: string;
  readonly #bearer: string | undefined;
  #kept: { servers: Promise<RTCIceServer[]>; at: number } | null = null;

  /** `bearer`: of who has no account, and asks at another path. */
  constructor(api: Api, now: () => number, path = '/api/v1/live/ice', bearer?: string) {
    this.#api = api;
    this.#now = now;
    this.#path = path;
    this.#bearer = bearer;
  }

  /** Without an answer a connection is tried without any: in the room's own network none is needed. */
  servers(): Promise<RTCIceServer[]> {
    if (!this.#kept || this.#now() - this.#kept.at > KEEP_MS) {
      this.#kept = { servers: this.#ask(), at: this.#now() };
    }
    return this.#kept.servers;
  }

  forget(): void {
    this.#kept = null;
  }

  async #ask(): Promise<RTCIceServer[]> {
    const answer = await this.#api.plain({
      method: 'GET',
      path: this.#path,
      ...(this.#bearer && { bearer: this.#bearer }),
    });
    if (answer.ok) return ((await answer.data.json()) as IceAnswer).ice_servers.map(serverOf);
    // Asked again with the next connection.
    this.#kept = null;
    return [];
  }
}

/** A null would reach the browser as a name of four letters. */
function serverOf({ urls, username, credential }: IceAnswer['ice_servers'][number]): RTCIceServer {
  return { urls, ...(username && { username }), ...(credential && { credential }) };
}
