import type { Feature, FeatureCollection, Geometry } from 'geojson';
import type { GeoJSONSource, Map } from 'maplibre-gl';

import { circle, moved } from '../map/geo';
import type { Finding, Footprint } from './types';

/** What a flight's map shows beside the ground. */
export interface Drawn {
  /** [lon, lat] */
  track: [number, number][];
  /** Polygons of ground that was looked at, [lon, lat]. */
  coverage: [number, number][][][];
  footprint: Footprint | null;
  findings: Finding[];
  chosen: string | null;
}

export interface Colours {
  track: string;
  covered: string;
  candidate: string;
  confirmed: string;
  rejected: string;
}

const SOURCES = ['coverage', 'flight-track', 'footprint', 'errors'] as const;
const CORNERS = 48;

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features });
const feature = (geometry: Geometry, properties: Record<string, unknown> = {}): Feature => ({
  type: 'Feature',
  properties,
  geometry,
});

/** Adds what a flight needs to a map that has loaded. */
export function prepare(map: Map, colours: Colours): void {
  for (const id of SOURCES) map.addSource(id, { type: 'geojson', data: collection([]) });
  map.addLayer({
    id: 'coverage',
    type: 'fill',
    source: 'coverage',
    paint: { 'fill-color': colours.covered, 'fill-opacity': 0.1 },
  });
  map.addLayer({
    id: 'coverage-edge',
    type: 'line',
    source: 'coverage',
    paint: { 'line-color': colours.covered, 'line-opacity': 0.5, 'line-width': 1 },
  });
  map.addLayer({
    id: 'flight-track',
    type: 'line',
    source: 'flight-track',
    paint: { 'line-color': colours.track, 'line-width': 2.5 },
  });
  map.addLayer({
    id: 'footprint',
    type: 'line',
    source: 'footprint',
    paint: { 'line-color': colours.track, 'line-width': 2, 'line-dasharray': [2, 2] },
  });
  map.addLayer({
    id: 'errors',
    type: 'fill',
    source: 'errors',
    paint: { 'fill-color': ['get', 'colour'], 'fill-opacity': ['case', ['get', 'chosen'], 0.3, 0.12] },
  });
  map.addLayer({
    id: 'errors-edge',
    type: 'line',
    source: 'errors',
    paint: { 'line-color': ['get', 'colour'], 'line-width': ['case', ['get', 'chosen'], 2.5, 1.2] },
  });
}

export function show(map: Map, drawn: Drawn, colours: Colours): void {
  const set = (id: (typeof SOURCES)[number], features: Feature[]): void =>
    void map.getSource<GeoJSONSource>(id)?.setData(collection(features));
  set(
    'coverage',
    drawn.coverage.map((polygon) => feature({ type: 'Polygon', coordinates: polygon })),
  );
  set('flight-track', drawn.track.length > 1 ? [feature({ type: 'LineString', coordinates: drawn.track })] : []);
  set('footprint', drawn.footprint ? footprintOf(drawn.footprint) : []);
  set(
    'errors',
    drawn.findings
      .filter((one) => one.location)
      .map((one) =>
        feature(
          { type: 'Polygon', coordinates: [errorOf(one)] },
          { colour: colourOf(one, colours), chosen: one.finding_id === drawn.chosen },
        ),
      ),
  );
}

export function colourOf(finding: Finding, colours: Colours): string {
  if (finding.state === 'confirmed') return colours.confirmed;
  return finding.state === 'candidate' ? colours.candidate : colours.rejected;
}

function footprintOf(footprint: Footprint): Feature[] {
  const corners = footprint.corners.map(([lat, lon]): [number, number] => [lon, lat]);
  const first = corners[0];
  return first ? [feature({ type: 'LineString', coordinates: [...corners, first] })] : [];
}

/** The border of what holds the true place with 90 %, [lon, lat]. */
export function errorOf(finding: Finding): [number, number][] {
  const { location } = finding;
  if (!location) return [];
  const { ellipse } = location;
  if (!ellipse) return circle(location, location.ce90_m, CORNERS);
  const bearing = (ellipse.bearing_deg * Math.PI) / 180;
  return Array.from({ length: CORNERS + 1 }, (_, step) => {
    const angle = (2 * Math.PI * step) / CORNERS;
    const along = ellipse.semi_major_m * Math.cos(angle);
    const across = ellipse.semi_minor_m * Math.sin(angle);
    const east_m = along * Math.sin(bearing) + across * Math.cos(bearing);
    const north_m = along * Math.cos(bearing) - across * Math.sin(bearing);
    const there = moved(location, east_m, north_m);
    return [there.lon, there.lat];
  });
}
