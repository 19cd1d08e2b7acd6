import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Api } from '../api/client';
import { IceServers } from './ice';
import { Publisher } from './whip.svelte';

/** What of RTCPeerConnection a telephone's page uses; jsdom has none. */
class Peer extends EventTarget {
  connectionState = 'new';
  iceGatheringState = 'complete';
  localDescription: { sdp: string } | null = null;
  addTransceiver(): { setCodecPreferences: () => void } {
    return { setCodecPreferences: () => undefined };
  }
  createOffer(): Promise<{ sdp: string }> {
    return Promise.resolve({ sdp: 'v=0\r\n' });
  }
  setLocalDescription(offer: { sdp: string }): Promise<void> {
    this.localDescription = offer;
    return Promise.resolve();
  }
  setRemoteDescription(): Promise<void> {
    return Promise.resolve();
  }
  getStats(): Promise<Map<string, never>> {
    return Promise.resolve(new Map<string, never>());
  }
  say(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
  close(): void {
    return;
  }
}

const track = { stop: () => undefined, addEventListener: () => undefined };
const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
const ANSWER = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n';
let asked: string[];
let peers: Peer[];
/** What the room says to an offer; null: it takes it. */
let refusal: { name: string; status: number } | null;
let publisher: Publisher;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
  asked = [];
  peers = [];
  refusal = null;
  const answer: typeof fetch = (input) => {
    const { pathname, search } = new URL((input as Request).url);
    if (!pathname.endsWith('/whip')) return Promise.resolve(Response.json({ ice_servers: [], expires_at: null }));
    asked.push(search);
    if (!refusal) return Promise.resolve(new Response(ANSWER, { status: 201, headers: { Location: `${pathname}/1` } }));
    const { name, status } = refusal;
    const problem = { type: `urn:talaia:problem:${name}`, title: 'x', status, detail: 'x' };
    const headers = { 'Content-Type': 'application/problem+json' };
    return Promise.resolve(new Response(JSON.stringify(problem), { status, headers }));
  };
  const api = new Api(answer, 'http://room.test');
  publisher = new Publisher(
    {
      api,
      ice: new IceServers(api, () => 0),
      makePeer: () => {
        peers.push(new Peer());
        return peers.at(-1) as never;
      },
      media: { getUserMedia: () => Promise.resolve(stream as never) },
      awake: () => Promise.resolve(() => undefined),
      chance: () => 0.5,
    },
    '0199',
    'token',
  );
});

afterEach(() => {
  publisher.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a telephone whose address another one uses', () => {
  it('waits until the other one stops, and never pushes it aside', async () => {
    refusal = { name: 'already-published', status: 409 };
    await publisher.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(publisher.state).toBe('waiting');
    expect(publisher.problem?.name).toBe('already-published');
    expect(asked.length).toBeGreaterThan(2);
    expect(new Set(asked)).toEqual(new Set(['']));
  });
});

describe('a telephone that is cut off', () => {
  beforeEach(async () => {
    const started = publisher.start();
    await vi.advanceTimersByTimeAsync(1_000);
    await started;
    peers[0]?.say('connected');
    expect(publisher.state).toBe('sending');
    peers[0]?.say('disconnected');
    expect(publisher.state).toBe('connecting');
  });

  it('goes on where the line mends itself', async () => {
    peers[0]?.say('connected');
    await vi.advanceTimersByTimeAsync(30_000);
    expect([publisher.state, asked.length]).toEqual(['sending', 1]);
  });

  it('asks again in a few seconds, and says that its address is of no use any more', async () => {
    refusal = { name: 'wrong-publish-token', status: 401 };
    await vi.advanceTimersByTimeAsync(8_000);
    expect([publisher.state, publisher.problem?.name]).toEqual(['refused', 'wrong-publish-token']);
  });
});
