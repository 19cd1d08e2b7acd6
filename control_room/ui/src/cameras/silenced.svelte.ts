import type { Api } from '../api/client';
import type { Silenced } from '../api/types';
import { cameraKey } from '../stream/room.svelte';

const ASK_AGAIN_MS = 60_000;

/** What rules found today and did not tell, by camera. */
export class SilencedToday {
  readonly #api: Api;
  byCamera = $state.raw(new Map<string, Silenced[]>());
  hasFailed = $state(false);

  constructor(api: Api) {
    this.#api = api;
  }

  /** Until the function that it gives is called. */
  start(): () => void {
    void this.load();
    const timer = setInterval(() => void this.load(), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }

  async load(): Promise<void> {
    const answer = await this.#api.silenced();
    this.hasFailed = !answer.ok;
    if (!answer.ok) return;
    const byCamera = new Map<string, Silenced[]>();
    for (const item of answer.data.items) {
      const key = cameraKey(item);
      byCamera.set(key, [...(byCamera.get(key) ?? []), item]);
    }
    this.byCamera = byCamera;
  }
}
