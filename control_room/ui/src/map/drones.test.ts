import { describe, expect, it } from 'vitest';

import type { LastPosition } from '../api/types';
import { droneOf, extended, isSilent, TAIL_S, type TailPoint } from './drones';

const START = Date.parse('2026-03-14T02:00:00Z');
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const point = (seconds: number, lat = 41 + seconds / 10_000): TailPoint => ({ at: at(seconds), lat, lon: 1.2 });

function lastOf(seconds: number, change: Partial<LastPosition> = {}): LastPosition {
  return {
    device_id: 'dron-1',
    name: 'Dron',
    camera_id: 'sota',
    camera_name: null,
    online: true,
    at: at(seconds),
    location: { lat: 41, lon: 1.2, accuracy_m: null },
    relative_altitude_m: 60,
    heading_deg: 90,
    speed_m_s: 4,
    gimbal_yaw_deg: 90,
    gimbal_pitch_deg: -60,
    view_deg: 70,
    hovers: false,
    footprint: [],
    ...change,
  };
}

describe('the way of a drone', () => {
  it('is in order of time, each moment once, whatever came first', () => {
    const way = extended([point(4), point(5)], [point(1), point(2), point(5), point(3)]);
    expect(way.map((one) => one.at)).toEqual([1, 2, 3, 4, 5].map(at));
  });

  it('loses what is old, and does not grow while the drone stands', () => {
    const old = extended([point(0), point(10)], [point(TAIL_S + 5, 41.2)]);
    expect(old.map((one) => one.at)).toEqual([at(TAIL_S + 5)]);
    const standing = Array.from({ length: 50 }, (_, index) => point(index, 41));
    expect(extended([], standing).length).toBe(2);
  });

  it('begins anew after a gap: nobody knows what lies between', () => {
    const way = extended([point(0), point(1)], [point(100), point(101)]);
    expect(way.map((one) => one.at)).toEqual([at(100), at(101)]);
  });

  it('ends where the drone is, and the drone is called by its camera', () => {
    const drone = droneOf(lastOf(9, { camera_name: 'Càmera del dron' }), [point(7), point(8)]);
    expect([drone.name, drone.tail.length, drone.tail.at(-1)?.at]).toEqual(['Càmera del dron', 3, at(9)]);
  });

  it('is of a silent drone once its link is lost or its last word is old', () => {
    expect(isSilent(lastOf(0), START + 5_000)).toBe(false);
    expect(isSilent(lastOf(0), START + 20_000)).toBe(true);
    expect(isSilent(lastOf(0, { online: false }), START)).toBe(true);
    const beside_video = { online: false, camera_id: null };
    expect(isSilent(lastOf(0, beside_video), START + 5_000)).toBe(false);
    expect(isSilent(lastOf(0, beside_video), START + 20_000)).toBe(true);
  });
});
