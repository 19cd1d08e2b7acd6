import { SvelteSet } from 'svelte/reactivity';

import type { Preferences } from '../preferences.svelte';
import type { Room } from '../stream/room.svelte';
import { isGrave } from './queue';

export interface Bell {
  /** Rings until `stop`; without a gesture of the person browsers refuse, and `blocked` says so. */
  ring(): void;
  stop(): void;
  once(): void;
  readonly blocked: boolean;
}

/** Which alerts ring: grave ones that nobody has taken, until somebody does, or silences them. */
export class Alarm {
  readonly #room: Room;
  readonly #bell: Bell;
  readonly #preferences: Preferences;
  readonly #silenced = new SvelteSet<string>();
  readonly #grave = $derived.by(() =>
    [...this.#room.alerts.values()].filter((alert) => alert.state === 'new' && isGrave(alert)),
  );
  readonly ringing = $derived(this.#grave.filter((alert) => !this.#silenced.has(alert.alert_id)));
  readonly unanswered = $derived.by(
    () => [...this.#room.alerts.values()].filter((alert) => alert.state === 'new').length,
  );

  constructor(room: Room, bell: Bell, preferences: Preferences) {
    this.#room = room;
    this.#bell = bell;
    this.#preferences = preferences;
  }

  get blocked(): boolean {
    return this.#preferences.sound && this.#bell.blocked;
  }

  /** Brings the bell in step; called in an effect. */
  follow(): void {
    if (this.ringing.length > 0 && this.#preferences.sound) this.#bell.ring();
    else this.#bell.stop();
  }

  /** Quiet for the alerts that ring now; the next one rings again. */
  silence(): void {
    for (const alert of this.ringing) this.#silenced.add(alert.alert_id);
  }

  test(): void {
    this.#bell.once();
  }
}
