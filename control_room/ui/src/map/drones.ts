import type { LastPosition } from '../api/types';
import { offset, type LatLon } from './geo';

export interface TailPoint extends LatLon {
  at: string;
}

/** A drone on the map: where it is, and the way that it came. */
export interface Drone {
  key: string;
  name: string;
  position: LastPosition;
  /** Oldest first; its last point is where the drone is. */
  tail: TailPoint[];
}

/** How long a way is drawn. */
export const TAIL_S = 300;
/** Farther apart than this, what lies between is not known: another flight, or a link that was lost for long. */
const GAP_S = 60;
/** Nearer than this a point adds nothing to the line. */
const STEP_M = 0.5;

const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

export function pointOf(position: LastPosition): TailPoint {
  return { at: position.at, lat: position.location.lat, lon: position.location.lon };
}

/** The way with what is newly known of it, in order of time: without what is too old, repeated, or before a gap. */
export function extended(tail: TailPoint[], known: TailPoint[]): TailPoint[] {
  const byTime = new Map([...tail, ...known].map((point) => [point.at, point]));
  const points = [...byTime.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const last = points.at(-1);
  if (!last) return [];
  const kept: TailPoint[] = [];
  for (const point of points) {
    if (secondsBetween(point.at, last.at) > TAIL_S) continue;
    const before = kept.at(-1);
    if (before && secondsBetween(before.at, point.at) > GAP_S) kept.length = 0;
    const { east_m, north_m } = before ? offset(before, point) : { east_m: STEP_M, north_m: STEP_M };
    if (kept.length === 0 || point === last || Math.hypot(east_m, north_m) >= STEP_M) kept.push(point);
  }
  return kept;
}

export function droneOf(position: LastPosition, tail: TailPoint[]): Drone {
  return {
    key: position.device_id,
    name: position.camera_name ?? position.name,
    position,
    tail: extended(tail, [pointOf(position)]),
  };
}

/**
 * Its link is lost, or nothing was heard of it for a while. Whether a device is online says an agent, whose camera flies
 * there: of one that is told of beside a live picture nobody says it.
 */
export function isSilent(position: LastPosition, now_ms: number): boolean {
  const isLost = position.camera_id !== null && !position.online;
  return isLost || now_ms - Date.parse(position.at) > 15_000;
}
