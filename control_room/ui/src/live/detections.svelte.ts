/** What the agent sees in the pictures, drawn in time: each line of it names the picture in which it was seen. */

export const DETECTIONS_CHANNEL = 'detections';
/** Without a new line for so long what is drawn fades, and then goes. */
export const STALE_AFTER_MS = 1_000;
const FADES_MS = 300;
/** Of pictures that are longer past than this nothing is drawn: whoever was there is elsewhere. */
export const BEHIND_S_MAX = 2;
/** An analysis takes its time, and people walk on meanwhile: a box goes with its object, but no further than this. */
const AHEAD_S_MAX = 1;
/** More behind than this is said. */
const LATE_S = 0.5;
/** How far back one looks for how fast an object moves; a longer time than the first where there is nothing nearer. */
const PACE_OVER_S = 0.6;
const PACE_OVER_S_MIN = 0.15;
const PACE_OVER_S_MAX = 2;
const KEPT = 16;
const LINE_CHARACTERS_MAX = 8192;
const OBJECTS_MAX = 50;
const TICKS_A_SECOND = 90_000;
const TIMESTAMPS = 2 ** 32;
const SAID_EVERY_MS = 10_000;

export type Box = readonly [number, number, number, number];

export interface Detected {
  label: string;
  confidence: number;
  track_id: number;
  box: Box;
}

interface Line {
  rtp_timestamp: number;
  objects: Detected[];
  came_ms: number;
}

/** By how many seconds one picture is after another, by their RTP timestamps, which turn over. */
export function secondsAfter(one: number, other: number): number {
  const ticks = (((one - other) % TIMESTAMPS) + TIMESTAMPS) % TIMESTAMPS;
  return (ticks < TIMESTAMPS / 2 ? ticks : ticks - TIMESTAMPS) / TICKS_A_SECOND;
}

const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;

function isDetected(value: unknown): value is Detected {
  if (typeof value !== 'object' || value === null) return false;
  const { label, confidence, track_id, box } = value as Record<string, unknown>;
  const isBox = Array.isArray(box) && box.length === 4 && box.every(isShare);
  return isBox && typeof label === 'string' && isShare(confidence) && Number.isInteger(track_id);
}

/** A line as the room passes it on; null: it is none. */
export function lineOf(content: unknown, came_ms: number): Line | null {
  if (typeof content !== 'string' || content.length > LINE_CHARACTERS_MAX) return null;
  let read: unknown;
  try {
    read = JSON.parse(content);
  } catch {
    return null;
  }
  if (typeof read !== 'object' || read === null) return null;
  const { rtp_timestamp, objects } = read as Record<string, unknown>;
  if (!Number.isInteger(rtp_timestamp) || !Array.isArray(objects) || objects.length > OBJECTS_MAX) return null;
  if (!objects.every(isDetected)) return null;
  return { rtp_timestamp: rtp_timestamp as number, objects: objects, came_ms };
}

/** The newest line whose picture has been shown; where the browser does not say which that is, the newest. */
function due(lines: readonly Line[], picture: number | null): Line | null {
  if (picture === null) return lines.at(-1) ?? null;
  return lines.findLast((line) => secondsAfter(picture, line.rtp_timestamp) >= 0) ?? null;
}

/** Where an object was a while ago, and how long ago that was. */
function before(object: Detected, line: Line, lines: readonly Line[]): { box: Box; ago_s: number } | null {
  let found: { box: Box; ago_s: number } | null = null;
  for (const one of lines) {
    const ago_s = secondsAfter(line.rtp_timestamp, one.rtp_timestamp);
    const box = one.objects.find(({ track_id }) => track_id === object.track_id)?.box;
    if (!box || ago_s < PACE_OVER_S_MIN || ago_s > PACE_OVER_S_MAX) continue;
    if (!found || Math.abs(ago_s - PACE_OVER_S) < Math.abs(found.ago_s - PACE_OVER_S)) found = { box, ago_s };
  }
  return found;
}

/** Where an object is by now that went on as it did before. */
function movedOn(object: Detected, line: Line, lines: readonly Line[], ahead_s: number): Box {
  const then = before(object, line, lines);
  const [x1, y1, x2, y2] = object.box;
  if (!then || ahead_s <= 0) return object.box;
  const share = Math.min(ahead_s, AHEAD_S_MAX) / then.ago_s;
  const across = (share * (x1 + x2 - then.box[0] - then.box[2])) / 2;
  const down = (share * (y1 + y2 - then.box[1] - then.box[3])) / 2;
  return [x1 + across, y1 + down, x2 + across, y2 + down];
}

export class Detections {
  drawn: readonly Detected[] = $state.raw([]);
  isFading = $state(false);
  /** How many of each label, told no more often than one can listen to; in the order of their number. */
  counted: readonly (readonly [label: string, count: number])[] = $state.raw([]);
  /** How far the picture of the newest drawn line is behind the one on the screen; null: nothing is drawn, or not known. */
  behind_s: number | null = $state(null);
  /** As it is said, in half seconds: a busy agent looks at its pictures late; null: it is in time. */
  late_s: number | null = $state(null);
  readonly #steady: () => number;
  #lines: Line[] = [];
  #picture: number | null = null;
  #isWanted = true;
  #channel: RTCDataChannel | null = null;
  #said_ms = -Infinity;

  constructor(steady: () => number) {
    this.#steady = steady;
  }

  /** Asks for lines with the offer that this connection is about to make. */
  ask(peer: RTCPeerConnection): void {
    this.clear();
    const channel = peer.createDataChannel(DETECTIONS_CHANNEL, { ordered: false, maxRetransmits: 0 });
    this.#channel = channel;
    channel.addEventListener('open', () => {
      if (!this.#isWanted) this.#tell();
    });
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (channel === this.#channel) this.take(data);
    });
  }

  /** Whether anybody looks: while nobody does, none are sent. */
  want(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    if (!isWanted) this.clear();
    this.#tell();
  }

  #tell(): void {
    if (this.#channel?.readyState === 'open') this.#channel.send(JSON.stringify({ wanted: this.#isWanted }));
  }

  take(content: unknown): void {
    const line = lineOf(content, this.#steady());
    if (!line || !this.#isWanted) return;
    const newest = this.#lines.at(-1);
    if (newest && secondsAfter(line.rtp_timestamp, newest.rtp_timestamp) <= 0) {
      // A stream that was opened anew may count anew; what merely came out of its order is let go.
      if (line.came_ms - newest.came_ms < STALE_AFTER_MS) return;
      this.#lines = [];
    }
    this.#lines = [...this.#lines.slice(1 - KEPT), line];
    this.#draw();
  }

  /** A picture is on the screen. */
  presented(rtpTimestamp: number | undefined): void {
    this.#picture = rtpTimestamp ?? null;
    if (this.#lines.length > 0) this.#draw();
  }

  /** Looks at the clock, also while no pictures come. */
  tick(): void {
    if (this.#lines.length > 0) this.#draw();
    this.late_s = this.behind_s !== null && this.behind_s > LATE_S ? Math.round(2 * this.behind_s) / 2 : null;
    this.#count();
  }

  clear(): void {
    this.#lines = [];
    this.#picture = null;
    this.#draw();
  }

  #draw(): void {
    const newest = this.#lines.at(-1);
    const age_ms = newest ? this.#steady() - newest.came_ms : Infinity;
    if (age_ms > STALE_AFTER_MS + FADES_MS) this.#lines = [];
    const line = due(this.#lines, this.#picture);
    const behind_s = line && this.#picture !== null ? secondsAfter(this.#picture, line.rtp_timestamp) : null;
    const drawn = line && (behind_s ?? 0) <= BEHIND_S_MAX ? line.objects : [];
    this.behind_s = drawn.length > 0 ? behind_s : null;
    this.isFading = drawn.length > 0 && age_ms > STALE_AFTER_MS;
    if (drawn.length === 0 && this.drawn.length === 0) return;
    this.drawn = line ? drawn.map((one) => ({ ...one, box: movedOn(one, line, this.#lines, behind_s ?? 0) })) : [];
  }

  #count(): void {
    const now = this.#steady();
    if (now - this.#said_ms < SAID_EVERY_MS) return;
    const counts = new Map<string, number>();
    for (const { label } of this.drawn) counts.set(label, (counts.get(label) ?? 0) + 1);
    const counted = [...counts].sort(([one, some], [other, others]) => others - some || one.localeCompare(other));
    if (JSON.stringify(counted) === JSON.stringify(this.counted)) return;
    this.counted = counted;
    this.#said_ms = now;
  }
}
