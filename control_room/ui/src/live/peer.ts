import type { Api, Problem, Result } from '../api/client';
import { fragmentOf, takesVideo, type Candidate } from './sdp';

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
/** How long an offer waits for the first candidates; what comes later is sent after it. */
const GATHER_MS = 60;
/** An older connection than this is not asked for any more by name: the page is gone. */
const TRICKLE_MS = 100;

export type MakePeer = (configuration: RTCConfiguration) => RTCPeerConnection;

/** One negotiated connection, from its offer to its end. Used once. */
export class PeerSession {
  readonly peer: RTCPeerConnection;
  readonly #api: Api;
  readonly #bearer: string | undefined;
  #candidates: Candidate[] = [];
  #isGathered = false;
  #session: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #offered: Promise<void> | null = null;

  constructor(api: Api, peer: RTCPeerConnection, bearer?: string) {
    this.#api = api;
    this.peer = peer;
    this.#bearer = bearer;
    peer.addEventListener('icecandidate', ({ candidate }) => this.#found(candidate));
  }

  /** Makes the offer and looks for ways to reach us, without a word to the room. */
  prepare(): Promise<void> {
    this.#offered ??= this.#offer();
    return this.#offered;
  }

  async #offer(): Promise<void> {
    await this.peer.setLocalDescription(await this.peer.createOffer());
    await this.#gathered();
  }

  #gathered(): Promise<void> {
    if (this.peer.iceGatheringState === 'complete') return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.peer.removeEventListener('icegatheringstatechange', look);
        resolve();
      };
      const look = (): void => {
        if (this.peer.iceGatheringState === 'complete') done();
      };
      const timer = setTimeout(done, GATHER_MS);
      this.peer.addEventListener('icegatheringstatechange', look);
    });
  }

  /** Asks the room; null: it is answered, and the picture is on its way. */
  async open(path: string): Promise<Problem | null> {
    try {
      await this.prepare();
      const sdp = this.peer.localDescription?.sdp ?? '';
      const told = this.#candidates.length;
      const answer = await this.#post(path, sdp);
      if (!answer.ok) return answer.problem;
      this.#session = answer.data.session;
      if (this.#isClosed) {
        this.#leave();
        return null;
      }
      if (!takesVideo(answer.data.sdp)) return NO_VIDEO;
      await this.peer.setRemoteDescription({ type: 'answer', sdp: answer.data.sdp });
      // The offer held those that were found before it was sent.
      this.#candidates = this.#candidates.slice(Math.min(told, countOf(sdp)));
      this.#sendSoon();
      return null;
    } catch (error) {
      return { status: 0, title: '', detail: error instanceof Error ? error.message : '' };
    }
  }

  async #post(path: string, sdp: string): Promise<Result<{ sdp: string; session: string | null }>> {
    const answer = await this.#api.plain({ method: 'POST', path, body: sdp, type: SDP, ...this.#who });
    if (!answer.ok) return answer;
    const session = answer.data.headers.get('Location');
    return { ok: true, data: { sdp: await answer.data.text(), session } };
  }

  get #who(): { bearer?: string } {
    return this.#bearer ? { bearer: this.#bearer } : {};
  }

  #found(candidate: RTCIceCandidate | null): void {
    if (candidate?.candidate) this.#candidates.push(candidate);
    else this.#isGathered = true;
    if (this.#session !== null) this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    if (this.#candidates.length === 0 && !this.#isGathered) return;
    this.#timer = setTimeout(() => void this.#trickle(), TRICKLE_MS);
  }

  async #trickle(): Promise<void> {
    this.#timer = undefined;
    const sdp = this.peer.localDescription?.sdp ?? '';
    const candidates = this.#candidates.splice(0);
    if (this.#session === null || this.#isClosed) return;
    const send = (some: Candidate[]): Promise<unknown> =>
      this.#api.plain({
        method: 'PATCH',
        path: this.#session ?? '',
        body: fragmentOf(sdp, some),
        type: FRAGMENT,
        ...this.#who,
      });
    if (candidates.length > 0) await send(candidates);
    else if (this.#isGathered) {
      this.#isGathered = false;
      await send([]);
      return;
    }
    if (this.#isGathered) this.#sendSoon();
  }

  /** Tells the room, also from a page that is being left. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.peer.close();
    this.#leave();
  }

  #leave(): void {
    if (this.#session === null) return;
    void this.#api.plain({ method: 'DELETE', path: this.#session, keepalive: true, ...this.#who });
    this.#session = null;
  }
}

/** Agreed on nothing that this browser can show. */
const NO_VIDEO: Problem = { status: 406, title: '', detail: '', name: 'no-usable-codec' };

const countOf = (sdp: string): number => sdp.match(/^a=candidate:/gm)?.length ?? 0;
