/** A player over a browser's connection and a room that the test speaks for: only the network is not real. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Sent } from '../../tests/room';
import { Api } from '../api/client';
import { Live } from './live.svelte';
import type { LivePlayer } from './whep.svelte';
import { until } from '../../tests/until';

const ANSWER = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n';
const OFFER = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n';

/** What of RTCPeerConnection the page uses; jsdom has none. */
class Peer extends EventTarget {
  connectionState: RTCPeerConnectionState = 'new';
  iceGatheringState: RTCIceGatheringState = 'complete';
  localDescription: { sdp: string } | null = null;
  remote: string | null = null;
  isClosed = false;
  readonly receiver = { jitterBufferTarget: null as number | null };
  readonly channels: string[] = [];
  createDataChannel(label: string): EventTarget {
    expect(this.localDescription).toBeNull();
    this.channels.push(label);
    return new EventTarget();
  }
  addTransceiver(): { receiver: Peer['receiver'] } {
    return { receiver: this.receiver };
  }
  createOffer(): Promise<{ sdp: string }> {
    return Promise.resolve({ sdp: OFFER });
  }
  setLocalDescription(offer: { sdp: string }): Promise<void> {
    this.localDescription = offer;
    return Promise.resolve();
  }
  setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remote = sdp;
    const streams = [{ id: 'picture' }];
    this.dispatchEvent(Object.assign(new Event('track'), { streams, track: {} }));
    return Promise.resolve();
  }
  say(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
  close(): void {
    this.isClosed = true;
  }
}

/** jsdom has no canvas: a picture is whatever the video says it shows. */
class Canvas {
  #drawn: unknown = null;
  getContext(): { drawImage: (video: Video) => void } {
    return { drawImage: (video) => (this.#drawn = video.shows) };
  }
  transferToImageBitmap(): unknown {
    return this.#drawn;
  }
}

/** A `<video>` that says what the test lets it present. */
class Video {
  srcObject: unknown = null;
  /** What is on the screen. */
  shows = '';
  get videoWidth(): number {
    return this.shows ? 1280 : 0;
  }
  readonly videoHeight = 720;
  /** How much later than the page's the clock of its window began. */
  later_ms = 0;
  #told: VideoFrameRequestCallback | null = null;
  play(): Promise<void> {
    return Promise.resolve();
  }
  get ownerDocument(): unknown {
    return { defaultView: { performance: { timeOrigin: performance.timeOrigin + this.later_ms } } };
  }
  requestVideoFrameCallback(told: VideoFrameRequestCallback): number {
    this.#told = told;
    return 1;
  }
  cancelVideoFrameCallback(): void {
    this.#told = null;
  }
  present(shows = 'street'): void {
    this.shows = shows;
    const word = { presentationTime: now - this.later_ms, width: 1280, height: 720 } as VideoFrameCallbackMetadata;
    this.#told?.(now, word);
  }
}

let now = 0;
let peers: Peer[];
let sent: Sent[];
let refusal: { status: number; body?: unknown; headers?: Record<string, string> } | null;
let live: Live;
let player: LivePlayer;
let video: Video;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('OffscreenCanvas', Canvas);
  now = 1_000;
  peers = [];
  refusal = null;
  sent = [];
  const answer: typeof fetch = async (input) => {
    const request = input as Request;
    const { method } = request;
    const path = new URL(request.url).pathname;
    sent.push({ method, path, body: await request.text(), csrf: null });
    if (path === '/api/v1/live/ice') return Response.json({ ice_servers: [], expires_at: null });
    if (method !== 'POST') return new Response(null, { status: 204 });
    if (refusal) return Response.json(refusal.body, { status: refusal.status, headers: refusal.headers ?? {} });
    const headers = { Location: `/api/v1/live/sessions/${String(peers.length)}` };
    return new Response(ANSWER, { status: 201, headers });
  };
  live = new Live({
    api: new Api(answer, 'http://sala.example'),
    makePeer: () => {
      const peer = new Peer();
      peers.push(peer);
      return peer as unknown as RTCPeerConnection;
    },
    steady: () => now,
    chance: () => 0.5,
  });
  player = live.player({ kind: 'camera', device_id: 'caixa-1', camera_id: 'placa' }, { stream: 'sub' });
  video = new Video();
});

afterEach(() => {
  player.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const offers = (): Sent[] => sent.filter((one) => one.method === 'POST');
const left = (): string[] => sent.filter((one) => one.method === 'DELETE').map((one) => one.path);

/** Time passes, in steps that no timer of the player oversleeps. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 4; step += 1) {
    now += 250;
    await vi.advanceTimersByTimeAsync(250);
  }
}

async function connect(): Promise<Peer> {
  player.start();
  await vi.advanceTimersByTimeAsync(0);
  await until(() => expect(peers.at(-1)?.remote).toBe(ANSWER));
  const peer = peers.at(-1);
  if (!peer) throw new Error('no peer');
  player.show(video as unknown as HTMLVideoElement);
  return peer;
}

describe('a live picture', () => {
  it('asks for what is seen in it only where it is large, and only of cameras', async () => {
    expect((await connect()).channels).toEqual([]);
    player.stop();
    player = live.player({ kind: 'source', source_id: 's-1' }, { stream: 'main', detections: true });
    expect([(await connect()).channels, player.detections]).toEqual([[], null]);
    player.stop();
    const camera = { kind: 'camera', device_id: 'caixa-1', camera_id: 'placa' } as const;
    player = live.player(camera, { stream: 'main', detections: true });
    expect((await connect()).channels).toEqual(['detections']);
  });

  it('asks for the newest packets, and is live from its first presented frame on', async () => {
    const peer = await connect();
    expect(peer.receiver.jitterBufferTarget).toBe(0);
    peer.say('connected');
    expect(player.phase).toBe('connecting');
    now += 140;
    video.present();
    expect([player.phase, player.first_ms, player.size?.width_px]).toEqual(['live', 140, 1280]);
    expect(offers().map((one) => one.path)).toEqual(['/api/v1/cameras/placa/whep']);
  });

  it('is veiled after two seconds without a frame although the connection calls itself connected', async () => {
    const peer = await connect();
    peer.say('connected');
    video.present();
    await pass(1.5);
    expect(player.phase).toBe('live');
    await pass(1);
    expect([player.phase, peer.connectionState]).toEqual(['stalled', 'connected']);
    video.present();
    expect(player.phase).toBe('live');
  });

  it('is live also in a window on top of everything, whose clock began with it', async () => {
    await connect();
    video.present();
    now += 600_000;
    video.later_ms = 595_000;
    video.present();
    await pass(0.5);
    expect([player.phase, peers.length]).toEqual(['live', 1]);
  });

  it('is asked for anew when it stays away, and lets the old session go', async () => {
    await connect();
    video.present();
    await pass(7);
    await until(() => expect(peers.length).toBe(2));
    expect(left()).toEqual(['/api/v1/live/sessions/1']);
    expect(peers[0]?.isClosed).toBe(true);
    expect(player.age_s).toBeGreaterThan(5);
    expect(player.phase).not.toBe('live');
    video.present();
    expect(player.phase).toBe('live');
  });

  it('comes back by itself when the line breaks, and goes on trying', async () => {
    const peer = await connect();
    video.present();
    refusal = { status: 404, body: { title: 'Not Found', status: 404, type: 'urn:talaia:problem:no-such-stream' } };
    peer.say('failed');
    await pass(6);
    expect([player.phase, player.problem?.name]).toEqual(['lost', 'no-such-stream']);
    expect(player.attempt).toBeGreaterThan(2);
    refusal = null;
    await pass(20);
    video.present();
    expect([player.phase, player.problem]).toEqual(['live', null]);
  });

  it('keeps its last picture while the line is away, until there is a new one', async () => {
    const peer = await connect();
    video.present('somebody');
    expect(player.kept).toBeNull();
    refusal = { status: 503, body: { title: 'full', status: 503 } };
    peer.say('failed');
    expect(player.kept).toBe('somebody');
    video.shows = 'black';
    await pass(10);
    expect([player.phase, player.kept]).toEqual(['lost', 'somebody']);
    refusal = null;
    await pass(20);
    video.present('nobody');
    expect([player.phase, player.kept]).toEqual(['live', null]);
  });

  it('keeps no picture of what one may not see any more', async () => {
    const peer = await connect();
    video.present('somebody');
    refusal = { status: 403, body: { title: 'Forbidden', status: 403, type: 'urn:talaia:problem:not-yours' } };
    peer.say('failed');
    expect(player.kept).toBe('somebody');
    await pass(5);
    expect([player.phase, player.kept]).toEqual(['refused', null]);
  });

  it('asks no more where the room refuses, until somebody has said why he looks', async () => {
    refusal = { status: 403, body: { title: 'Forbidden', status: 403, type: 'urn:talaia:problem:reason-needed' } };
    player.start();
    await pass(60);
    expect([player.phase, player.problem?.name, peers.length]).toEqual(['refused', 'reason-needed', 1]);
    refusal = null;
    player.again();
    await until(() => expect(peers.at(-1)?.remote).toBe(ANSWER));
    player.show(video as unknown as HTMLVideoElement);
    video.present();
    expect(player.phase).toBe('live');
  });

  it('waits as long as a full room asks', async () => {
    refusal = { status: 503, headers: { 'Retry-After': '20' }, body: { title: 'full', status: 503 } };
    player.start();
    await pass(15);
    expect(peers.length).toBe(1);
    await pass(10);
    expect(peers.length).toBe(2);
  });

  it('is let go when the page is left, and goes on when it comes back', async () => {
    const stop = live.watch(window);
    await connect();
    video.present();
    window.dispatchEvent(new Event('pagehide'));
    await vi.advanceTimersByTimeAsync(0);
    expect([player.phase, left()]).toEqual(['idle', ['/api/v1/live/sessions/1']]);
    window.dispatchEvent(new Event('pageshow'));
    await until(() => expect(peers.length).toBe(2));
    stop();
  });

  it('has its offer ready before it is asked for, and shows nobody anything by it', async () => {
    await player.prepare();
    expect([peers.length, offers().length]).toEqual([1, 0]);
    await connect();
    expect([peers.length, offers().length]).toEqual([1, 1]);
  });
});
