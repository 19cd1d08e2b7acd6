import { describe, expect, it } from 'vitest';

import { isIn, zonesOver, type Pack, type Ring } from './kept';

const square = (west: number, south: number, size: number): Ring => [
  [west, south],
  [west + size, south],
  [west + size, south + size],
  [west, south + size],
  [west, south],
];

function pack(...rings: Ring[]): Pack {
  const zones = rings.map((ring, number) => ({
    type: 'Feature' as const,
    geometry: { type: 'Polygon', coordinates: [ring] },
    properties: { identifier: String(number) },
  }));
  return { zones, permissions: [], height_limit_m: 120, datasets: [], packed_at: '2026-11-22T09:00:00Z' };
}

describe('zones without a network', () => {
  it('finds what lies around, within and across an area', () => {
    const area = square(1, 41, 0.1);
    const found = zonesOver(pack(square(0, 40, 3), square(1.04, 41.04, 0.01), square(1.05, 40.95, 0.1)), area);
    expect(found.map((zone) => zone.properties['identifier'])).toEqual(['0', '1', '2']);
  });
  it('leaves out what lies elsewhere', () => {
    expect(zonesOver(pack(square(2, 41, 0.1)), square(1, 41, 0.1))).toEqual([]);
    expect(zonesOver(pack(square(1, 41, 1)), [[1, 41]])).toEqual([]);
  });
  it('tells inside from outside', () => {
    expect(isIn(square(0, 0, 2), [1, 1])).toBe(true);
    expect(isIn(square(0, 0, 2), [3, 1])).toBe(false);
  });
});
