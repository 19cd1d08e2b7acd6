import type { Alert } from '../api/types';

/** A box drawn over a live picture: where an open alert's object was when the alert told it. */
export interface DrawnBox {
  key: string;
  at: string;
  box: [number, number, number, number];
}

/** Of the open alerts of a camera that are not over, the newest first. */
export function boxesOf(alerts: Iterable<Alert>, camera: { device_id: string; camera_id: string }): DrawnBox[] {
  return [...alerts]
    .filter((alert) => alert.device_id === camera.device_id && alert.camera_id === camera.camera_id)
    .filter((alert) => alert.state !== 'closed' && alert.over_since === null)
    .sort((a, b) => b.opened_at.localeCompare(a.opened_at))
    .flatMap((alert) =>
      alert.objects.map(({ box }, index) => ({
        key: `${alert.alert_id}/${String(index)}`,
        at: alert.opened_at,
        box: box,
      })),
    );
}
