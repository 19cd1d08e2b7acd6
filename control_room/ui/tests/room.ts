/** A room for the tests: items as the server gives them, and an HTTP side that answers what a test says. */
import type { EventStream } from '../src/stream/source';
import { App } from '../src/app.svelte';
import type { Alert, AlertDetail, Camera, Device, Snapshot } from '../src/api/types';

export const NOW = Date.parse('2026-03-14T02:00:00Z');

export function alertOf(number: number, change: Partial<Alert> = {}): Alert {
  const opened_at = new Date(NOW - number * 60_000).toISOString();
  return {
    alert_id: `alert-${String(number)}`,
    event_id: `event-${String(number)}`,
    rule: 'illegal_dumping',
    camera_id: 'placa',
    camera_name: 'Plaça Major',
    device_id: 'caixa-1',
    severity: 'medium',
    state: 'new',
    version: 1,
    opened_at,
    received_at: opened_at,
    over_since: null,
    shelved_until: null,
    close_reason: null,
    confidence: 0.9,
    zone: null,
    location: { lat: 41.1, lon: 1.2, accuracy_m: 5 },
    time_fault: null,
    staged: false,
    snapshot_url: `/api/v1/evidence/snapshot-${String(number)}`,
    snapshot_annotated_url: `/api/v1/evidence/annotated-${String(number)}`,
    clip_url: null,
    objects: [{ role: 'thing', label: 'unknown', track_id: null, confidence: 0.9, box: [0.1, 0.2, 0.3, 0.4] }],
    ...change,
  };
}

export function detailOf(alert: Alert, change: Partial<AlertDetail> = {}): AlertDetail {
  return { ...alert, evidence: [], history: [], attributes: {}, model: null, traces: [], ...change };
}

export function cameraOf(camera_id: string, change: Partial<Camera> = {}): Camera {
  return {
    camera_id,
    device_id: 'caixa-1',
    name: camera_id,
    state: 'live',
    reason: null,
    since: null,
    location: { lat: 41.1, lon: 1.2, accuracy_m: 5 },
    purpose: null,
    legal_regime: null,
    staged: false,
    last_frame_at: null,
    ...change,
  };
}

export const DEVICE: Device = {
  device_id: 'caixa-1',
  name: 'Armari',
  online: true,
  last_seen: null,
  version: '0.1.0',
  clock_offset_s: 0,
  pending: 0,
  alarms: [],
};

export function snapshotOf(alerts: Alert[], cameras: Camera[] = [cameraOf('placa')]): Snapshot {
  return { alerts, cameras, devices: [DEVICE], positions: [] };
}

export interface Sent {
  method: string;
  path: string;
  body: unknown;
  csrf: string | null;
}

type Answer = (sent: Sent) => { status?: number; body?: unknown; headers?: Record<string, string> } | undefined;

/** `fetch` that answers with `answer`, 404 where it says nothing, and keeps what was sent. */
export function fetchWith(answer: Answer): { fetch: typeof fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetcher = async (input: RequestInfo | URL): Promise<Response> => {
    const request = input as Request;
    const url = new URL(request.url);
    const text = await request.text();
    const one: Sent = {
      method: request.method,
      path: url.pathname + url.search,
      body: text ? (JSON.parse(text) as unknown) : undefined,
      csrf: request.headers.get('X-CSRF-Token'),
    };
    sent.push(one);
    const { status = 200, body, headers = {} } = answer(one) ?? { status: 404, body: { title: 'Not Found' } };
    return new Response(status === 204 ? null : JSON.stringify(body), {
      status,
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  };
  return { fetch: fetcher, sent };
}

/** A server-sent-event connection that the test speaks on. */
export class Line implements EventStream {
  readonly address: string;
  isClosed = false;
  onerror: ((event: Event) => void) | null = null;
  readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(address: string) {
    this.address = address;
  }

  addEventListener(kind: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(kind, listener);
  }

  close(): void {
    this.isClosed = true;
  }

  say(kind: string, data: unknown, lastEventId = ''): void {
    this.#listeners.get(kind)?.(new MessageEvent(kind, { data: JSON.stringify(data), lastEventId }));
  }

  fail(): void {
    this.onerror?.(new Event('error'));
  }
}

/** The whole page's state over a room that answers with `answer`. */
export function appWith(answer: Answer): { app: App; sent: Sent[]; lines: Line[] } {
  const { fetch: fetcher, sent } = fetchWith(answer);
  const lines: Line[] = [];
  window.history.replaceState(null, '', '/');
  localStorage.clear();
  const app = new App({
    page: window,
    fetch: fetcher,
    openStream: (address) => {
      const line = new Line(address);
      lines.push(line);
      return line;
    },
    storage: localStorage,
    schedule: (flush) => flush(),
    now: () => NOW,
    makePeer: () => {
      throw new Error('no live video in this test');
    },
  });
  return { app, sent, lines };
}
