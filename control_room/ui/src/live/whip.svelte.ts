import type { Api, Problem } from '../api/client';
import { isFinal, pauseBefore } from './backoff';
import type { IceServers } from './ice';
import { PeerSession, type MakePeer } from './peer';
import { outgoingOf, type Outgoing } from './outgoing';

/** Enough for a street seen by a telephone; more would only fill its line. */
const WIDTH_PX = 1280;
const HEIGHT_PX = 720;
const FPS = 25;
const BITS_S = 2_500_000;
const LOOK_EVERY_MS = 1_000;
/** A connection that the browser calls broken gets so long to mend itself; giving it up takes a browser half a minute. */
const MEND_MS = 4_000;

export type Facing = 'environment' | 'user';
export type PublishState =
  'ready' | 'asking' | 'connecting' | 'sending' | 'waiting' | 'refused' | 'no_camera' | 'ended';

export interface PublisherDeps {
  api: Api;
  makePeer: MakePeer;
  media: Pick<MediaDevices, 'getUserMedia'>;
  /** Keeps the screen awake; gives how to let it sleep. */
  awake: () => Promise<() => void>;
  chance: () => number;
  ice: IceServers;
}

/** A telephone's picture on its way to the room. Nothing is sent before `start`, and nothing but the picture. */
export class Publisher {
  state: PublishState = $state('ready');
  problem: Problem | null = $state.raw(null);
  /** What the person sees of it. */
  stream: MediaStream | null = $state.raw(null);
  facing: Facing = $state('environment');
  outgoing: Outgoing | null = $state.raw(null);
  /** The screen stays on; false: the telephone does not know how. */
  isAwake = $state(false);

  readonly #deps: PublisherDeps;
  readonly #path: string;
  readonly #token: string;
  #session: PeerSession | null = null;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #sleep: (() => void) | null = null;
  #turn = 0;

  constructor(deps: PublisherDeps, source_id: string, token: string) {
    this.#deps = deps;
    this.#path = `/api/v1/live/sources/${encodeURIComponent(source_id)}/whip`;
    this.#token = token;
  }

  get isRunning(): boolean {
    return this.state === 'connecting' || this.state === 'sending' || this.state === 'waiting';
  }

  async start(): Promise<void> {
    this.state = 'asking';
    this.problem = null;
    if (!(await this.#film())) return;
    await this.keepAwake();
    this.#attempt = 0;
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    await this.#connect();
  }

  stop(): void {
    this.#turn += 1;
    clearTimeout(this.#retry);
    clearInterval(this.#looking);
    this.#session?.close();
    this.#session = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.outgoing = null;
    this.#sleep?.();
    this.#sleep = null;
    this.isAwake = false;
    if (this.isRunning || this.state === 'asking') this.state = 'ended';
  }

  /** The other camera of the telephone, without a break. */
  async flip(): Promise<void> {
    this.facing = this.facing === 'environment' ? 'user' : 'environment';
    if (!this.isRunning) return;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    if (!(await this.#film())) return;
    const track = this.stream?.getVideoTracks()[0] ?? null;
    const sender = this.#session?.peer.getSenders()[0];
    if (track && sender) await sender.replaceTrack(track);
  }

  /** A telephone lets go of it whenever its page is hidden: asked for again when it comes back. */
  async keepAwake(): Promise<void> {
    if (this.#sleep) return;
    try {
      this.#sleep = await this.#deps.awake();
      this.isAwake = true;
    } catch {
      this.isAwake = false;
    }
  }

  slept(): void {
    this.#sleep = null;
    this.isAwake = false;
  }

  async #film(): Promise<boolean> {
    try {
      this.stream = await this.#deps.media.getUserMedia({
        audio: false,
        video: {
          facingMode: this.facing,
          width: { ideal: WIDTH_PX },
          height: { ideal: HEIGHT_PX },
          frameRate: { ideal: FPS, max: 30 },
        },
      });
      // Another program may take the camera away.
      this.stream.getVideoTracks()[0]?.addEventListener('ended', () => this.isRunning && this.#lostCamera());
      return true;
    } catch {
      this.#lostCamera();
      return false;
    }
  }

  #lostCamera(): void {
    this.stop();
    this.state = 'no_camera';
  }

  async #connect(): Promise<void> {
    const turn = ++this.#turn;
    const track = this.stream?.getVideoTracks()[0];
    if (!track) return;
    this.state = 'connecting';
    this.#attempt += 1;
    const iceServers = await this.#deps.ice.servers();
    if (turn !== this.#turn) return;
    const peer = this.#deps.makePeer({ iceServers, bundlePolicy: 'max-bundle' });
    const transceiver = peer.addTransceiver(track, {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: BITS_S }],
    });
    preferH264(transceiver);
    const session = new PeerSession(this.#deps.api, peer, this.#token);
    this.#session = session;
    peer.addEventListener('connectionstatechange', () => {
      if (turn === this.#turn) this.#told(peer.connectionState);
    });
    // Our own line that broke falls silent, and the room lets it go by itself; one that sends is another telephone's,
    // and two that push each other aside would both be of no use.
    const problem = await session.open(this.#path);
    if (turn !== this.#turn) {
      session.close();
      return;
    }
    if (problem) this.#wait(problem);
  }

  #told(state: RTCPeerConnectionState): void {
    clearTimeout(this.#retry);
    if (state === 'connected') {
      this.state = 'sending';
      this.problem = null;
      this.#attempt = 0;
    } else if (state === 'failed' || state === 'closed') this.#wait(null);
    else if (state === 'disconnected') {
      this.state = 'connecting';
      this.#retry = setTimeout(() => this.#wait(null), MEND_MS);
    }
  }

  #wait(problem: Problem | null): void {
    this.#turn += 1;
    this.#session?.close();
    this.#session = null;
    this.problem = problem;
    if (problem && isFinal(problem.status)) {
      this.stop();
      this.state = 'refused';
      return;
    }
    this.state = 'waiting';
    const pause_s = pauseBefore(this.#attempt, this.#deps.chance(), problem?.retryAfter_s ?? 0);
    this.#retry = setTimeout(() => void this.#connect(), pause_s * 1000);
  }

  async #look(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    const report = await session.peer.getStats();
    if (session === this.#session) {
      this.outgoing = outgoingOf([...report.values()] as never, performance.now(), this.outgoing);
    }
  }
}

/** Passed on as it comes, and browsers show no other as surely: before the offer is made, or it is another. */
function preferH264(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const isWanted = ({ mimeType }: { mimeType: string }): boolean => mimeType.toLowerCase() === 'video/h264';
  const wanted = codecs.filter(isWanted);
  if (wanted.length === 0) return;
  transceiver.setCodecPreferences([...wanted, ...codecs.filter((codec) => !isWanted(codec))]);
}
