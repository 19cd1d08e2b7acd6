import { i18n, t } from '../i18n/i18n.svelte';

export interface LatLon {
  lat: number;
  lon: number;
}

/** Metres of one degree of latitude; of longitude times cos(lat). Good to 0.5 % over a town. */
const METRES_PER_DEGREE = 111_320;
/** Metres a pixel at the equator at zoom 0 with 512 px tiles, as MapLibre counts zooms. */
const EQUATOR_METRES_PER_PX = 40_075_016.686 / 512;

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** `41,11870, 1,24540` in the person's own number format; 5 decimals are about a metre. */
export function position(place: LatLon): string {
  const format = new Intl.NumberFormat(i18n.language, { minimumFractionDigits: 5, maximumFractionDigits: 5 });
  return t('map.position', { lat: format.format(place.lat), lon: format.format(place.lon) });
}

export function metresPerPx(lat: number, zoom: number): number {
  return (EQUATOR_METRES_PER_PX * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;
}

/** The largest 1, 2 or 5 times a power of ten that is not over `value`. */
export function niceBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}

/** Length in metres and in pixels of a scale bar at most `most_px` wide. */
export function scaleBar(lat: number, zoom: number, most_px: number): { metres: number; px: number } {
  const perPx = metresPerPx(lat, zoom);
  const metres = niceBelow(most_px * perPx);
  return { metres, px: metres / perPx };
}

/** The step in degrees of a graticule whose lines are at most `apart_px` apart. */
export function graticuleStep(zoom: number, apart_px = 220): number {
  return Math.min(30, niceBelow((apart_px * 360) / (512 * 2 ** zoom)));
}

export interface Bounds {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** The meridians and parallels of a graticule that cross `bounds`, in degrees. */
export function graticule(bounds: Bounds, step: number): { meridians: number[]; parallels: number[] } {
  const lines = (from: number, to: number): number[] => {
    const first = Math.ceil(from / step);
    const count = Math.min(200, Math.floor(to / step) - first + 1);
    return Array.from({ length: Math.max(0, count) }, (_, index) => round((first + index) * step, 9));
  };
  const south = Math.max(-85, bounds.south);
  const north = Math.min(85, bounds.north);
  return { meridians: lines(bounds.west, bounds.east), parallels: lines(south, north) };
}

/** A circle on the ground as a ring of [lon, lat], closed. */
export function circle(centre: LatLon, radius_m: number, corners = 48): [number, number][] {
  const lat = radius_m / METRES_PER_DEGREE;
  const lon = lat / Math.cos((centre.lat * Math.PI) / 180);
  return Array.from({ length: corners + 1 }, (_, index): [number, number] => {
    const angle = (2 * Math.PI * index) / corners;
    return [centre.lon + lon * Math.cos(angle), centre.lat + lat * Math.sin(angle)];
  });
}

/** The place so far from another. */
export function moved(from: LatLon, east_m: number, north_m: number): LatLon {
  const lat = from.lat + north_m / METRES_PER_DEGREE;
  return { lat, lon: from.lon + east_m / (METRES_PER_DEGREE * Math.cos((from.lat * Math.PI) / 180)) };
}

/** Where the diagonals of four corners cross: of a picture's corners, what is in its middle. Null where they do not. */
export function crossing(corners: readonly (readonly [number, number])[]): LatLon | null {
  const [a, b, c, d] = corners;
  if (!a || !b || !c || !d) return null;
  const [along, beside] = [
    [c[0] - a[0], c[1] - a[1]],
    [d[0] - b[0], d[1] - b[1]],
  ] as const;
  const turn = along[0] * beside[1] - along[1] * beside[0];
  if (turn === 0) return null;
  const share = ((b[0] - a[0]) * beside[1] - (b[1] - a[1]) * beside[0]) / turn;
  return { lat: a[0] + share * along[0], lon: a[1] + share * along[1] };
}

/** Metres east and north of `origin`, for a plan of a few kilometres. */
export function offset(origin: LatLon, place: LatLon): { east_m: number; north_m: number } {
  return {
    east_m: (place.lon - origin.lon) * METRES_PER_DEGREE * Math.cos((origin.lat * Math.PI) / 180),
    north_m: (place.lat - origin.lat) * METRES_PER_DEGREE,
  };
}

/** The smallest bounds of `places`, grown by `margin_m`; null where there is none. */
export function boundsOf(places: LatLon[], margin_m: number): Bounds | null {
  if (places.length === 0) return null;
  const lats = places.map((place) => place.lat);
  const lons = places.map((place) => place.lon);
  const lat = margin_m / METRES_PER_DEGREE;
  const lon = lat / Math.cos((Math.max(...lats.map(Math.abs)) * Math.PI) / 180);
  return {
    west: Math.min(...lons) - lon,
    south: Math.min(...lats) - lat,
    east: Math.max(...lons) + lon,
    north: Math.max(...lats) + lat,
  };
}
