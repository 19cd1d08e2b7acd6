import type { Api, Problem } from '../api/client';
import { isFinal, pauseBefore } from './backoff';
import { Detections } from './detections.svelte';
import {
  ageOf,
  byOurClock,
  isGivenUp,
  isNewPicture,
  phaseOf,
  presentedOf,
  type Connection,
  type Presented,
} from './freshness';
import type { IceServers } from './ice';
import { pictureOf } from './lastPicture';
import { PeerSession, type MakePeer } from './peer';
import { isUndecodable, sampleOf, statsOf, type LiveStats, type Sample } from './stats';

/** Often enough that a picture is veiled in the moment that it is two seconds old. */
const TICK_MS = 250;
/** A connection that the browser calls broken gets so long to mend itself. */
const MEND_MS = 2_000;
/** A camera that is dark or whose device is away is not there again in a second. */
const UNREADY_S = 8;

export interface PlayerDeps {
  api: Api;
  ice: IceServers;
  makePeer: MakePeer;
  /** The page's steady clock, in ms: the one of presented frames. */
  steady: () => number;
  chance: () => number;
  /** Asks the room when its turn has come. */
  admit: <T>(act: () => Promise<T>) => Promise<T>;
  /** Those that are to be stopped when the page is left. */
  running: Set<LivePlayer>;
}

/** One live picture: its connection, which comes back by itself, and how old what it shows is. */
export class LivePlayer {
  stream: MediaStream | null = $state.raw(null);
  /** Why the room gave no picture the last time it was asked. */
  problem: Problem | null = $state.raw(null);
  /** Seconds since what is on the screen came in; null: there has been no picture. */
  age_s: number | null = $state(null);
  /** Since `start`, in ms, until the first picture. */
  first_ms: number | null = $state(null);
  /** Tries since the last picture. */
  attempt = $state(0);
  size: { width_px: number; height_px: number } | null = $state.raw(null);
  /** The last picture of a connection that is gone, until there is a new one. */
  kept: ImageBitmap | null = $state.raw(null);
  #state: Connection['state'] = $state('idle');
  readonly phase = $derived(phaseOf({ state: this.#state, age_s: this.age_s }));

  /** What is seen in the pictures; null: it is not asked for. */
  readonly detections: Detections | null;

  readonly #deps: PlayerDeps;
  #path: string;
  #session: PeerSession | null = null;
  #prepared: PeerSession | null = null;
  #last: Presented | null = null;
  #started_ms = 0;
  #opened_ms = 0;
  #broken_ms: number | null = null;
  #retry_ms = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #sample: Sample | null = null;
  /** Counts the connections: an answer that comes late belongs to none. */
  #turn = 0;
  readonly #videos = new Set<HTMLVideoElement>();

  /** `path` is where the offer is posted; `hasDetections`: what is seen in the pictures is asked for with them. */
  constructor(deps: PlayerDeps, path: string, hasDetections = false) {
    this.#deps = deps;
    this.detections = hasDetections ? new Detections(deps.steady) : null;
    this.#path = path;
  }

  /** Finds the ways to here before anybody asked for a picture: nothing of the camera is seen by it. */
  async prepare(): Promise<void> {
    if (this.#session || this.#prepared) return;
    try {
      const session = await this.#make();
      if (this.#ticking !== undefined) {
        session.close();
        return;
      }
      this.#prepared = session;
      await session.prepare();
    } catch {
      // What is wrong is said when the picture is asked for.
      this.#prepared = null;
    }
  }

  start(): void {
    if (this.#ticking !== undefined) return;
    this.#started_ms = this.#deps.steady();
    this.first_ms = null;
    this.attempt = 0;
    this.#deps.running.add(this);
    this.#ticking = setInterval(() => this.tick(), TICK_MS);
    void this.#open();
  }

  /** Lets the camera go; the last picture stays on the screen, and says its age. */
  stop(): void {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
    this.#deps.running.delete(this);
    this.#drop();
    this.#prepared?.close();
    this.#prepared = null;
    this.#state = 'idle';
  }

  /** Asks again at once: a person wants it, or what was missing has been said. */
  again(path = this.#path): void {
    this.#path = path;
    if (this.#ticking === undefined) {
      this.start();
      return;
    }
    this.attempt = 0;
    this.#drop();
    void this.#open();
  }

  /** Says with each frame that it is on the screen. */
  readonly show = (video: HTMLVideoElement): (() => void) => {
    video.srcObject = this.stream;
    if (this.stream) void video.play().catch(() => undefined);
    let handle = 0;
    const next = (_at: number, word: VideoFrameCallbackMetadata): void => {
      const origin_ms = video.ownerDocument.defaultView?.performance.timeOrigin ?? performance.timeOrigin;
      this.#presented(byOurClock(word, origin_ms - performance.timeOrigin));
      handle = video.requestVideoFrameCallback(next);
    };
    handle = video.requestVideoFrameCallback(next);
    this.#videos.add(video);
    return () => {
      this.#videos.delete(video);
      video.cancelVideoFrameCallback(handle);
    };
  };

  #presented(word: VideoFrameCallbackMetadata): void {
    if (!isNewPicture(word, this.#last)) return;
    this.#last = presentedOf(word);
    this.kept = null;
    this.detections?.presented(word.rtpTimestamp);
    if (this.#state === 'open') this.attempt = 0;
    if (this.first_ms === null) this.first_ms = word.presentationTime - this.#started_ms;
    if (this.size?.width_px !== word.width || this.size.height_px !== word.height) {
      this.size = { width_px: word.width, height_px: word.height };
    }
    // Beyond the first frame the age is told by the tick: a change of the page for every frame would cost more than the video.
    if (this.phase !== 'live') this.#age();
  }

  #age(): void {
    this.age_s = ageOf(this.#last, this.#deps.steady());
  }

  /** Looks at the clock: how old the picture is, and whether the connection is given up. */
  tick(): void {
    this.#age();
    this.detections?.tick();
    const now = this.#deps.steady();
    if (this.#state === 'waiting' && now >= this.#retry_ms) void this.#open();
    if (this.#state !== 'open') return;
    const isBroken = this.#broken_ms !== null && now - this.#broken_ms > MEND_MS;
    if (isBroken || isGivenUp((now - this.#opened_ms) / 1000, this.age_s)) this.#wait(null);
  }

  async #make(): Promise<PeerSession> {
    const iceServers = await this.#deps.ice.servers();
    const peer = this.#deps.makePeer({ iceServers, bundlePolicy: 'max-bundle' });
    const { receiver } = peer.addTransceiver('video', { direction: 'recvonly' });
    // The newest picture, not the smoothest.
    if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    this.detections?.ask(peer);
    return new PeerSession(this.#deps.api, peer);
  }

  async #open(): Promise<void> {
    const turn = ++this.#turn;
    const isOver = (): boolean => turn !== this.#turn;
    this.#state = 'opening';
    this.attempt += 1;
    const session = this.#prepared ?? (await this.#make().catch(() => null));
    this.#prepared = null;
    if (!session) {
      this.problem = NO_WEBRTC;
      this.#wait(NO_WEBRTC);
      return;
    }
    if (isOver()) {
      session.close();
      return;
    }
    this.#session = session;
    this.#broken_ms = null;
    session.peer.addEventListener('track', ({ streams, track }) => {
      if (!isOver()) this.stream = streams[0] ?? new MediaStream([track]);
    });
    session.peer.addEventListener('connectionstatechange', () => {
      if (!isOver()) this.#told(session.peer.connectionState);
    });
    const problem = await this.#deps.admit(() => (isOver() ? Promise.resolve(null) : session.open(this.#path)));
    if (isOver()) {
      session.close();
      return;
    }
    this.problem = problem;
    if (problem) this.#wait(problem);
    else {
      this.#state = 'open';
      this.#opened_ms = this.#deps.steady();
    }
  }

  #told(state: RTCPeerConnectionState): void {
    if (state === 'failed' || state === 'closed') this.#wait(null);
    else if (state === 'disconnected') this.#broken_ms = this.#deps.steady();
    else if (state === 'connected') this.#broken_ms = null;
  }

  /** Until the next try, or for good where another would change nothing. */
  #wait(problem: Problem | null): void {
    this.#drop();
    if (problem && isFinal(problem.status)) {
      this.kept = null;
      this.#state = 'refused';
      return;
    }
    const asked_s = problem?.retryAfter_s ?? (problem?.status === 409 ? UNREADY_S : 0);
    const pause_s = pauseBefore(this.attempt, this.#deps.chance(), asked_s);
    this.#retry_ms = this.#deps.steady() + pause_s * 1000;
    this.#state = 'waiting';
  }

  #drop(): void {
    this.#turn += 1;
    if (this.#session && this.age_s !== null) this.kept ??= this.#shown();
    this.#session?.close();
    this.#session = null;
    this.detections?.clear();
    this.#sample = null;
  }

  #shown(): ImageBitmap | null {
    for (const video of this.#videos) {
      const picture = pictureOf(video);
      if (picture) return picture;
    }
    return null;
  }

  /** What the browser counts, since the last question. */
  async stats(): Promise<{ stats: LiveStats; isUndecodable: boolean } | null> {
    const session = this.#session;
    if (!session) return null;
    const report = await session.peer.getStats();
    const entries: Parameters<typeof sampleOf>[0] = [...report.values()] as never;
    const sample = sampleOf(entries, this.#deps.steady());
    if (!sample || session !== this.#session) return null;
    const stats = statsOf(sample, this.#sample);
    this.#sample = sample;
    return { stats, isUndecodable: isUndecodable(sample) };
  }
}

/** A browser without WebRTC, or one in which somebody turned it off. */
const NO_WEBRTC: Problem = { status: 406, title: '', detail: '', name: 'no-webrtc' };
