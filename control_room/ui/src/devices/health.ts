import type { RegisteredDevice } from '../api/types';
import { i18n, t } from '../i18n/i18n.svelte';

/** A clock within this many seconds of the room's is on time. */
const ON_TIME_S = 2;
/** Measurements come each minute or oftener; older ones say how the device was, not how it is. */
export const STALE_S = 300;
/** Small computers slow themselves down from about here. */
const HOT_C = 80;
/** A device renews when a third of 90 days is left; with less than this it does not manage to. */
const SOON_MS = 14 * 24 * 3600 * 1000;

export function isOff(device: Pick<RegisteredDevice, 'clock_offset_s'>): boolean {
  return Math.abs(device.clock_offset_s ?? 0) > ON_TIME_S;
}

export function isHot(device: Pick<RegisteredDevice, 'temperature_c'>): boolean {
  return (device.temperature_c ?? 0) >= HOT_C;
}

export function clockOf(device: Pick<RegisteredDevice, 'clock_offset_s'>): string {
  const offset_s = device.clock_offset_s;
  if (offset_s === null) return t('app.none');
  if (!isOff(device)) return t('device.clock_ok');
  return t(offset_s > 0 ? 'device.clock_ahead' : 'device.clock_behind', { age: i18n.span(Math.abs(offset_s)) });
}

export function certificateOf(
  device: Pick<RegisteredDevice, 'certificate_expires_at'>,
  now_ms: number,
): { text: string; isLate: boolean } {
  if (device.certificate_expires_at === null) return { text: t('registry.not_enrolled'), isLate: false };
  const left_ms = Date.parse(device.certificate_expires_at) - now_ms;
  const date = i18n.full(device.certificate_expires_at);
  if (left_ms <= 0) return { text: t('registry.expired', { date }), isLate: true };
  if (left_ms < SOON_MS) return { text: t('registry.expires_soon', { date }), isLate: true };
  return { text: date, isLate: false };
}
