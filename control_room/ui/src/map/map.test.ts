import { describe, expect, it } from 'vitest';

import { alertOf, cameraOf } from '../../tests/room';
import { boundsOf, circle, crossing, graticule, graticuleStep, offset, position, scaleBar } from './geo';
import { towards } from './following';
import { nameOf, readable, severityOf, spotsOf, troubleOf } from './places';

const TOWN = { lat: 41.118, lon: 1.245 };

describe('the ground', () => {
  it('has a scale bar of a round length that is right to a percent', () => {
    const bar = scaleBar(41.118, 15, 140);
    expect(bar.metres).toBe(200);
    // One degree of longitude there is 83.86 km; at zoom 15 the world is 512 * 2^15 px wide.
    const px = (200 / 83_860) * ((512 * 2 ** 15) / 360);
    expect(Math.abs(bar.px / px - 1)).toBeLessThan(0.01);
  });

  it('has a graticule of round steps, whose lines all lie in the view', () => {
    expect(graticuleStep(15)).toBe(0.002);
    expect(graticule({ west: 1.2411, south: 41.1171, east: 1.2462, north: 41.1195 }, 0.002)).toEqual({
      meridians: [1.242, 1.244, 1.246],
      parallels: [41.118],
    });
  });

  it('draws circles of their radius', () => {
    for (const [lon, lat] of circle(TOWN, 100, 8)) {
      const { east_m, north_m } = offset(TOWN, { lat, lon });
      expect(Math.hypot(east_m, north_m)).toBeCloseTo(100, 3);
    }
  });

  it('has what is in the middle of a picture where the diagonals of its corners cross', () => {
    // Narrow below, wide above: the middle of what is seen lies nearer to the camera than half way.
    const corners = [
      [4, -3],
      [4, 3],
      [1, 1],
      [1, -1],
    ] as const;
    expect(crossing(corners)).toEqual({ lat: 1.75, lon: 0 });
    expect(crossing(corners.slice(0, 3))).toBeNull();
    expect(crossing([corners[0], corners[0], corners[0], corners[0]])).toBeNull();
  });

  it('shows everything with a margin, and nothing as nothing', () => {
    expect(boundsOf([], 100)).toBeNull();
    const bounds = boundsOf([TOWN], 111.32);
    expect(bounds?.north).toBeCloseTo(41.119, 6);
    expect(bounds?.west).toBeLessThan(1.244);
  });

  it("writes a place in the person's numbers", () => {
    expect(position(TOWN)).toBe('41,11800; 1,24500');
  });
});

describe('the places', () => {
  const camera = cameraOf('placa', { name: 'Plaça', location: { ...TOWN, accuracy_m: 5 } });
  const other = cameraOf('riera', {
    name: 'Riera',
    location: { lat: 41.2, lon: 1.3, accuracy_m: null },
    state: 'dark',
  });

  it('join a camera and its alerts, the gravest first, and leave out what is closed', () => {
    const spots = spotsOf(
      [other, camera, cameraOf('nowhere', { location: null })],
      [
        alertOf(1, { severity: 'low', location: camera.location }),
        alertOf(2, { severity: 'critical', location: null }),
        alertOf(3, { state: 'closed', close_reason: 'test' }),
      ],
    );
    expect(spots.map((spot) => [nameOf(spot), severityOf(spot), troubleOf(spot)])).toEqual([
      ['Plaça', 'critical', null],
      ['Riera', null, 'dark'],
    ]);
    expect(spots[0]?.alerts.map((alert) => alert.alert_id)).toEqual(['alert-2', 'alert-1']);
  });

  it('hide the label that would lie over an earlier one', () => {
    const shown = readable([
      { key: 'a', x: 0, y: 0, width: 100 },
      { key: 'b', x: 50, y: 10, width: 100 },
      { key: 'c', x: 50, y: 60, width: 100 },
    ]);
    expect([...shown]).toEqual(['a', 'c']);
  });
});

describe('a map that follows', () => {
  it('stays while all is in it, moves no farther than it must, and is drawn smaller only where it has to be', () => {
    const [width, height] = [400, 300];
    expect(
      towards(
        [
          { x: 40, y: 30 },
          { x: 360, y: 270 },
        ],
        width,
        height,
      ),
    ).toBe('stay');
    expect(
      towards(
        [
          { x: 380, y: 150 },
          { x: 300, y: 100 },
        ],
        width,
        height,
      ),
    ).toEqual({ x: 340, y: 125 });
    expect(
      towards(
        [
          { x: 10, y: 150 },
          { x: 395, y: 150 },
        ],
        width,
        height,
      ),
    ).toBe('smaller');
    expect(
      towards(
        [
          { x: 200, y: -10 },
          { x: 200, y: 290 },
        ],
        width,
        height,
      ),
    ).toBe('smaller');
    expect(towards([], width, height)).toBe('stay');
  });
});
