import type { Authorisation, LogItem } from '../flight_log/types';
import { circle } from '../map/geo';
import type { Site } from '../sites/calls';
import type { Ring } from './kept';

/** An area that somebody drew before, or that lies around a known place. */
export interface Place {
  key: string;
  name: string;
  /** Its corners, each once. */
  corners: Ring;
}
export interface Places {
  permissions: Place[];
  flights: Place[];
  sites: Place[];
}

const AROUND_M = 100;
const AROUND_ERRORS = 3;
const CORNERS_MIN = 3;

/** The outer corners of a GeoJSON Polygon, or of the first of a MultiPolygon; null: it is none. */
export function cornersOf(area: unknown): Ring | null {
  const { type, coordinates } = (area ?? {}) as { type?: unknown; coordinates?: unknown };
  if (!Array.isArray(coordinates)) return null;
  const rings: unknown = type === 'MultiPolygon' ? coordinates[0] : type === 'Polygon' ? coordinates : null;
  const ring: unknown = Array.isArray(rings) ? rings[0] : null;
  if (!Array.isArray(ring)) return null;
  const corners: Ring = [];
  for (const position of ring as unknown[]) {
    const [lon, lat] = Array.isArray(position) ? (position as unknown[]) : [];
    if (typeof lon !== 'number' || typeof lat !== 'number') return null;
    corners.push([lon, lat]);
  }
  const [first, last] = [corners[0], corners.at(-1)];
  if (first && last && corners.length > 1 && first[0] === last[0] && first[1] === last[1]) corners.pop();
  return corners.length < CORNERS_MIN ? null : corners;
}

function areas<T>(
  items: readonly T[],
  key: (one: T) => string,
  name: (one: T) => string,
  area: (one: T) => unknown,
): Place[] {
  return items.flatMap((one) => {
    const corners = cornersOf(area(one));
    return corners ? [{ key: key(one), name: name(one), corners }] : [];
  });
}

const planned = (one: LogItem): Record<string, unknown> => one.preflight;
/** A time in words, a text as it is, nothing of what was not said. */
const said =
  (time: (iso: string) => string) =>
  (value: unknown, index: number): string[] =>
    typeof value === 'string' && value ? [index === 0 ? time(value) : value] : [];

/** What can be chosen from, the newest as the room gives them; `time` puts a flight's time into words. */
export function placesOf(
  permissions: readonly Authorisation[],
  flights: readonly LogItem[],
  sites: readonly Site[],
  time: (iso: string) => string,
): Places {
  return {
    permissions: areas(
      permissions,
      (one) => one.authorisation_id,
      (one) => one.reference,
      (one) => one.area,
    ),
    flights: areas(
      flights,
      (one) => one.flight_id,
      (one) => [one.take_off_at ?? planned(one)['begins'], one.purpose].flatMap(said(time)).join(' · '),
      (one) => planned(one)['area'],
    ),
    sites: sites.map((one) => ({
      key: one.site_id,
      name: one.name,
      corners: circle(one, Math.max(AROUND_M, AROUND_ERRORS * one.ce90_m)).slice(0, -1),
    })),
  };
}
