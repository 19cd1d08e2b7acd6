/** A person's walls at two desks, over a room that the test speaks for. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fetchWith, type Sent } from '../../tests/room';
import { Api } from '../api/client';
import { LiveCalls } from './calls';
import type { KeptWall } from './types';
import { Wall } from './wall.svelte';

const FIRST = 'La meva paret';
const KEY = 'talaia.wall.marta';
const [A, B, C] = ['camera/quay/a', 'camera/quay/b', 'camera/quay/c'];
const OFFERED = [A, B, C];

/** The room's side, as docs of the route say. */
class RoomOfTests {
  walls: KeptWall[] = [];
  sent: Sent[] = [];
  isAway = false;
  readonly calls = new LiveCalls(
    new Api((input) => {
      if (this.isAway) return Promise.reject(new TypeError('away'));
      const { fetch: answer, sent } = fetchWith((one) => this.#answer(one));
      return answer(input).finally(() => this.sent.push(...sent));
    }, 'http://room.test'),
  );

  /** A wall as another desk, or an administrator, left it. */
  has(name: string, places: (string | null)[], more: Partial<KeptWall> = {}): void {
    const wall = { name, shared: false, layout: 'four' as const, places, version: 1, changed_by: 'marta' };
    this.walls.push({ ...wall, changed_at: '2026-03-14T02:00:00Z', ...more });
  }

  get puts(): [string, unknown][] {
    return this.sent.filter((one) => one.method === 'PUT').map((one) => [decodeURI(one.path), one.body]);
  }

  #answer({ method, path, body }: Sent): { status?: number; body?: unknown } {
    if (method === 'GET') return { body: { items: this.walls, own_most: 20 } };
    const [, room, shared, end = ''] = /^(\/api\/v1\/walls\/)(shared\/)?(.*)$/.exec(path) ?? [];
    const name = decodeURIComponent(end);
    const at = this.walls.findIndex((one) => one.name === name && one.shared === Boolean(shared));
    const known = this.walls[at];
    if (!room || (method === 'DELETE' && !known)) return problem(404, 'no-such-wall');
    if (method === 'DELETE') {
      this.walls = this.walls.filter((one) => one !== known);
      return { status: 204 };
    }
    const { version, ...wanted } = body as { version: number | null; layout: KeptWall['layout']; places: string[] };
    if (version === null ? known : known && known.version !== version) return problem(409, 'wall-changed', known);
    if (version !== null && !known) return problem(404, 'no-such-wall');
    const kept = { name, shared: Boolean(shared), ...wanted, version: (version ?? 0) + 1 };
    const told = { ...kept, changed_at: '2026-03-14T03:00:00Z', changed_by: 'marta' };
    this.walls = [...this.walls.filter((one) => one !== known), told];
    return { body: told };
  }
}

const problem = (status: number, name: string, wall?: KeptWall): { status: number; body: unknown } => ({
  status,
  body: { type: `urn:talaia:problem:${name}`, title: '', status, ...(wall && { wall }) },
});

/** A browser's storage, as each desk has one. */
class Desk {
  readonly #kept = new Map<string, string>();
  getItem = (key: string): string | null => this.#kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.#kept.set(key, value);
  removeItem = (key: string): void => void this.#kept.delete(key);
}

let room: RoomOfTests;
let desk: Desk;

beforeEach(() => {
  vi.useFakeTimers();
  room = new RoomOfTests();
  desk = new Desk();
});
afterEach(() => vi.useRealTimers());

async function sat(at = desk): Promise<Wall> {
  const wall = new Wall(room.calls, at as unknown as Storage, 'marta', FIRST);
  await wall.load();
  wall.begin(OFFERED);
  return wall;
}
const later = (ms = 1_000): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('a wall', () => {
  it('shows everything there is until somebody arranges it, and keeps nothing of that', async () => {
    const wall = await sat();
    await later();
    expect([wall.name, wall.shown(OFFERED), room.puts]).toEqual([null, [A, B, C, null], []]);
  });

  it('is kept by the room once it is arranged, several changes at once, and is there at the next desk', async () => {
    const wall = await sat();
    wall.swap(0, 2, OFFERED);
    wall.choose('nine', OFFERED);
    await later();
    expect(room.puts).toEqual([[`/api/v1/walls/${FIRST}`, { layout: 'nine', places: [C, B, A], version: null }]]);
    expect([wall.isChanged, wall.name]).toEqual([false, FIRST]);
    const next = await sat(new Desk());
    expect([next.name, next.arrangement(OFFERED).layout, next.shown(OFFERED).slice(0, 3)]).toEqual([
      FIRST,
      'nine',
      [C, B, A],
    ]);
    next.place(1, null, OFFERED);
    await later();
    expect(room.puts.at(-1)).toEqual([`/api/v1/walls/${FIRST}`, { layout: 'nine', places: [C, null, A], version: 1 }]);
  });

  it('opens at a new desk with the one of his own that was changed last', async () => {
    room.has('Dia', [A]);
    room.has('Nit', [B], { changed_at: '2026-03-14T02:30:00Z' });
    room.has('Festa', [C], { shared: true, changed_at: '2026-03-14T02:45:00Z' });
    expect((await sat()).name).toBe('Nit');
    room.walls = room.walls.filter((one) => one.shared);
    expect((await sat(new Desk())).name).toBe('Festa');
  });

  it('takes along what a browser has from before, once, and not what the room has already', async () => {
    desk.setItem(KEY, JSON.stringify({ layout: 'four', places: [C, A, 'nonsense', A] }));
    const wall = await sat();
    expect(room.puts).toEqual([
      [`/api/v1/walls/${FIRST}`, { layout: 'four', places: [C, A, null, null], version: null }],
    ]);
    expect(wall.isChanged).toBe(false);
    await sat();
    expect(room.puts.length).toBe(1);
    const other = new Desk();
    other.setItem(KEY, JSON.stringify({ layout: 'four', places: [C, A] }));
    expect((await sat(other)).name).toBe(FIRST);
    const third = new Desk();
    third.setItem(KEY, JSON.stringify({ layout: 'one', places: [B] }));
    expect((await sat(third)).name).toBe(`${FIRST} 2`);
    expect(room.walls.map((one) => one.name)).toEqual([FIRST, `${FIRST} 2`]);
  });

  it('is kept later where the room is away, also by a page that was loaded anew', async () => {
    room.isAway = true;
    const wall = await sat();
    wall.swap(0, 1, OFFERED);
    await later();
    expect([wall.isChanged, wall.problem?.status]).toEqual([true, 0]);
    room.isAway = false;
    const anew = await sat();
    expect([anew.isChanged, anew.problem, anew.shown(OFFERED)]).toEqual([false, null, [B, A, C, null]]);
    expect(room.walls[0]?.places).toEqual([B, A, C]);
  });

  it('is tried again by itself while the page is open', async () => {
    const wall = new Wall(room.calls, desk as unknown as Storage, 'marta', FIRST);
    room.isAway = true;
    const leave = wall.follow();
    await later();
    wall.begin(OFFERED);
    wall.place(0, null, OFFERED);
    await later();
    room.isAway = false;
    await later(16_000);
    expect([wall.isChanged, wall.problem, room.walls.length]).toEqual([false, null, 1]);
    leave();
  });

  it('says so where another desk was faster, and shows what is kept', async () => {
    room.has('Nit', [A, B]);
    const [one, other] = [await sat(), await sat(new Desk())];
    one.swap(0, 1, OFFERED);
    await later();
    other.place(0, C, OFFERED);
    await later();
    expect([other.wasOvertaken, other.isChanged, other.shown(OFFERED)]).toEqual([true, false, [B, A, null, null]]);
    other.place(0, C, OFFERED);
    await later();
    expect([other.wasOvertaken, room.walls[0]?.places]).toEqual([false, [C, A]]);
  });

  it('that was deleted at another desk while it is being arranged is kept anew', async () => {
    room.has('Nit', [A, B]);
    const wall = await sat();
    room.walls = [];
    wall.swap(0, 1, OFFERED);
    await later(3_000);
    expect([wall.isChanged, room.walls.map((one) => [one.name, one.places])]).toEqual([false, [['Nit', [B, A]]]]);
  });

  it('of the room is changed for all only by who says so', async () => {
    room.has('Festa', [A, B], { shared: true });
    const wall = await sat();
    wall.swap(0, 1, OFFERED);
    await later();
    expect([wall.isChanged, wall.isShared, room.puts]).toEqual([true, true, []]);
    expect(await wall.keepAs('Meva', false)).toBeNull();
    expect([wall.name, wall.isShared, wall.isChanged]).toEqual(['Meva', false, false]);
    const [festa] = room.walls.filter((one) => one.shared);
    if (festa) await wall.show(festa);
    expect(wall.shown(OFFERED)).toEqual([A, B, null, null]);
    wall.choose('one', OFFERED);
    expect(await wall.keepAs('festa'.replace('f', 'F'), true)).toBeNull();
    expect(room.walls.find((one) => one.shared)).toMatchObject({ layout: 'one', version: 2 });
  });

  it('keeps its name where that is taken, and says so', async () => {
    room.has('Nit', [A]);
    room.has('Dia', [B]);
    const wall = await sat();
    expect((await wall.keepAs('Dia', false))?.name).toBe('wall-changed');
    expect([wall.name, room.walls.find((one) => one.name === 'Dia')?.places]).toEqual(['Nit', [B]]);
  });

  it('gives its place to another when it is deleted', async () => {
    room.has('Nit', [A], { changed_at: '2026-03-14T02:30:00Z' });
    room.has('Dia', [B]);
    const wall = await sat();
    if (wall.kept) expect(await wall.remove(wall.kept)).toBeNull();
    expect([wall.name, room.walls.map((one) => one.name)]).toEqual(['Dia', ['Dia']]);
    if (wall.kept) expect(await wall.remove(wall.kept)).toBeNull();
    expect([wall.name, wall.shown(OFFERED)]).toEqual([null, [A, B, C, null]]);
  });

  it('does not leave the screen while a change of it could not be kept', async () => {
    room.has('Nit', [A, B], { changed_at: '2026-03-14T02:30:00Z' });
    room.has('Dia', [C]);
    const wall = await sat();
    wall.swap(0, 1, OFFERED);
    room.isAway = true;
    const [, dia] = wall.items;
    if (dia) await wall.show(dia);
    expect([wall.name, wall.isChanged, wall.problem?.status]).toEqual(['Nit', true, 0]);
  });
});
