import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Line } from '../../tests/room';
import { StreamSource, type Health } from './source';

let lines: Line[];
let heard: [string, unknown][];
let health: Health[];
let mayRetry: boolean;
let source: StreamSource;

const last = (): Line => lines.at(-1) as Line;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  heard = [];
  health = [];
  mayRetry = true;
  source = new StreamSource(
    (address) => {
      const line = new Line(address);
      lines.push(line);
      return line;
    },
    {
      onEvent: (kind, data) => heard.push([kind, data]),
      onHealth: (state) => {
        if (health.at(-1) !== state) health.push(state);
      },
      mayRetry: () => Promise.resolve(mayRetry),
    },
    () => Date.now(),
  );
  source.start();
});

afterEach(() => {
  source.stop();
  vi.useRealTimers();
});

it('tells what it hears, and is live from the first word', () => {
  last().say('snapshot', { alerts: [] }, '7');
  expect([heard, health]).toEqual([[['snapshot', { alerts: [] }]], ['connecting', 'live']]);
});

it('is stale after 25 s of silence, opens again where it left off, and is live again', () => {
  last().say('alert', { n: 1 }, '41');
  vi.advanceTimersByTime(24_000);
  last().say('heartbeat', { at: 'x' });
  vi.advanceTimersByTime(24_999);
  expect(health.at(-1)).toBe('live');
  vi.advanceTimersByTime(1);
  expect(health.at(-1)).toBe('stale');
  expect(lines[0]?.isClosed).toBe(true);
  expect(last().address).toBe('/api/v1/stream?last_event_id=41');
  last().say('heartbeat', { at: 'y' });
  expect(health).toEqual(['connecting', 'live', 'stale', 'live']);
});

it('asks for a fresh snapshot after a long gap', async () => {
  last().say('alert', {}, '41');
  for (let i = 0; i < 4; i++) await vi.advanceTimersByTimeAsync(25_000);
  expect(last().address).toBe('/api/v1/stream');
});

it('does not alarm the operator when the line is back at once', async () => {
  last().say('alert', {}, '3');
  last().fail();
  await vi.advanceTimersByTimeAsync(1_000);
  last().say('heartbeat', {});
  await vi.advanceTimersByTimeAsync(6_000);
  expect([health, lines.length]).toEqual([['connecting', 'live'], 2]);
});

it('backs off while the room is away, and says so after 5 s', async () => {
  last().say('alert', {}, '3');
  for (const wait_ms of [1_000, 2_000, 4_000]) {
    last().fail();
    await vi.advanceTimersByTimeAsync(wait_ms - 1);
    const before = lines.length;
    await vi.advanceTimersByTimeAsync(1);
    expect(lines.length).toBe(before + 1);
  }
  expect(health).toEqual(['connecting', 'live', 'stale']);
});

it('stops where the session has ended', async () => {
  mayRetry = false;
  last().fail();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lines.length).toBe(1);
});

it('is offline as soon as the browser says so, and comes back when told to', () => {
  last().say('alert', {}, '3');
  source.networkLost();
  expect([health.at(-1), last().isClosed]).toEqual(['offline', true]);
  source.retryNow();
  last().say('heartbeat', {});
  expect(health.at(-1)).toBe('live');
});

it('hears nothing more of a connection that it gave up', () => {
  const old = last();
  source.retryNow();
  old.say('alert', { late: true }, '9');
  expect(heard).toEqual([]);
});
