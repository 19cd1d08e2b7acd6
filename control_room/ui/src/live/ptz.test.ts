/** Turning a camera, over a room that the test speaks for. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Api } from '../api/client';
import { LiveCalls } from './calls';
import { Turning } from './ptz.svelte';
import type { PtzState } from './types';

const TARGET = { kind: 'camera', device_id: 'quay', camera_id: 'placa' } as const;
const RIGHT = { pan: 1, tilt: 0, zoom: 0 };

let given: unknown[];
let answers: ((answer: Response) => void)[];
let lockedBy: string | null;
let turning: Turning;

const state = (): PtzState => ({
  device_id: 'quay',
  camera_id: 'placa',
  state: 'home',
  since: '2026-03-14T02:00:00Z',
  home: true,
  presets: [],
  trouble: '',
  locked_by: lockedBy,
  held: lockedBy === null,
  locked_until: null,
  return_after_s: 60,
});
const ok = (): Response => Response.json(state());
const held = (): Response => Response.json({ type: 'urn:talaia:problem:camera-held' }, { status: 409 });

beforeEach(() => {
  vi.useFakeTimers();
  given = [];
  answers = [];
  lockedBy = null;
  const room: typeof fetch = async (input) => {
    const request = input as Request;
    if (request.method === 'GET') return ok();
    given.push(request.method === 'DELETE' ? 'let go' : await request.json());
    return new Promise((resolve) => answers.push(resolve));
  };
  turning = new Turning(new LiveCalls(new Api(room, 'http://room.test')), TARGET);
});
afterEach(() => vi.useRealTimers());

const passed = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
async function answer(said: Response): Promise<void> {
  answers.shift()?.(said);
  await passed();
}

describe('turning a camera', () => {
  it('gives each order after the one before was answered: a stop never passes its movement', async () => {
    turning.push(RIGHT);
    turning.release();
    await passed();
    expect(given).toEqual([{ pan: 0.5, tilt: 0, zoom: 0 }]);
    await answer(ok());
    expect(given.at(-1)).toEqual({ stop: true });
  });

  it('orders again while it is held, and lets no orders wait behind a slow answer', async () => {
    turning.push(RIGHT);
    await passed(3_000);
    expect(given.length).toBe(1);
    await answer(ok());
    await passed(700);
    expect(given.length).toBe(2);
    turning.release();
    await answer(ok());
    expect(given.slice(1)).toEqual([{ pan: 0.5, tilt: 0, zoom: 0 }, { stop: true }]);
    await answer(ok());
    await passed(3_000);
    expect(given.length).toBe(3);
  });

  it('says by his name who was quicker, and orders nothing more', async () => {
    turning.push(RIGHT);
    lockedBy = 'anna';
    await passed();
    await answer(held());
    expect([turning.lockedBy, turning.problem?.name]).toEqual(['anna', 'camera-held']);
    await passed(3_000);
    turning.push(RIGHT);
    turning.release();
    await passed();
    expect(given.length).toBe(1);
  });

  it('stops what moves and lets others turn it when the page is left', async () => {
    const leave = turning.follow();
    await passed();
    turning.push(RIGHT);
    leave();
    await passed();
    await answer(ok());
    await answer(ok());
    expect(given.slice(1)).toEqual([{ stop: true }, 'let go']);
  });
});
