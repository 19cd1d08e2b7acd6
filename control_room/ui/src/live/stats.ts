/** What the statistics of a connection say, in the words of a person who looks after cameras. */

/** One look at the counters of getStats(). */
export interface Sample {
  at_ms: number;
  codec: string | null;
  width_px: number | null;
  height_px: number | null;
  fps: number | null;
  bytes: number;
  packets: number;
  lost: number;
  received: number;
  decoded: number;
  dropped: number;
  freezes: number;
  jitter_s: number | null;
  round_trip_s: number | null;
  /** Seconds that a frame waited in the buffer, summed over `emitted` frames. */
  waited_s: number;
  emitted: number;
}

export interface LiveStats {
  codec: string | null;
  width_px: number | null;
  height_px: number | null;
  fps: number | null;
  bits_s: number | null;
  /** 0..1, since the last look. */
  lost: number | null;
  jitter_s: number | null;
  round_trip_s: number | null;
  buffer_s: number | null;
  dropped: number;
  freezes: number;
}

type Entry = Record<string, unknown> & { type: string };

const number = (entry: Entry | undefined, name: string): number | null =>
  typeof entry?.[name] === 'number' ? entry[name] : null;

/** From a report of getStats(): any iterable of its entries. */
export function sampleOf(entries: Iterable<Entry>, at_ms: number): Sample | null {
  const all = [...entries];
  const video = all.find((one) => one.type === 'inbound-rtp' && one['kind'] === 'video');
  if (!video) return null;
  const codec = all.find((one) => one.type === 'codec' && one['id'] === video['codecId']);
  const pair = all.find((one) => one.type === 'candidate-pair' && one['nominated'] === true);
  const mime = typeof codec?.['mimeType'] === 'string' ? codec['mimeType'] : null;
  return {
    at_ms,
    codec: mime?.replace(/^video\//, '') ?? null,
    width_px: number(video, 'frameWidth'),
    height_px: number(video, 'frameHeight'),
    fps: number(video, 'framesPerSecond'),
    bytes: number(video, 'bytesReceived') ?? 0,
    packets: number(video, 'packetsReceived') ?? 0,
    lost: number(video, 'packetsLost') ?? 0,
    received: number(video, 'framesReceived') ?? 0,
    decoded: number(video, 'framesDecoded') ?? 0,
    dropped: number(video, 'framesDropped') ?? 0,
    freezes: number(video, 'freezeCount') ?? 0,
    jitter_s: number(video, 'jitter'),
    round_trip_s: number(pair, 'currentRoundTripTime'),
    waited_s: number(video, 'jitterBufferDelay') ?? 0,
    emitted: number(video, 'jitterBufferEmittedCount') ?? 0,
  };
}

const share = (part: number, whole: number): number | null => (whole > 0 ? Math.max(0, part) / whole : null);

/** Between two looks; of the first alone no rate can be said. */
export function statsOf(now: Sample, before: Sample | null): LiveStats {
  const seconds = before ? (now.at_ms - before.at_ms) / 1000 : 0;
  const since = before ?? { lost: 0, packets: 0, waited_s: 0, emitted: 0 };
  const lost = now.lost - since.lost;
  return {
    codec: now.codec,
    width_px: now.width_px,
    height_px: now.height_px,
    fps: now.fps ?? (before && seconds > 0 ? (now.decoded - before.decoded) / seconds : null),
    bits_s: before && seconds > 0 ? (8 * (now.bytes - before.bytes)) / seconds : null,
    lost: share(lost, lost + now.packets - since.packets),
    jitter_s: now.jitter_s,
    round_trip_s: now.round_trip_s,
    buffer_s: share(now.waited_s - since.waited_s, now.emitted - since.emitted),
    dropped: now.dropped,
    freezes: now.freezes,
  };
}

/** Pictures come and none can be shown: a codec that was agreed on and cannot be decoded is silent otherwise. */
export const isUndecodable = (sample: Sample): boolean => sample.received > 50 && sample.decoded === 0;
