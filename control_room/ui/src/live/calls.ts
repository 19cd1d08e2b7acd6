import type { Api, Result } from '../api/client';
import type { Page } from '../api/types';
import type { Target } from './targets';
import type {
  Account,
  Clip,
  ClipWanted,
  KeptWall,
  LiveList,
  LiveRecordings,
  LiveSource,
  NewSource,
  PtzOrder,
  PtzState,
  SaidReason,
  SourceToken,
  WallList,
  WantedWall,
  WatchedCameras,
  WatchedCamerasOfUser,
} from './types';

export type StreamName = 'main' | 'sub';

export interface Rewound {
  video: Blob;
  from: string | null;
  to: string | null;
}

/** Where a camera's or a source's live routes are, with what they are asked. */
export function addressOf(target: Target, what: string, query: Record<string, string | number> = {}): string {
  const text = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  const at = new URLSearchParams(target.kind === 'camera' ? [['device_id', target.device_id], ...text] : text);
  const path =
    target.kind === 'camera'
      ? `/api/v1/cameras/${encodeURIComponent(target.camera_id)}/${what}`
      : `/api/v1/live/sources/${encodeURIComponent(target.source_id)}/${what}`;
  return at.size > 0 ? `${path}?${at.toString()}` : path;
}

function wallAt(name: string, shared: boolean): string {
  return `/api/v1/walls/${shared ? 'shared/' : ''}${encodeURIComponent(name)}`;
}

/** The room's routes about live video. */
export class LiveCalls {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Everything that this person may watch. */
  list(): Promise<Result<LiveList>> {
    return this.#json('GET', '/api/v1/live');
  }
  /** A video of the last seconds, and of when it is; the page keeps it in memory, so that it can be gone back and forth in. */
  async rewind(target: Target, stream: StreamName, seconds: number, alert_id: string | null): Promise<Result<Rewound>> {
    const asked = target.kind === 'camera' ? { stream, ...(alert_id && { alert_id }) } : {};
    const path = addressOf(target, 'rewind.mp4', { seconds, ...asked });
    const answer = await this.#api.plain({ method: 'GET', path });
    if (!answer.ok) return answer;
    const { headers } = answer.data;
    const data = { video: await answer.data.blob(), from: headers.get('X-Span-From'), to: headers.get('X-Span-To') };
    return { ok: true, data };
  }
  /** The picture of this moment, marked by the room with who took it and when. */
  async picture(target: Target, note: string, alert_id: string | null): Promise<Result<Blob>> {
    const path = addressOf(target, 'picture');
    const body = JSON.stringify({ ...(note && { note }), ...(alert_id && { alert_id }) });
    const answer = await this.#api.plain({ method: 'POST', path, body, type: 'application/json' });
    return answer.ok ? { ok: true, data: await answer.data.blob() } : answer;
  }
  clip(target: Target, body: ClipWanted): Promise<Result<Clip>> {
    return this.#json('POST', addressOf(target, 'clip'), body);
  }
  clipNow(clip_id: string): Promise<Result<Clip>> {
    return this.#json('GET', `/api/v1/live/clips/${encodeURIComponent(clip_id)}`);
  }
  /** What was recorded of a source, the newest first. */
  recordings(source_id: string, cursor: string | null): Promise<Result<LiveRecordings>> {
    const path = `/api/v1/live/sources/${encodeURIComponent(source_id)}/recordings`;
    return this.#json('GET', cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path);
  }
  letTurn(target: Target): Promise<Result<unknown>> {
    return this.#json('DELETE', addressOf(target, 'ptz'));
  }
  ptz(target: Target): Promise<Result<PtzState>> {
    return this.#json('GET', addressOf(target, 'ptz'));
  }
  turn(target: Target, order: PtzOrder): Promise<Result<PtzState>> {
    return this.#json('POST', addressOf(target, 'ptz'), order);
  }
  say(reason: SaidReason): Promise<Result<unknown>> {
    return this.#json('POST', '/api/v1/viewing/reasons', reason);
  }

  /** One's own walls and the room's. */
  walls(): Promise<Result<WallList>> {
    return this.#json('GET', '/api/v1/walls');
  }
  keepWall(name: string, shared: boolean, wall: WantedWall): Promise<Result<KeptWall>> {
    return this.#json('PUT', wallAt(name, shared), wall);
  }
  forgetWall(name: string, shared: boolean): Promise<Result<unknown>> {
    return this.#json('DELETE', wallAt(name, shared));
  }

  /** A page of the sources, the newest first. */
  sources(cursor: string | null): Promise<Result<Page<LiveSource>>> {
    return this.#json('GET', `/api/v1/live/sources${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`);
  }
  addSource(body: NewSource): Promise<Result<SourceToken>> {
    return this.#json('POST', '/api/v1/live/sources', body);
  }
  newToken(source_id: string): Promise<Result<SourceToken>> {
    return this.#json('POST', `/api/v1/live/sources/${encodeURIComponent(source_id)}/token`);
  }
  /** The room fetches it from an RTSP server from now on; administrators only. */
  fetchSource(source_id: string, address: string): Promise<Result<unknown>> {
    return this.#json('PUT', `/api/v1/live/sources/${encodeURIComponent(source_id)}/pull`, { address });
  }
  stopFetching(source_id: string): Promise<Result<unknown>> {
    return this.#json('DELETE', `/api/v1/live/sources/${encodeURIComponent(source_id)}/pull`);
  }
  endSource(source_id: string): Promise<Result<unknown>> {
    return this.#json('DELETE', `/api/v1/live/sources/${encodeURIComponent(source_id)}`);
  }

  /** A page of the accounts by name, with what each may watch. */
  accounts(cursor: string | null): Promise<Result<Page<Account>>> {
    return this.#json('GET', `/api/v1/users${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`);
  }
  letWatch(user: string, watched: WatchedCameras): Promise<Result<WatchedCamerasOfUser>> {
    return this.#json('PUT', `/api/v1/users/${encodeURIComponent(user)}/cameras`, watched);
  }

  async #json<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Result<T>> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), type: 'application/json' };
    const answer = await this.#api.plain({ method, path, ...sent });
    if (!answer.ok) return answer;
    return { ok: true, data: (answer.data.status === 204 ? undefined : await answer.data.json()) as T };
  }
}
