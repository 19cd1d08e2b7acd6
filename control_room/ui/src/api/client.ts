import type { Filter } from '../feed/queue';
import type { Alert, AlertDetail, AuditRow, CloseReason, DeadLetter, Page, SessionInfo, Town } from './types';

/** RFC 9457, as the room renders every error; `status` 0: the room was not reached. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  /** Seconds until another try makes sense, where the room said so. */
  retryAfter_s?: number;
  /** The alert as it is now, where an act came too late. */
  alert?: Alert & Partial<AlertDetail>;
}

export type Result<T> = { ok: true; data: T } | { ok: false; problem: Problem };

/** What a person does to an alert. `version` is the one he saw. */
export type Act =
  | { verb: 'acknowledge'; note?: string }
  | { verb: 'shelve'; until: string; reason?: string; note?: string }
  | { verb: 'close'; reason: CloseReason; note?: string }
  | { verb: 'reopen'; reason: string; note?: string }
  | { verb: 'notes'; note: string };

const ROOT = '/api/v1';

/** The room over HTTP; the only place of this page that knows its addresses. */
export class Api {
  readonly #fetch: typeof fetch;
  #csrf = '';
  /** Called when the room no longer knows the session. */
  onSignedOut: () => void = () => undefined;

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  async session(): Promise<Result<SessionInfo>> {
    return this.#enter(await this.#call<SessionInfo>('GET', '/session', undefined, { quiet: true }));
  }
  async login(user: string, password: string): Promise<Result<SessionInfo>> {
    return this.#enter(await this.#call<SessionInfo>('POST', '/session', { user, password }, { quiet: true }));
  }
  async loginByLink(token: string): Promise<Result<SessionInfo>> {
    return this.#enter(await this.#call<SessionInfo>('POST', '/session/link', { token }, { quiet: true }));
  }
  logout(): Promise<Result<undefined>> {
    return this.#call('DELETE', '/session', undefined, { quiet: true });
  }
  town(): Promise<Result<Town>> {
    return this.#call('GET', '/town');
  }
  alerts(filter: Filter, cursor: string | null, limit: number): Promise<Result<Page<Alert>>> {
    const query = new URLSearchParams({ state: filter.view, limit: String(limit) });
    if (filter.rule) query.set('rule', filter.rule);
    if (filter.camera) query.set('camera_id', filter.camera.slice(filter.camera.indexOf('/') + 1));
    if (cursor) query.set('cursor', cursor);
    return this.#call('GET', `/alerts?${query.toString()}`);
  }
  alert(id: string): Promise<Result<AlertDetail>> {
    return this.#call('GET', `/alerts/${encodeURIComponent(id)}`);
  }
  act(id: string, version: number, { verb, ...body }: Act): Promise<Result<AlertDetail>> {
    return this.#call('POST', `/alerts/${encodeURIComponent(id)}/${verb}`, { version, ...body });
  }
  audit(cursor: string | null): Promise<Result<Page<AuditRow>>> {
    return this.#call('GET', `/audit${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`);
  }
  deadLetters(cursor: string | null): Promise<Result<Page<DeadLetter>>> {
    return this.#call('GET', `/dead-letters${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`);
  }

  #enter(answer: Result<SessionInfo>): Result<SessionInfo> {
    if (answer.ok) this.#csrf = answer.data.csrf_token;
    return answer;
  }

  async #call<T>(method: string, path: string, body?: unknown, { quiet = false } = {}): Promise<Result<T>> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (method !== 'GET') headers['X-CSRF-Token'] = this.#csrf;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    let response: Response;
    try {
      response = await this.#fetch(ROOT + path, init);
    } catch {
      return { ok: false, problem: { status: 0, title: '', detail: '' } };
    }
    const data: unknown = await response.json().catch(() => undefined);
    if (response.ok) return { ok: true, data: data as T };
    if (response.status === 401 && !quiet) this.onSignedOut();
    return { ok: false, problem: problemOf(response, data) };
  }
}

function problemOf(response: Response, data: unknown): Problem {
  const told = (typeof data === 'object' && data !== null ? data : {}) as Partial<Problem>;
  const problem: Problem = {
    status: response.status,
    title: told.title ?? response.statusText,
    detail: told.detail ?? '',
  };
  const retryAfter_s = Number(response.headers.get('Retry-After'));
  if (retryAfter_s > 0) problem.retryAfter_s = retryAfter_s;
  if (told.alert) problem.alert = told.alert;
  return problem;
}
