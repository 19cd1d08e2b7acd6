import createClient, { type Client } from 'openapi-fetch';

import type { Filter } from '../feed/queue';
import type { paths } from './schema';
import type {
  Alert,
  AlertDetail,
  Analysis,
  AuditRow,
  CardFile,
  CloseReason,
  Command,
  CommandDetail,
  CommandGiven,
  CommandKind,
  DeadLetter,
  DeviceVersion,
  EnrolmentCode,
  Flight,
  FlightDetail,
  Footage,
  Hold,
  HoldKind,
  HoldState,
  NewHold,
  Page,
  ProblemDocument,
  Proposal,
  RecordingHold,
  RegisteredDetail,
  Position,
  RegisteredDevice,
  RuleOffered,
  SessionInfo,
  Silenced,
  Town,
  UnfinishedFile,
  WantedFlight,
} from './types';

/** RFC 9457, as the room renders every error; `status` 0: the room was not reached. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  /** Seconds until another try makes sense, where the room said so. */
  retryAfter_s?: number;
  /** The alert as it is now, where an act came too late. */
  alert?: Alert;
  /** The last part of its `type`, where the room names it so that a program can tell it from others. */
  name?: string;
  /** The whole document, for the members that only some problems have. */
  told?: Record<string, unknown>;
}

export type Result<T> = { ok: true; data: T } | { ok: false; problem: Problem };

/** What a person does to an alert. */
export type Act =
  | { verb: 'acknowledge'; note?: string }
  | { verb: 'shelve'; until: string; reason?: string; note?: string }
  | { verb: 'close'; reason: CloseReason; note?: string }
  | { verb: 'reopen'; reason: string; note?: string }
  | { verb: 'notes'; note: string };

export type DeviceFilter = 'active' | 'online' | 'offline' | 'revoked' | 'all';
/** An empty one is any. */
export interface HoldFilter {
  state: HoldState | '';
  kind: HoldKind | '';
  search: string;
}
export interface NewDevice {
  device_id: string;
  name: string;
  place: string | null;
  owner: string | null;
  purpose: string | null;
}

const ACTS = {
  acknowledge: '/api/v1/alerts/{alert_id}/acknowledge',
  shelve: '/api/v1/alerts/{alert_id}/shelve',
  close: '/api/v1/alerts/{alert_id}/close',
  reopen: '/api/v1/alerts/{alert_id}/reopen',
  notes: '/api/v1/alerts/{alert_id}/notes',
} as const;

/** A call that is not JSON. `path` is the room's own, also one that it gave in a header. */
export interface PlainCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: string;
  type?: string;
  /** In the place of the session: who publishes has a token of his own. */
  bearer?: string;
  /** Sent to its end although the page is left. */
  keepalive?: boolean;
  signal?: AbortSignal;
}

/** An answer of openapi-fetch. Its own type of `data` turns tuples into arrays, so each method names the type it gives. */
type Answer = Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** The room over HTTP; the only place of this page that knows its addresses. */
export class Api {
  readonly #room: Client<paths>;
  readonly #fetcher: typeof fetch;
  readonly #origin: string;
  #csrf = '';
  /** Called when the room no longer knows the session. */
  onSignedOut: () => void = () => undefined;

  /** `origin` is where the page came from: it talks to nobody else. */
  constructor(fetcher: typeof fetch, origin: string) {
    this.#fetcher = fetcher;
    this.#origin = origin;
    this.#room = createClient<paths>({ baseUrl: origin, fetch: (request) => fetcher(request) });
    this.#room.use({
      onRequest: ({ request }) => {
        if (request.method !== 'GET') request.headers.set('X-CSRF-Token', this.#csrf);
      },
    });
  }

  async session(): Promise<Result<SessionInfo>> {
    return this.#enter(await this.#result(this.#room.GET('/api/v1/session')));
  }
  async login(user: string, password: string): Promise<Result<SessionInfo>> {
    return this.#enter(await this.#result(this.#room.POST('/api/v1/session', { body: { user, password } })));
  }
  async loginByLink(token: string): Promise<Result<SessionInfo>> {
    return this.#enter(await this.#result(this.#room.POST('/api/v1/session/link', { body: { token } })));
  }
  logout(): Promise<Result<undefined>> {
    return this.#result<undefined>(this.#room.DELETE('/api/v1/session'));
  }

  positions(device_id: string, since: string): Promise<Result<Page<Position>>> {
    const query = { device_id, since, limit: 2000 };
    return this.#ask(this.#room.GET('/api/v1/positions', { params: { query } }));
  }
  town(): Promise<Result<Town>> {
    return this.#ask(this.#room.GET('/api/v1/town'));
  }
  /** A page of the alerts in one state, the newest first. */
  alerts(state: Alert['state'], filter: Filter, cursor: string | null, limit: number): Promise<Result<Page<Alert>>> {
    const slash = filter.camera.indexOf('/');
    const query = {
      state: [state],
      limit,
      ...(filter.rule && { rule: filter.rule }),
      ...(filter.camera && { device_id: filter.camera.slice(0, slash), camera_id: filter.camera.slice(slash + 1) }),
      ...(cursor && { cursor }),
    };
    return this.#ask(this.#room.GET('/api/v1/alerts', { params: { query } }));
  }
  alert(id: string): Promise<Result<AlertDetail>> {
    return this.#ask(this.#room.GET('/api/v1/alerts/{alert_id}', { params: { path: { alert_id: id } } }));
  }
  /** `version` is that of the alert as the person saw it. */
  act(id: string, version: number, { verb, ...told }: Act): Promise<Result<AlertDetail>> {
    const params = { path: { alert_id: id } };
    // Each verb's body is checked by `Act`; the five addresses take the same four keys.
    const body = { version, ...told } as never;
    return this.#ask(this.#room.POST(ACTS[verb], { params, body }));
  }
  audit(cursor: string | null): Promise<Result<Page<AuditRow>>> {
    return this.#ask(this.#room.GET('/api/v1/audit', { params: { query: cursor ? { cursor } : {} } }));
  }
  deadLetters(cursor: string | null): Promise<Result<Page<DeadLetter>>> {
    return this.#ask(this.#room.GET('/api/v1/dead-letters', { params: { query: cursor ? { cursor } : {} } }));
  }

  /** A page of the registry by name. */
  devices(search: string, state: DeviceFilter, cursor: string | null): Promise<Result<Page<RegisteredDevice>>> {
    const query = { state, limit: 50, ...(search && { search }), ...(cursor && { cursor }) };
    return this.#ask(this.#room.GET('/api/v1/devices', { params: { query } }));
  }
  device(device_id: string): Promise<Result<RegisteredDetail>> {
    return this.#ask(this.#room.GET('/api/v1/devices/{device_id}', { params: { path: { device_id } } }));
  }
  addDevice(body: NewDevice): Promise<Result<RegisteredDetail>> {
    return this.#ask(this.#room.POST('/api/v1/devices', { body }));
  }
  editDevice(device_id: string, body: Omit<NewDevice, 'device_id'>): Promise<Result<RegisteredDetail>> {
    return this.#ask(this.#room.PATCH('/api/v1/devices/{device_id}', { params: { path: { device_id } }, body }));
  }
  enrolmentCode(device_id: string): Promise<Result<EnrolmentCode>> {
    const params = { path: { device_id } };
    return this.#ask(this.#room.POST('/api/v1/devices/{device_id}/enrolment-code', { params }));
  }
  revoke(device_id: string, reason: string): Promise<Result<RegisteredDetail>> {
    const params = { path: { device_id } };
    return this.#ask(this.#room.POST('/api/v1/devices/{device_id}/revoke', { params, body: { reason } }));
  }
  versions(device_id: string): Promise<Result<{ items: DeviceVersion[]; rules: RuleOffered[] }>> {
    return this.#ask(this.#room.GET('/api/v1/devices/{device_id}/configurations', { params: { path: { device_id } } }));
  }
  /** The device takes `content` whole, or says why not. */
  pushConfiguration(device_id: string, content: unknown, reason: string): Promise<Result<{ version: number }>> {
    // The room checks what a person wrote.
    const body = { content, reason } as never;
    const params = { path: { device_id } };
    return this.#ask(this.#room.POST('/api/v1/devices/{device_id}/configurations', { params, body }));
  }
  goBack(device_id: string, version: number, reason: string): Promise<Result<{ version: number }>> {
    const params = { path: { device_id, version } };
    const at = '/api/v1/devices/{device_id}/configurations/{version}/again';
    return this.#ask(this.#room.POST(at, { params, body: { reason } }));
  }

  /** A page of what the room must not erase, the newest first. */
  holds({ state, kind, search }: HoldFilter, cursor: string | null): Promise<Result<Page<Hold>>> {
    const query = {
      ...(state && { state }),
      ...(kind && { kind }),
      ...(search && { search }),
      ...(cursor && { cursor }),
    };
    return this.#ask(this.#room.GET('/api/v1/holds', { params: { query } }));
  }
  /** Why this alert stays, whatever was held: it, a file of it, or its camera at that time. */
  holdsOf(alert_id: string): Promise<Result<Page<Hold>>> {
    return this.#ask(this.#room.GET('/api/v1/holds', { params: { query: { protecting: alert_id } } }));
  }
  hold(body: NewHold): Promise<Result<Hold>> {
    return this.#ask(this.#room.POST('/api/v1/holds', { body }));
  }
  letGo(hold_id: string, reason: string): Promise<Result<Hold>> {
    const params = { path: { hold_id } };
    return this.#ask(this.#room.POST('/api/v1/holds/{hold_id}/release', { params, body: { reason } }));
  }

  /** What rules found today and did not tell. */
  silenced(): Promise<Result<{ items: Silenced[] }>> {
    return this.#ask(this.#room.GET('/api/v1/silenced'));
  }

  /** Orders a device to do something; the answer comes over the stream. */
  order(
    device_id: string,
    kind: CommandKind,
    args: Record<string, unknown>,
    reason?: string,
  ): Promise<Result<CommandGiven>> {
    // The room checks the arguments of each kind.
    const body = { kind, arguments: args, ...(reason && { reason }) } as never;
    return this.#ask(
      this.#room.POST('/api/v1/devices/{device_id}/commands', { params: { path: { device_id } }, body }),
    );
  }
  command(command_id: string): Promise<Result<CommandDetail>> {
    return this.#ask(this.#room.GET('/api/v1/commands/{command_id}', { params: { path: { command_id } } }));
  }
  commands(device_id: string, camera_id: string, kind: CommandKind, limit: number): Promise<Result<Page<Command>>> {
    const params = { path: { device_id }, query: { camera_id, kind, limit } };
    return this.#ask(this.#room.GET('/api/v1/devices/{device_id}/commands', { params }));
  }
  /** What the device itself must not erase. */
  recordingHolds(device_id: string, camera_id: string): Promise<Result<{ items: RecordingHold[] }>> {
    const params = { path: { device_id }, query: { camera_id } };
    return this.#ask(this.#room.GET('/api/v1/devices/{device_id}/holds', { params }));
  }

  /** For uploads, which go past this client. */
  get csrf(): string {
    return this.#csrf;
  }
  flights(pilot: string, cursor: string | null): Promise<Result<Page<Flight>>> {
    const query = { limit: 30, ...(pilot && { pilot }), ...(cursor && { cursor }) };
    return this.#ask(this.#room.GET('/api/v1/flights', { params: { query } }));
  }
  flight(flight_id: string): Promise<Result<FlightDetail>> {
    return this.#ask(this.#room.GET('/api/v1/flights/{flight_id}', { params: { path: { flight_id } } }));
  }
  footage(flight_id: string): Promise<Result<{ items: Footage[] }>> {
    return this.#ask(this.#room.GET('/api/v1/flights/{flight_id}/footage', { params: { path: { flight_id } } }));
  }
  unfinished(): Promise<Result<{ items: UnfinishedFile[] }>> {
    return this.#ask(this.#room.GET('/api/v1/flights/unfinished'));
  }
  proposeCard(files: CardFile[]): Promise<Result<Proposal>> {
    return this.#ask(this.#room.POST('/api/v1/flights/cards', { body: { files } }));
  }
  confirmFlights(
    flights: WantedFlight[],
  ): Promise<Result<{ flights: { flight_id: string; footage_ids: string[] }[] }>> {
    return this.#ask(this.#room.POST('/api/v1/flights', { body: { flights } }));
  }
  moveFootage(flight_id: string, version: number, footage_ids: string[]): Promise<Result<FlightDetail>> {
    const params = { path: { flight_id } };
    const body = { version, footage_ids };
    return this.#ask(this.#room.POST('/api/v1/flights/{flight_id}/move', { params, body }));
  }
  deleteFlight(flight_id: string, version: number, reason: string): Promise<Result<undefined>> {
    const params = { path: { flight_id } };
    const body = { version, reason, confirm: true } as const;
    return this.#ask(this.#room.POST('/api/v1/flights/{flight_id}/delete', { params, body }));
  }
  analysis(flight_id: string): Promise<Result<Analysis>> {
    return this.#ask(this.#room.GET('/api/v1/flights/{flight_id}/analysis', { params: { path: { flight_id } } }));
  }
  analyse(flight_id: string): Promise<Result<Analysis>> {
    return this.#ask(this.#room.POST('/api/v1/flights/{flight_id}/analysis', { params: { path: { flight_id } } }));
  }
  cancelAnalysis(flight_id: string): Promise<Result<Analysis>> {
    const params = { path: { flight_id } };
    return this.#ask(this.#room.POST('/api/v1/flights/{flight_id}/analysis/cancel', { params }));
  }

  /** For the calls of a feature that are written beside it. */
  call<T>(ask: (room: Client<paths>) => Answer): Promise<Result<T>> {
    return this.#ask(ask(this.#room));
  }

  /** Session descriptions, videos: what has a body of its own kind. */
  async plain({ method, path, body, type, bearer, keepalive, signal }: PlainCall): Promise<Result<Response>> {
    const headers = new Headers(bearer ? { Authorization: `Bearer ${bearer}` } : {});
    if (!bearer && method !== 'GET') headers.set('X-CSRF-Token', this.#csrf);
    if (type) headers.set('Content-Type', type);
    try {
      const address = new URL(path, this.#origin);
      // An address of somebody else never gets our session.
      if (address.origin !== this.#origin) return { ok: false, problem: { status: 0, title: '', detail: '' } };
      const request = new Request(address, {
        method,
        headers,
        ...(body !== undefined && { body }),
        ...(keepalive && { keepalive }),
        ...(signal && { signal }),
      });
      const response = await this.#fetcher(request);
      if (response.ok) return { ok: true, data: response };
      if (response.status === 401 && !bearer) this.onSignedOut();
      return { ok: false, problem: problemOf(response, await response.json().catch(() => ({}))) };
    } catch {
      return { ok: false, problem: { status: 0, title: '', detail: '' } };
    }
  }

  #enter(answer: Result<SessionInfo>): Result<SessionInfo> {
    if (answer.ok) this.#csrf = answer.data.csrf_token;
    return answer;
  }

  async #ask<T>(answer: Answer): Promise<Result<T>> {
    const result = await this.#result<T>(answer);
    if (!result.ok && result.problem.status === 401) this.onSignedOut();
    return result;
  }

  async #result<T>(answer: Answer): Promise<Result<T>> {
    try {
      const { data, error, response } = await answer;
      if (response.ok) return { ok: true, data: data as T };
      return { ok: false, problem: problemOf(response, error) };
    } catch {
      return { ok: false, problem: { status: 0, title: '', detail: '' } };
    }
  }
}

function problemOf(response: Response, error: unknown): Problem {
  const told = (typeof error === 'object' && error !== null ? error : {}) as Partial<ProblemDocument> & {
    alert?: Alert;
  };
  const problem: Problem = {
    status: response.status,
    title: told.title ?? response.statusText,
    detail: told.detail ?? '',
  };
  const retryAfter_s = Number(response.headers.get('Retry-After'));
  if (retryAfter_s > 0) problem.retryAfter_s = retryAfter_s;
  if (told.alert) problem.alert = told.alert;
  const name = told.type?.split(':').at(-1);
  if (name && name !== 'blank') Object.assign(problem, { name, told });
  return problem;
}
