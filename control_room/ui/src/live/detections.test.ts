/** Boxes over a live picture: each on the picture it was seen in, never longer than they are true. */
import { beforeEach, describe, expect, it } from 'vitest';

import { BEHIND_S_MAX, Detections, lineOf, secondsAfter, STALE_AFTER_MS } from './detections.svelte';

const TICKS = 90_000;
const WALKER = { label: 'person', confidence: 0.8, track_id: 7, box: [0.1, 0.2, 0.2, 0.6] };

/** What of RTCDataChannel is used here; jsdom has none. */
class Channel extends EventTarget {
  readyState: RTCDataChannelState = 'connecting';
  readonly sent: string[] = [];
  send(said: string): void {
    this.sent.push(said);
  }
  open(): void {
    this.readyState = 'open';
    this.dispatchEvent(new Event('open'));
  }
  say(content: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: content }));
  }
}

let now: number;
let seen: Detections;

beforeEach(() => {
  now = 5_000;
  seen = new Detections(() => now);
});

/** A walker whose left edge is at x, in the picture of that second. */
function line(at_s: number, x: number | null = 0.1, first = 0): string {
  const objects = x === null ? [] : [{ ...WALKER, box: [x, 0.2, x + 0.1, 0.6] }];
  return JSON.stringify({
    rtp_timestamp: Math.round(first + at_s * TICKS) % 2 ** 32,
    captured_at: '2026-11-22T10:00:00Z',
    objects,
  });
}

/** The picture of that second is on the screen. */
const shown = (at_s: number, first = 0): void => seen.presented(Math.round(first + at_s * TICKS) % 2 ** 32);
const lefts = (): number[] => seen.drawn.map(({ box }) => Math.round(box[0] * 1000) / 1000);

describe('boxes over a live picture', () => {
  it('wait for the picture in which they were seen', () => {
    shown(10);
    seen.take(line(10.2));
    expect(seen.drawn).toEqual([]);
    shown(10.16);
    expect(seen.drawn).toEqual([]);
    shown(10.2);
    expect(lefts()).toEqual([0.1]);
    expect(seen.behind_s).toBe(0);
  });

  it('go on with who walks while the analysis is behind the picture, but not for long', () => {
    for (const [at_s, x] of [
      [10, 0.1],
      [10.2, 0.12],
      [10.4, 0.14],
    ] as const) {
      seen.take(line(at_s, x));
    }
    shown(10.4);
    expect(lefts()).toEqual([0.14]);
    shown(10.6);
    expect(lefts()).toEqual([0.16]);
    seen.tick();
    expect([seen.behind_s?.toFixed(2), seen.late_s]).toEqual(['0.20', null]);
    shown(11.6);
    expect(lefts()).toEqual([0.24]);
    seen.tick();
    expect([seen.behind_s?.toFixed(2), seen.late_s]).toEqual(['1.20', 1]);
    shown(10.4 + BEHIND_S_MAX + 0.1);
    expect(seen.drawn).toEqual([]);
  });

  it('go on with who walks also where a busy agent tells of few pictures', () => {
    seen.take(line(10, 0.1));
    seen.take(line(11.2, 0.22));
    shown(11.7);
    expect(lefts()).toEqual([0.27]);
  });

  it('fade after a second without a word, and then go, also when no picture comes any more', () => {
    seen.take(line(10));
    shown(10.1);
    now += STALE_AFTER_MS - 1;
    seen.tick();
    expect([lefts(), seen.isFading]).toEqual([[0.1], false]);
    now += 2;
    seen.tick();
    expect([lefts(), seen.isFading]).toEqual([[0.1], true]);
    now += 500;
    seen.tick();
    expect([lefts(), seen.isFading]).toEqual([[], false]);
  });

  it('go at once when the agent says that there is nothing any more', () => {
    shown(10);
    seen.take(line(9.8));
    expect(lefts()).toEqual([0.1]);
    seen.take(line(10, null));
    expect(seen.drawn).toEqual([]);
  });

  it('are in time also when timestamps turn over and when lines come out of their order', () => {
    const first = 2 ** 32 - 0.1 * TICKS;
    seen.take(line(0, 0.1, first));
    seen.take(line(0.2, 0.3, first));
    seen.take(line(0.1, 0.2, first));
    shown(0.2, first);
    expect(lefts()).toEqual([0.3]);
    expect(secondsAfter(100, 2 ** 32 - 8_900)).toBeCloseTo(0.1);
  });

  it('are the newest ones where a browser does not say which picture it shows', () => {
    seen.take(line(10, 0.1));
    seen.take(line(10.2, 0.2));
    seen.presented(undefined);
    expect(lefts()).toEqual([0.2]);
    expect(seen.behind_s).toBeNull();
  });

  it('are not made of what is no line', () => {
    const wrong = [
      '',
      'null',
      '{}',
      line(10).replace('0.8', '1.8'),
      line(10).replace('"person"', '7'),
      line(10).replace('[0.1,', '["0.1",'),
      line(10).padEnd(9_000),
      JSON.stringify({ rtp_timestamp: 1, objects: Array.from({ length: 51 }, () => WALKER) }),
      new ArrayBuffer(8),
    ];
    for (const content of wrong) expect(lineOf(content, now)).toBeNull();
    expect(lineOf(line(10), now)?.objects).toHaveLength(1);
  });

  it('are asked for and refused without a new connection, and are none of a connection that is over', () => {
    const channels: Channel[] = [];
    const peer = {
      createDataChannel: (): Channel => {
        channels.push(new Channel());
        return channels.at(-1) as Channel;
      },
    } as unknown as RTCPeerConnection;
    seen.want(false);
    seen.ask(peer);
    channels[0]?.open();
    expect(channels[0]?.sent).toEqual(['{"wanted":false}']);
    seen.want(true);
    seen.want(true);
    channels[0]?.say(line(10));
    expect(lefts()).toEqual([0.1]);
    seen.want(false);
    expect(seen.drawn).toEqual([]);
    channels[0]?.say(line(10.2));
    expect([seen.drawn, channels[0]?.sent]).toEqual([[], ['{"wanted":false}', '{"wanted":true}', '{"wanted":false}']]);
    seen.want(true);
    seen.ask(peer);
    channels[1]?.open();
    channels[0]?.say(line(10.4));
    expect([seen.drawn, channels[1]?.sent]).toEqual([[], []]);
  });

  it('are counted for who does not see them, not more often than one can listen to', () => {
    const told: unknown[] = [];
    for (let second = 0; second < 30; second += 1) {
      now += 1_000;
      seen.take(line(second, second < 4 ? null : 0.1));
      shown(second);
      seen.tick();
      if (told.at(-1) !== seen.counted) told.push(seen.counted);
      if (second === 4) seen.take(line(second + 0.1, null));
    }
    expect(told).toEqual([[], [['person', 1]]]);
  });
});
