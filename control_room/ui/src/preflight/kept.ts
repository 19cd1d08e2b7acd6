/** What the browser keeps for the time without a network: the zones and permissions of the town, and the last answers. */
import type { components } from '../api/schema';

type Schemas = components['schemas'];

export type Pack = Schemas['PreflightPack'];
export type Answer = Schemas['PreflightAnswer'];
export type Wanted = Schemas['PreflightQuestion'];
export type Ring = [number, number][];

/** An answer with the question that it is of. */
export interface Kept {
  wanted: Wanted;
  answer: Answer;
}

const DATABASE = 'talaia-preflight';
const STORE = 'kept';
export const ANSWERS_KEPT = 10;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => {
      resolve(asked.result);
    };
    asked.onerror = () => {
      reject(asked.error ?? new Error(DATABASE));
    };
  });
}

function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  return open().then(
    (database) =>
      new Promise<T>((resolve, reject) => {
        const changes = database.transaction(STORE, mode);
        const asked = ask(changes.objectStore(STORE));
        asked.onsuccess = () => {
          resolve(asked.result as T);
        };
        asked.onerror = () => {
          reject(asked.error ?? new Error(DATABASE));
        };
        changes.oncomplete = () => {
          database.close();
        };
      }),
  );
}

/** Null where nothing is kept, or the browser keeps nothing. */
export async function read<T>(key: 'pack' | 'answers'): Promise<T | null> {
  try {
    return (await run<T | undefined>('readonly', (store) => store.get(key))) ?? null;
  } catch {
    return null;
  }
}

/** Whether it was kept: a browser may refuse. */
export async function keep(key: 'pack' | 'answers', value: unknown): Promise<boolean> {
  try {
    await run('readwrite', (store) => store.put(value, key));
    return true;
  } catch {
    return false;
  }
}

/** Nothing of the room stays in the browser of somebody who has left it. */
export async function forget(): Promise<void> {
  try {
    await run('readwrite', (store) => store.clear());
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

/** Whether a place lies in a ring, by the number of edges to the east of it. */
export function isIn(ring: Ring, [lon, lat]: [number, number]): boolean {
  let inside = false;
  for (let index = 0; index + 1 < ring.length; index += 1) {
    const [aLon, aLat] = ring[index] ?? [0, 0];
    const [bLon, bLat] = ring[index + 1] ?? [0, 0];
    if (aLat > lat !== bLat > lat && lon < aLon + ((lat - aLat) * (bLon - aLon)) / (bLat - aLat)) inside = !inside;
  }
  return inside;
}

function cross(a: Ring, b: Ring): boolean {
  const side = (p: [number, number], q: [number, number], r: [number, number]): number =>
    (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  for (let i = 0; i + 1 < a.length; i += 1) {
    for (let j = 0; j + 1 < b.length; j += 1) {
      const [p, q, r, s] = [a[i], a[i + 1], b[j], b[j + 1]];
      if (!p || !q || !r || !s) continue;
      if (side(p, q, r) * side(p, q, s) < 0 && side(r, s, p) * side(r, s, q) < 0) return true;
    }
  }
  return false;
}

/** Which zones of the pack share ground with an area. It lists only: hours and heights are the room's to reckon. */
export function zonesOver(pack: Pack, ring: Ring): Pack['zones'] {
  const first = ring[0];
  if (!first || ring.length < 4) return [];
  return pack.zones.filter((zone) => {
    const outline = (zone.geometry['coordinates'] as Ring[] | undefined)?.[0];
    const corner = outline?.[0];
    if (!outline || !corner) return false;
    return isIn(outline, first) || isIn(ring, corner) || cross(ring, outline);
  });
}
