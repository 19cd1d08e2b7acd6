import type { Api, Problem } from '../api/client';
import type { Alert, AlertDetail } from '../api/types';
import { Kept } from '../holds/kept.svelte';
import type { Room } from '../stream/room.svelte';
import type { Actions } from './actions.svelte';

/** Going down the list with `j` held asks for the alert that it stops at, not for each on the way. */
const SETTLE_MS = 150;

/** One alert with its evidence and history: the room's live row, with what only the server tells. */
export class AlertDetails {
  readonly #api: Api;
  readonly #room: Room;
  readonly #actions: Actions;
  readonly kept: Kept;
  problem: Problem | null = $state(null);

  constructor(api: Api, room: Room, actions: Actions) {
    this.#api = api;
    this.#room = room;
    this.#actions = actions;
    this.kept = new Kept(api);
  }

  detail(id: string): AlertDetail | undefined {
    return this.#actions.details.get(id);
  }

  /** The newest word about the alert, from the stream or from an answer. */
  alert(id: string): Alert | undefined {
    const live = this.#room.alerts.get(id);
    const detail = this.detail(id);
    if (!live || !detail) return live ?? detail;
    return live.version >= detail.version ? live : detail;
  }

  /** Changes when the live row does. */
  stamp(id: string): string {
    const live = this.#room.alerts.get(id);
    if (!live) return '';
    const { version, over_since, clip_url, snapshot_url, snapshot_annotated_url } = live;
    return [version, over_since, clip_url, snapshot_url, snapshot_annotated_url].join(' ');
  }

  /** Asks for the alert; the returned function forgets the question. */
  load(id: string, atOnce: boolean): () => void {
    let isWanted = true;
    this.problem = null;
    const ask = async (): Promise<void> => {
      void this.kept.load(id);
      const answer = await this.#api.alert(id);
      if (!isWanted) return;
      if (answer.ok) this.#actions.details.set(id, answer.data);
      else this.problem = answer.problem;
    };
    const timer = setTimeout(() => void ask(), atOnce ? 0 : SETTLE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }
}
