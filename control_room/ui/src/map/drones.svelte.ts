import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';

import type { Api } from '../api/client';
import type { Room } from '../stream/room.svelte';
import { droneOf, extended, pointOf, TAIL_S, type Drone, type TailPoint } from './drones';

/** The ways of all drones: asked for once when the map opens, then kept by what the stream tells. */
export class Ways {
  readonly #tails = new SvelteMap<string, TailPoint[]>();
  readonly #asked = new Set<string>();
  readonly #room: Room;
  readonly #api: Api;

  constructor(room: Room, api: Api) {
    this.#room = room;
    this.#api = api;
  }

  get drones(): Drone[] {
    return [...this.#room.positions.values()]
      .map((position) => droneOf(position, this.#tails.get(position.device_id) ?? []))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Takes in where they are now; the way that each came is asked for when it is first seen. */
  follow(): void {
    for (const position of this.#room.positions.values()) {
      this.#add(position.device_id, [pointOf(position)]);
      if (!this.#asked.has(position.device_id)) {
        this.#asked.add(position.device_id);
        void this.#ask(position.device_id, position.at);
      }
    }
  }

  async #ask(device_id: string, at: string): Promise<void> {
    const since = new Date(Date.parse(at) - TAIL_S * 1000).toISOString();
    const answer = await this.#api.positions(device_id, since);
    if (answer.ok) this.#add(device_id, answer.data.items);
  }

  /** What it adds to is not followed: whoever follows positions would be called by his own word, without end. */
  #add(device_id: string, points: TailPoint[]): void {
    const tail = untrack(() => this.#tails.get(device_id) ?? []);
    this.#tails.set(device_id, extended(tail, points));
  }
}
