import { describe, expect, it } from 'vitest';

import type { Authorisation, LogItem } from '../flight_log/types';
import type { Site } from '../sites/calls';
import { cornersOf, placesOf } from './places';

const SQUARE = [
  [1.2, 41.1],
  [1.3, 41.1],
  [1.3, 41.2],
  [1.2, 41.1],
];

describe('areas that are known', () => {
  it('have each corner once', () => {
    expect(cornersOf({ type: 'Polygon', coordinates: [SQUARE] })).toEqual(SQUARE.slice(0, 3));
    expect(cornersOf({ type: 'MultiPolygon', coordinates: [[SQUARE]] })).toEqual(SQUARE.slice(0, 3));
  });

  it('are none where nothing was drawn', () => {
    for (const nothing of [null, {}, { type: 'Point', coordinates: [1, 2] }, { type: 'Polygon', coordinates: [['x']] }])
      expect(cornersOf(nothing)).toBeNull();
    expect(cornersOf({ type: 'Polygon', coordinates: [SQUARE.slice(0, 2)] })).toBeNull();
  });

  it('come from permissions, flights and sites', () => {
    const area = { type: 'Polygon', coordinates: [SQUARE] };
    const permissions = [
      { authorisation_id: 'a', reference: 'R-1', area },
      { authorisation_id: 'b', reference: 'R-2', area: null },
    ] as unknown as Authorisation[];
    const flights = [
      { flight_id: 'f', take_off_at: null, purpose: 'Vertidos', preflight: { begins: '2026-11-22T10:00:00Z', area } },
      { flight_id: 'g', take_off_at: null, purpose: null, preflight: {} },
    ] as unknown as LogItem[];
    const sites = [{ site_id: 's', name: 'Riu', lat: 41.1, lon: 1.2, ce90_m: 4 }] as unknown as Site[];
    const places = placesOf(permissions, flights, sites, (iso) => iso.slice(0, 10));
    expect(places.permissions.map((one) => one.name)).toEqual(['R-1']);
    expect(places.flights.map((one) => one.name)).toEqual(['2026-11-22 · Vertidos']);
    const lats = places.sites[0]?.corners.map(([, lat]) => lat) ?? [];
    expect((Math.max(...lats) - Math.min(...lats)) * 111_195).toBeCloseTo(200, -1);
  });
});
