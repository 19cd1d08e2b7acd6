import type { Alert, AlertState } from '../api/types';
import { SEVERITIES } from '../api/types';
import { cameraKey } from '../stream/room.svelte';

/** What the feed lists: `queue` is what waits for a person, the others one state each. */
export const VIEWS = ['queue', 'new', 'acknowledged', 'shelved', 'closed'] as const;
export type View = (typeof VIEWS)[number];

export interface Filter {
  view: View;
  /** Empty: every rule. */
  rule: string;
  /** `device_id/camera_id`; empty: every camera. */
  camera: string;
}

const IN_VIEW: Record<View, readonly AlertState[]> = {
  queue: ['new', 'acknowledged'],
  new: ['new'],
  acknowledged: ['acknowledged'],
  shelved: ['shelved'],
  closed: ['closed'],
};
const RANK: Record<AlertState, number> = { new: 0, acknowledged: 1, shelved: 2, closed: 3 };

export function matches(alert: Alert, filter: Filter): boolean {
  return (
    IN_VIEW[filter.view].includes(alert.state) &&
    (filter.rule === '' || alert.rule === filter.rule) &&
    (filter.camera === '' || cameraKey(alert) === filter.camera)
  );
}

/** The order of work: what nobody has taken first, then the gravest, then the newest. */
export function compare(a: Alert, b: Alert): number {
  return (
    RANK[a.state] - RANK[b.state] ||
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
    b.opened_at.localeCompare(a.opened_at)
  );
}

export function isGrave(alert: Alert): boolean {
  return alert.severity === 'high' || alert.severity === 'critical';
}

/** The filter that an address bar's query says; anything it does not know is the default. */
export function filterOf(query: URLSearchParams): Filter {
  const view = query.get('state') as View | null;
  return {
    view: view && VIEWS.includes(view) ? view : 'queue',
    rule: query.get('rule') ?? '',
    camera: query.get('camera') ?? '',
  };
}

export function addressOf(filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.view !== 'queue') query.set('state', filter.view);
  if (filter.rule) query.set('rule', filter.rule);
  if (filter.camera) query.set('camera', filter.camera);
  const text = query.toString();
  return text ? `/?${text}` : '/';
}
