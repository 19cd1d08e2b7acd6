import type { Alarm, Camera, Device } from '../api/types';
import { i18n } from '../i18n/i18n.svelte';
import { cameraKey, type Room } from '../stream/room.svelte';

/** What a device says is wrong with itself, in the reader's language. */
export function textOf(room: Room, device: Device, alarm: Alarm): string {
  const camera = room.cameras.get(cameraKey({ device_id: device.device_id, camera_id: alarm.subject }));
  return i18n.name('alarm', alarm.code, { ...alarm.parameters, subject: camera?.name ?? alarm.subject });
}

/** Those that concern one camera, which may well be live. */
export function alarmsOf(room: Room, camera: Camera): string[] {
  const device = room.devices.get(camera.device_id);
  if (!device?.online) return [];
  return device.alarms.filter((one) => one.subject === camera.camera_id).map((one) => textOf(room, device, one));
}
