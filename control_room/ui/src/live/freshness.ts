/** How old the picture on the screen is, and what may be said of it: a frozen picture must never look live. */

/** Older than this a picture is veiled, whatever the connection says of itself. */
export const STALE_AFTER_S = 2;
/** A connection that has brought nothing for so long is given up and opened anew. */
export const GIVEN_UP_AFTER_S = 5;
/** A connection that has never brought a picture gets longer: a camera's agent may first have to begin. */
export const FIRST_PICTURE_WITHIN_S = 15;

export type Phase = 'idle' | 'connecting' | 'live' | 'stalled' | 'lost' | 'refused';

/** One frame that was put on the screen; times of the page's own steady clock, in ms. */
export interface Presented {
  presented_ms: number;
  /** When its last packet came in, where the browser says so. */
  received_ms: number | null;
}

/** What a browser tells with each presented frame (requestVideoFrameCallback). */
export interface FrameWord {
  presentationTime: number;
  receiveTime?: number;
}

/**
 * What a video tells that stands in another window, on top of everything: that window's clock began later than ours, by
 * `later_ms`.
 */
export function byOurClock<Word extends FrameWord>(word: Word, later_ms: number): Word {
  if (later_ms === 0) return word;
  const received = word.receiveTime === undefined ? {} : { receiveTime: word.receiveTime + later_ms };
  return { ...word, presentationTime: word.presentationTime + later_ms, ...received };
}

/** The age counts from when the picture came in: one that waited in a buffer is as old as it is. */
export function presentedOf(word: FrameWord): Presented {
  const received_ms = word.receiveTime ?? null;
  return { presented_ms: word.presentationTime, received_ms };
}

/**
 * Whether the camera sent it. Where a connection is let go, or another takes its place, Chromium puts the old picture
 * or a black one on the screen once more: such a frame came in never, and must not look live.
 */
export function isNewPicture(word: FrameWord, last: Presented | null): boolean {
  if (word.receiveTime === undefined) return last === null || last.received_ms === null;
  return word.receiveTime !== last?.received_ms;
}

/** Seconds since what is on the screen came in; null: there has never been a picture. */
export function ageOf(last: Presented | null, now_ms: number): number | null {
  if (!last) return null;
  return Math.max(0, now_ms - Math.min(last.received_ms ?? last.presented_ms, last.presented_ms)) / 1000;
}

export interface Connection {
  /** A session stands, or is being opened. */
  state: 'idle' | 'opening' | 'open' | 'waiting' | 'refused';
  /** The age of the picture on the screen, in s. */
  age_s: number | null;
}

export function phaseOf({ state, age_s }: Connection): Phase {
  if (state === 'idle' || state === 'refused') return state;
  if (age_s !== null && age_s <= STALE_AFTER_S) return 'live';
  if (state === 'waiting') return 'lost';
  if (age_s === null) return 'connecting';
  return state === 'open' ? 'stalled' : 'lost';
}

/** Whether an open connection is to be given up: `open_s` since it was opened. */
export function isGivenUp(open_s: number, age_s: number | null): boolean {
  if (age_s === null || age_s > open_s) return open_s > FIRST_PICTURE_WITHIN_S;
  return age_s > GIVEN_UP_AFTER_S;
}
