import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Api } from '../api/client';
import { IceServers } from './ice';
import { Publisher } from './whip.svelte';

/** What of RTCPeerConnection a telephone's page uses; jsdom has none. */
class Peer extends EventTarget {
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
  close(): void {
    return;
  }
}

const track = { stop: () => undefined, addEventListener: () => undefined };
const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
let asked: string[];
let publisher: Publisher;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
  asked = [];
  const answer: typeof fetch = (input) => {
    const { pathname, search } = new URL((input as Request).url);
    if (pathname === '/api/v1/live/ice') return Promise.resolve(Response.json({ ice_servers: [], expires_at: null }));
    asked.push(search);
    const headers = { 'Content-Type': 'application/problem+json' };
    const problem = { type: 'urn:talaia:problem:already-published', title: 'x', status: 409, detail: 'x' };
    return Promise.resolve(new Response(JSON.stringify(problem), { status: 409, headers }));
  };
  const api = new Api(answer, 'http://room.test');
  publisher = new Publisher(
    {
      api,
      ice: new IceServers(api, () => 0),
      makePeer: () => new Peer() as never,
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
    await publisher.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(publisher.state).toBe('waiting');
    expect(publisher.problem?.name).toBe('already-published');
    expect(asked.length).toBeGreaterThan(2);
    expect(new Set(asked)).toEqual(new Set(['']));
  });
});
