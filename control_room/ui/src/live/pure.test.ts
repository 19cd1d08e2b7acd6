import { describe, expect, it } from 'vitest';

import type { Alert } from '../api/types';
import { alertOf } from '../../tests/room';
import { isFinal, pauseBefore } from './backoff';
import { boxesOf } from './boxes';
import { addressOf } from './calls';
import {
  ageOf,
  byOurClock,
  FIRST_PICTURE_WITHIN_S,
  GIVEN_UP_AFTER_S,
  isGivenUp,
  isNewPicture,
  phaseOf,
  presentedOf,
  STALE_AFTER_S,
} from './freshness';
import { Gate } from './gate';
import {
  arranged,
  cellsOf,
  layoutFor,
  LAYOUTS,
  neighbour,
  placed,
  readArrangement,
  shownIn,
  sideOf,
  swapped,
} from './layouts';
import { outgoingOf } from './outgoing';
import { publishPage, takeToken } from './publishAddress';
import { fragmentOf, takesVideo } from './sdp';
import { isUndecodable, sampleOf, statsOf } from './stats';
import { keyOfTarget, pageOf, targetOf } from './targets';
import { unknownOf } from './unknown';

describe('how old a picture is', () => {
  it('counts from when it came in, not from when a full buffer let it out', () => {
    const waited = presentedOf({ presentationTime: 5_000, receiveTime: 1_500 });
    expect(ageOf(waited, 5_100)).toBeCloseTo(3.6);
    expect(ageOf(presentedOf({ presentationTime: 5_000 }), 5_100)).toBeCloseTo(0.1);
    expect(ageOf(null, 5_100)).toBeNull();
  });

  it('never calls a picture live that is older than two seconds, whatever the connection says', () => {
    for (const state of ['opening', 'open', 'waiting'] as const) {
      expect(phaseOf({ state, age_s: STALE_AFTER_S + 0.01 })).not.toBe('live');
      expect(phaseOf({ state, age_s: null })).not.toBe('live');
    }
    expect(phaseOf({ state: 'open', age_s: 0.2 })).toBe('live');
    expect(phaseOf({ state: 'open', age_s: 3 })).toBe('stalled');
    expect(phaseOf({ state: 'waiting', age_s: 30 })).toBe('lost');
    expect(phaseOf({ state: 'opening', age_s: null })).toBe('connecting');
    // Paused or refused, even with a fresh picture.
    expect(phaseOf({ state: 'idle', age_s: 0.1 })).toBe('idle');
    expect(phaseOf({ state: 'refused', age_s: 0.1 })).toBe('refused');
  });

  it('gives a connection up that brings nothing, later where it has never brought a picture', () => {
    expect(isGivenUp(60, GIVEN_UP_AFTER_S - 0.1)).toBe(false);
    expect(isGivenUp(60, GIVEN_UP_AFTER_S + 0.1)).toBe(true);
    expect(isGivenUp(FIRST_PICTURE_WITHIN_S - 1, null)).toBe(false);
    expect(isGivenUp(FIRST_PICTURE_WITHIN_S + 1, null)).toBe(true);
    // The picture on the screen is of the connection before this one.
    expect(isGivenUp(3, 40)).toBe(false);
  });
});

describe('trying again', () => {
  it('waits longer each time, never in step with others, and as long as the room asks', () => {
    expect([1, 2, 3, 4].map((attempt) => pauseBefore(attempt, 0.5))).toEqual([0.5, 1, 2, 4]);
    expect(pauseBefore(50, 0.5)).toBe(15);
    expect(pauseBefore(3, 0)).toBeLessThan(pauseBefore(3, 1));
    expect(pauseBefore(1, 0.5, 30)).toBe(30);
  });

  it('ends where it would change nothing', () => {
    expect([400, 403, 406, 422].every(isFinal)).toBe(true);
    expect([0, 404, 409, 429, 500, 503, 504].some(isFinal)).toBe(false);
  });

  it('lets a few through at a time, also after one that failed', async () => {
    const gate = new Gate(2);
    let inside = 0;
    let most = 0;
    const finish: (() => void)[] = [];
    const act = (fails: boolean): Promise<void> =>
      gate.through(async () => {
        most = Math.max(most, ++inside);
        await new Promise<void>((resolve) => finish.push(resolve));
        inside -= 1;
        if (fails) throw new Error('lost');
      });
    const all = [act(true), act(false), act(false), act(false)].map((one) => one.catch(() => undefined));
    for (let turn = 0; turn < 4; turn += 1) {
      while (finish.length === 0) await Promise.resolve();
      finish.shift()?.();
    }
    await Promise.all(all);
    expect([most, inside]).toEqual([2, 0]);
  });
});

describe('a frame on the screen', () => {
  it('of the small window on top, whose clock began later, is as old as it is', () => {
    const there = { presentationTime: 500, receiveTime: 480 };
    const here = presentedOf(byOurClock(there, 60_000));
    expect(ageOf(here, 60_600)).toBeCloseTo(0.12);
    expect(byOurClock({ presentationTime: 500 }, 60_000)).toEqual({ presentationTime: 60_500 });
    expect(byOurClock(there, 0)).toBe(there);
  });

  it('is a new picture only where something came in: what Chromium draws when a connection ends is not', () => {
    const last = presentedOf({ presentationTime: 1_000, receiveTime: 990 });
    expect(isNewPicture({ presentationTime: 1_040, receiveTime: 1_030 }, last)).toBe(true);
    expect(isNewPicture({ presentationTime: 6_000 }, last)).toBe(false);
    expect(isNewPicture({ presentationTime: 6_000, receiveTime: 990 }, last)).toBe(false);
  });

  it('is taken as it comes by a browser that tells of no frame when it came in', () => {
    const first = { presentationTime: 1_000 };
    expect(isNewPicture(first, null)).toBe(true);
    expect(isNewPicture({ presentationTime: 1_040 }, presentedOf(first))).toBe(true);
  });
});

describe('the wall', () => {
  it('fills each layout without a gap and without two pictures in one cell', () => {
    for (const layout of LAYOUTS) {
      const side = sideOf(layout);
      const taken = cellsOf(layout).flatMap(({ column, row, span }) =>
        Array.from({ length: span * span }, (_, n) => `${column + (n % span)},${row + Math.floor(n / span)}`),
      );
      expect(new Set(taken).size).toBe(side * side);
      expect(taken.length).toBe(side * side);
    }
  });

  it('begins with the smallest layout that shows all', () => {
    expect([0, 1, 2, 4, 5, 9, 10, 16, 40].map(layoutFor)).toEqual([
      'one',
      'one',
      'four',
      'four',
      'nine',
      'nine',
      'sixteen',
      'sixteen',
      'sixteen',
    ]);
    expect(arranged(Array.from({ length: 20 }, (_, n) => `camera/a/${n}`)).places.length).toBe(16);
  });

  it('is walked by arrows: over the large picture to what lies beside it, and no farther than its edge', () => {
    expect(neighbour('nine', 4, 'left')).toBe(3);
    expect(neighbour('nine', 0, 'left')).toBe(0);
    expect(neighbour('nine', 8, 'down')).toBe(8);
    expect(neighbour('main_five', 0, 'right')).toBe(1);
    expect(neighbour('main_five', 0, 'down')).toBe(3);
    expect(neighbour('main_five', 2, 'left')).toBe(0);
    expect(neighbour('main_five', 4, 'up')).toBe(0);
  });

  it('puts a camera in one place only, and changes places with what is there', () => {
    const wall = arranged(['a', 'b', 'c']);
    expect(placed(wall, 0, 'c').places.slice(0, 3)).toEqual(['c', 'b', 'a']);
    expect(placed(wall, 5, 'd').places).toEqual(['a', 'b', 'c', null, null, 'd']);
    expect(placed(wall, 1, null).places).toEqual(['a', null, 'c']);
    expect(swapped(wall, 0, 3).places).toEqual([null, 'b', 'c', 'a']);
  });

  it('shows nothing that may no longer be watched, and forgets nothing in a smaller layout', () => {
    const wall = { ...arranged(['a', 'b', 'c', 'd']), layout: 'one' as const };
    expect(shownIn(wall, new Set(['a', 'b']))).toEqual(['a']);
    expect(shownIn({ ...wall, layout: 'four' }, new Set(['b', 'c', 'd']))).toEqual([null, 'b', 'c', 'd']);
  });

  it('reads back what it kept, and takes nothing else for it', () => {
    const wall = arranged(['a', 'b']);
    expect(readArrangement(JSON.stringify(wall))).toEqual(wall);
    for (const text of [null, '', '{', '[]', '{"layout":"hundred","places":[]}', '{"layout":"one"}']) {
      expect(readArrangement(text)).toBeNull();
    }
    expect(readArrangement('{"layout":"one","places":[7,"a"]}')?.places).toEqual([null, 'a']);
  });
});

describe('addresses', () => {
  it('name a camera by its device, and a source by its id', () => {
    const camera = { kind: 'camera', device_id: 'caixa-1', camera_id: 'plaça nova' } as const;
    expect(targetOf(keyOfTarget(camera))).toEqual(camera);
    expect(pageOf(camera)).toBe('/live/camera/caixa-1/pla%C3%A7a%20nova');
    expect(addressOf(camera, 'whep', { stream: 'sub' })).toBe(
      '/api/v1/cameras/pla%C3%A7a%20nova/whep?device_id=caixa-1&stream=sub',
    );
    expect(addressOf({ kind: 'source', source_id: '0199' }, 'whep')).toBe('/api/v1/live/sources/0199/whep');
    expect([targetOf('camera/a'), targetOf('source/a/b'), targetOf('x/y/z'), targetOf('')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('keep a token where no server sees it, and take it out of the address bar', () => {
    const address = new URL(publishPage('https://sala.example', '0199', 'a+b/c'));
    expect([address.pathname, address.search]).toEqual(['/publish/0199', '']);
    window.history.replaceState(null, '', address.pathname + address.hash);
    expect(takeToken(window, '0199')).toBe('a+b/c');
    expect(window.location.hash).toBe('');
    expect([takeToken(window, '0199'), takeToken(window, '0200')]).toEqual(['a+b/c', null]);
  });

  it('of an address that was cut off in the middle of a sign is none', () => {
    window.location.hash = '#abc%E2%8';
    expect(takeToken(window, '0201')).toBeNull();
  });
});

const OFFER = ['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:0', 'a=ice-ufrag:Fr4g', 'a=ice-pwd:pA55', ''].join(
  '\r\n',
);

describe('session descriptions', () => {
  it('carry later candidates in a fragment that says whose they are', () => {
    const lines = fragmentOf(OFFER, [{ candidate: 'candidate:1 1 udp 1 10.0.0.2 9 typ host', sdpMid: '0' }]).split(
      '\r\n',
    );
    expect(lines).toEqual([
      'a=ice-ufrag:Fr4g',
      'a=ice-pwd:pA55',
      'm=video 9 UDP/TLS/RTP/SAVPF 0',
      'a=mid:0',
      'a=candidate:1 1 udp 1 10.0.0.2 9 typ host',
      '',
    ]);
    expect(fragmentOf(OFFER, [])).toContain('a=end-of-candidates');
  });

  it('may answer without taking the video', () => {
    expect(takesVideo(OFFER)).toBe(true);
    expect(takesVideo(OFFER.replace('m=video 9', 'm=video 0'))).toBe(false);
    expect(takesVideo(`${OFFER}a=inactive\r\n`)).toBe(false);
    expect(takesVideo('v=0\r\n')).toBe(false);
  });
});

const entries = (bytes: number, lost: number, decoded: number): Parameters<typeof sampleOf>[0] => [
  { type: 'codec', id: 'c1', mimeType: 'video/H264' },
  { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.02 },
  {
    type: 'inbound-rtp',
    kind: 'video',
    codecId: 'c1',
    frameWidth: 1280,
    frameHeight: 720,
    bytesReceived: bytes,
    packetsReceived: bytes / 1000,
    packetsLost: lost,
    framesReceived: 100,
    framesDecoded: decoded,
    jitter: 0.004,
    jitterBufferDelay: decoded / 20,
    jitterBufferEmittedCount: decoded,
  },
];

describe('statistics', () => {
  it('are rates between two looks', () => {
    const first = sampleOf(entries(100_000, 0, 50), 1_000);
    const second = sampleOf(entries(300_000, 50, 75), 2_000);
    if (!first || !second) throw new Error('no sample');
    expect(statsOf(first, null)).toMatchObject({ bits_s: null, codec: 'H264', round_trip_s: 0.02 });
    const stats = statsOf(second, first);
    expect([stats.bits_s, stats.fps, stats.lost]).toEqual([1_600_000, 25, 0.2]);
    expect(stats.buffer_s).toBeCloseTo(0.05);
    expect(sampleOf([], 1)).toBeNull();
  });

  it('betray a codec that was agreed on and cannot be shown', () => {
    const [good, bad] = [sampleOf(entries(1, 0, 90), 1), sampleOf(entries(1, 0, 0), 1)];
    expect([good && isUndecodable(good), bad && isUndecodable(bad)]).toEqual([false, true]);
  });

  it('of a telephone begin anew with each connection', () => {
    const sent = (bytesSent: number): Parameters<typeof outgoingOf>[0] => [
      { type: 'outbound-rtp', kind: 'video', bytesSent, frameWidth: 720, frameHeight: 1280, framesPerSecond: 24 },
    ];
    const first = outgoingOf(sent(1_000), 1_000, null);
    const second = outgoingOf(sent(251_000), 2_000, first);
    expect([first?.bits_s, second?.bits_s]).toEqual([null, 2_000_000]);
    expect(outgoingOf(sent(500), 3_000, second)?.bits_s).toBeNull();
  });
});

describe('what is drawn over a picture', () => {
  const on = { device_id: 'caixa-1', camera_id: 'placa' };

  it('are the objects of the open alerts of that camera, the newest first', () => {
    const alerts: Alert[] = [
      alertOf(3),
      alertOf(1),
      alertOf(2, { state: 'closed' }),
      alertOf(4, { over_since: '2026-03-14T02:00:00Z' }),
      alertOf(5, { camera_id: 'port' }),
    ];
    expect(boxesOf(alerts, on).map((box) => box.key)).toEqual(['alert-1/0', 'alert-3/0']);
  });

  it('says what is missing before the ground that a drone films can be drawn', () => {
    const known = {
      relative_altitude_m: 60,
      gimbal_pitch_deg: -45,
      gimbal_yaw_deg: null,
      heading_deg: 90,
      view_deg: 70,
    };
    const at = (change: object): Parameters<typeof unknownOf>[0] =>
      ({ ...known, ...change }) as Parameters<typeof unknownOf>[0];
    expect(unknownOf(at({}))).toEqual([]);
    expect(unknownOf(at({ relative_altitude_m: null, heading_deg: null }))).toEqual(['height', 'direction']);
    expect(unknownOf(at({ view_deg: null }))).toEqual(['view']);
  });
});
