import type { LastPosition } from '../api/types';

export type Unknown = 'height' | 'gimbal_pitch' | 'direction' | 'view';

/** What must be known before the ground that a drone films can be drawn, and is not. */
export function unknownOf(position: LastPosition): Unknown[] {
  const missing: [Unknown, boolean][] = [
    ['height', position.relative_altitude_m === null],
    ['gimbal_pitch', position.gimbal_pitch_deg === null],
    ['direction', position.gimbal_yaw_deg === null && position.heading_deg === null],
    ['view', position.view_deg === null],
  ];
  return missing.filter(([, isMissing]) => isMissing).map(([what]) => what);
}
