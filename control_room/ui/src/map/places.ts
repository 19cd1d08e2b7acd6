import type { Alert, Camera, CameraState, Place, Severity } from '../api/types';
import { SEVERITIES } from '../api/types';
import { matches } from '../feed/queue';
import { t } from '../i18n/i18n.svelte';
import { cameraKey } from '../stream/room.svelte';

/** A point on the map: cameras and waiting alerts that lie at one place. */
export interface Spot {
  key: string;
  place: Place;
  cameras: Camera[];
  /** The gravest first. */
  alerts: Alert[];
}

/** Nearer than this many decimals of a degree (about a metre) is one place. */
const DECIMALS = 5;

const keyOf = (place: Place): string => `${place.lat.toFixed(DECIMALS)} ${place.lon.toFixed(DECIMALS)}`;
const rank = (alert: Alert): number => SEVERITIES.indexOf(alert.severity);

/** What the map shows, the spots that need somebody first. An alert without a place lies at its camera. */
export function spotsOf(cameras: Iterable<Camera>, alerts: Iterable<Alert>): Spot[] {
  const spots = new Map<string, Spot>();
  const placeOfCamera = new Map<string, Place>();
  const spotAt = (place: Place): Spot => {
    const key = keyOf(place);
    const spot = spots.get(key) ?? { key, place, cameras: [], alerts: [] };
    spots.set(key, spot);
    return spot;
  };
  for (const camera of cameras) {
    if (!camera.location) continue;
    placeOfCamera.set(cameraKey(camera), camera.location);
    spotAt(camera.location).cameras.push(camera);
  }
  for (const alert of alerts) {
    const place = alert.location ?? placeOfCamera.get(cameraKey(alert));
    if (place && matches(alert, { view: 'queue', rule: '', camera: '' })) spotAt(place).alerts.push(alert);
  }
  for (const spot of spots.values()) {
    spot.alerts.sort((a, b) => rank(b) - rank(a) || b.opened_at.localeCompare(a.opened_at));
  }
  return [...spots.values()].sort(
    (a, b) => gravity(b) - gravity(a) || nameOf(a).localeCompare(nameOf(b)) || a.key.localeCompare(b.key),
  );
}

export function severityOf(spot: Spot): Severity | null {
  return spot.alerts[0]?.severity ?? null;
}

/** The state of a camera there that does not see; null where all do. */
export function troubleOf(spot: Spot): Exclude<CameraState, 'live'> | null {
  for (const { state } of spot.cameras) if (state !== 'live') return state;
  return null;
}

export function nameOf(spot: Spot): string {
  return (
    spot.cameras.map((camera) => camera.name).join(', ') ||
    (spot.alerts[0] ? (spot.alerts[0].camera_name ?? t('alert.from_flight')) : '')
  );
}

function gravity(spot: Spot): number {
  return spot.alerts[0] ? rank(spot.alerts[0]) : -1;
}

export interface Label {
  key: string;
  x: number;
  y: number;
  width: number;
}

const LABEL_HEIGHT_PX = 26;

/** Which labels can be shown without lying over one another; an earlier one goes before a later one. */
export function readable(labels: Label[]): Set<string> {
  const kept: Label[] = [];
  for (const label of labels) {
    const isFree = kept.every(
      (other) =>
        label.x + label.width < other.x ||
        other.x + other.width < label.x ||
        Math.abs(label.y - other.y) > LABEL_HEIGHT_PX,
    );
    if (isFree) kept.push(label);
  }
  return new Set(kept.map((label) => label.key));
}
