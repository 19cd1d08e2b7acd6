/** What of a telephone's picture goes out. */
export interface Outgoing {
  at_ms: number;
  bytes: number;
  bits_s: number | null;
  width_px: number | null;
  height_px: number | null;
  fps: number | null;
}

type Entry = Record<string, unknown> & { type: string };
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

export function outgoingOf(entries: Entry[], at_ms: number, before: Outgoing | null): Outgoing | null {
  const video = entries.find((one) => one.type === 'outbound-rtp' && one['kind'] === 'video');
  if (!video) return null;
  const bytes = number(video['bytesSent']) ?? 0;
  const seconds = before ? (at_ms - before.at_ms) / 1000 : 0;
  // A new connection counts from nothing.
  const isSame = before !== null && seconds > 0 && bytes >= before.bytes;
  return {
    at_ms,
    bytes,
    bits_s: isSame ? (8 * (bytes - before.bytes)) / seconds : null,
    width_px: number(video['frameWidth']),
    height_px: number(video['frameHeight']),
    fps: number(video['framesPerSecond']),
  };
}
