import type { Camera, CameraState } from '../api/types';

/** What needs somebody comes first. */
const RANK: Record<CameraState, number> = { offline: 0, dark: 1, unknown: 2, live: 3 };

export function byNeed(language: string): (a: Camera, b: Camera) => number {
  return (a, b) =>
    RANK[a.state] - RANK[b.state] || a.name.localeCompare(b.name, language) || a.camera_id.localeCompare(b.camera_id);
}
