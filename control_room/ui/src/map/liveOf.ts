import type { Target } from '../live/targets';
import type { LiveItem } from '../live/types';
import type { Drone } from './drones';
import type { Spot } from './places';

type Offered = ReadonlyMap<string, LiveItem>;

/** What a drone films: the source whose positions are its own, or its own camera; null where neither may be watched. */
export function liveOfDrone({ key, position }: Drone, offered: Offered): Target | null {
  const source = [...offered.values()].find((item) => item.source_id !== null && item.device_id === key);
  if (source?.source_id) return { kind: 'source', source_id: source.source_id };
  const { camera_id } = position;
  if (camera_id === null || !offered.has(`camera/${key}/${camera_id}`)) return null;
  return { kind: 'camera', device_id: key, camera_id };
}

/** The camera that stands there, or the one that told of the alert there. */
export function liveOfSpot({ cameras, alerts }: Spot, offered: Offered): Target | null {
  for (const { device_id, camera_id } of [...cameras, ...alerts]) {
    if (camera_id !== null && offered.has(`camera/${device_id}/${camera_id}`)) {
      return { kind: 'camera', device_id, camera_id };
    }
  }
  return null;
}
