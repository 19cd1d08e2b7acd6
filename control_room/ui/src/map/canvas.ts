import type { FeatureCollection, LineString, Polygon } from 'geojson';
import { Map, setWorkerUrl, type GeoJSONSource, type StyleSpecification } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
// Without this MapLibre 6 looks for its worker beside the bundle, does not find it, and stays blank.
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';

import { circle, graticule, graticuleStep, type Bounds } from './geo';
import type { Drone } from './drones';
import type { Spot } from './places';

setWorkerUrl(workerUrl);

export interface Paper {
  ground: string;
  line: string;
  accuracy: string;
}

type Lines = FeatureCollection<LineString>;
type Areas = FeatureCollection<Polygon>;

const NO_LINES: Lines = { type: 'FeatureCollection', features: [] };
const NO_AREAS: Areas = { type: 'FeatureCollection', features: [] };
const GRATICULE_WIDTH_PX = 1;
const TAIL_WIDTH_PX = 2.5;
/** Fewer make no area. */
const CORNERS_MIN = 3;

/** Everything that MapLibre draws: ground, graticule and accuracy circles. No tile, glyph or sprite is ever asked for. */
function style(paper: Paper): StyleSpecification {
  return {
    version: 8,
    sources: {
      graticule: { type: 'geojson', data: NO_LINES },
      accuracy: { type: 'geojson', data: NO_AREAS },
      footprints: { type: 'geojson', data: NO_AREAS },
      tails: { type: 'geojson', data: NO_LINES },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': paper.ground } },
      {
        id: 'graticule',
        type: 'line',
        source: 'graticule',
        paint: { 'line-color': paper.line, 'line-width': GRATICULE_WIDTH_PX },
      },
      {
        id: 'accuracy',
        type: 'fill',
        source: 'accuracy',
        paint: { 'fill-color': paper.accuracy, 'fill-opacity': 0.12, 'fill-outline-color': paper.accuracy },
      },
      {
        id: 'footprints',
        type: 'fill',
        source: 'footprints',
        paint: { 'fill-color': paper.accuracy, 'fill-opacity': 0.08 },
      },
      {
        id: 'footprint-edges',
        type: 'line',
        source: 'footprints',
        paint: { 'line-color': paper.accuracy, 'line-width': TAIL_WIDTH_PX, 'line-dasharray': [2, 2] },
      },
      {
        id: 'tails',
        type: 'line',
        source: 'tails',
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': paper.accuracy, 'line-width': TAIL_WIDTH_PX },
      },
    ],
  };
}

/** The map itself. Throws where the browser has no WebGL. */
export function draw(container: HTMLElement, paper: Paper, centre: { lat: number; lon: number }, zoom: number): Map {
  return new Map({
    container,
    style: style(paper),
    center: [centre.lon, centre.lat],
    zoom,
    minZoom: 2,
    maxZoom: 21,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    keyboard: true,
  });
}

export function viewOf(map: Map): Bounds {
  const bounds = map.getBounds();
  return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
}

export function rule(map: Map): { step: number; meridians: number[]; parallels: number[] } {
  const bounds = viewOf(map);
  const step = graticuleStep(map.getZoom());
  const lines = graticule(bounds, step);
  const line = (from: [number, number], to: [number, number]): Lines['features'][number] => ({
    type: 'Feature',
    properties: {},
    geometry: { type: 'LineString', coordinates: [from, to] },
  });
  const features = [
    ...lines.meridians.map((lon) => line([lon, bounds.south], [lon, bounds.north])),
    ...lines.parallels.map((lat) => line([bounds.west, lat], [bounds.east, lat])),
  ];
  void map.getSource<GeoJSONSource>('graticule')?.setData({ type: 'FeatureCollection', features });
  return { step, ...lines };
}

export function encircle(map: Map, spots: Spot[]): void {
  const features = spots
    .filter((spot) => (spot.place.accuracy_m ?? 0) > 0)
    .map((spot): Areas['features'][number] => ({
      type: 'Feature',
      properties: {},
      geometry: { type: 'Polygon', coordinates: [circle(spot.place, spot.place.accuracy_m ?? 0)] },
    }));
  void map.getSource<GeoJSONSource>('accuracy')?.setData({ type: 'FeatureCollection', features });
}

/** The ways of drones, and the ground that their pictures show. */
export function fly(map: Map, drones: Drone[]): void {
  const tails = drones
    .filter((drone) => drone.tail.length > 1)
    .map((drone): Lines['features'][number] => ({
      type: 'Feature',
      properties: {},
      geometry: { type: 'LineString', coordinates: drone.tail.map((point) => [point.lon, point.lat]) },
    }));
  const footprints = drones
    .filter((drone) => drone.position.footprint.length >= CORNERS_MIN)
    .map((drone): Areas['features'][number] => {
      const corners = drone.position.footprint.map(([lat, lon]) => [lon, lat]);
      const ring = [...corners, ...corners.slice(0, 1)];
      return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } };
    });
  void map.getSource<GeoJSONSource>('tails')?.setData({ type: 'FeatureCollection', features: tails });
  void map.getSource<GeoJSONSource>('footprints')?.setData({ type: 'FeatureCollection', features: footprints });
}

export function repaint(map: Map, paper: Paper): void {
  map.setPaintProperty('ground', 'background-color', paper.ground);
  map.setPaintProperty('graticule', 'line-color', paper.line);
  map.setPaintProperty('accuracy', 'fill-color', paper.accuracy);
  map.setPaintProperty('accuracy', 'fill-outline-color', paper.accuracy);
  map.setPaintProperty('footprints', 'fill-color', paper.accuracy);
  map.setPaintProperty('footprint-edges', 'line-color', paper.accuracy);
  map.setPaintProperty('tails', 'line-color', paper.accuracy);
}
