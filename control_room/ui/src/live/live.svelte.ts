import type { Api, Problem } from '../api/client';
import { LiveCalls, addressOf, type StreamName } from './calls';
import { Gate } from './gate';
import { IceServers } from './ice';
import type { MakePeer } from './peer';
import { keyOfTarget, type Target } from './targets';
import type { LiveItem } from './types';
import { LivePlayer } from './whep.svelte';

const LOOK_EVERY_MS = 5_000;
/** Tiles that may wait for their cameras at the same time; what a person asked for by name does not wait for them. */
const TILES_AT_ONCE = 3;

export interface LiveDeps {
  api: Api;
  makePeer: MakePeer;
  steady: () => number;
  chance: () => number;
}

export interface PlayerChoice {
  stream: StreamName;
  /** The alert from which the picture is opened. */
  alert_id?: string;
  /** Whether what the agent sees in the pictures is asked for too. */
  detections?: boolean;
}

/** Everything that can be watched now, and the players that do. */
export class Live {
  readonly calls: LiveCalls;
  readonly ice: IceServers;
  items: LiveItem[] = $state.raw([]);
  loaded = $state(false);
  problem: Problem | null = $state.raw(null);
  /** Why the room has no live video at all. */
  fault: string | null = $state(null);
  readonly byKey = $derived(new Map(this.items.map((item) => [keyOfItem(item), item])));

  readonly #deps: LiveDeps;
  readonly #gate = new Gate(TILES_AT_ONCE);
  readonly #running = new Set<LivePlayer>();
  #followers = 0;
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor(deps: LiveDeps) {
    this.#deps = deps;
    this.calls = new LiveCalls(deps.api);
    this.ice = new IceServers(deps.api, deps.steady);
  }

  player(target: Target, { stream, alert_id, detections = false }: PlayerChoice): LivePlayer {
    const asked = { ...(target.kind === 'camera' && { stream }), ...(alert_id && { alert_id }) };
    return new LivePlayer(
      {
        ...this.#deps,
        ice: this.ice,
        admit: (act) => (stream === 'sub' ? this.#gate.through(act) : act()),
        running: this.#running,
      },
      addressOf(target, 'whep', asked),
      detections && target.kind === 'camera',
    );
  }

  /** Not what this person may not watch; before the list is known, the room says it when it is asked. */
  mayOffer(target: Target): boolean {
    return !this.loaded || this.byKey.has(keyOfTarget(target));
  }

  /** Asks for the list now and then, while a page shows it. */
  follow(): () => void {
    this.#followers += 1;
    if (this.#followers === 1) {
      void this.load();
      this.#looking = setInterval(() => {
        if (!document.hidden) void this.load();
      }, LOOK_EVERY_MS);
    }
    return () => {
      this.#followers -= 1;
      if (this.#followers === 0) clearInterval(this.#looking);
    };
  }

  async load(): Promise<void> {
    const answer = await this.calls.list();
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.items = answer.data.items.filter((item) => item.may_watch);
    this.fault = answer.data.server.fault;
    this.loaded = true;
  }

  /** A page that is left must not go on being a viewer. One that comes back out of the browser's memory goes on. */
  watch(page: Window): () => void {
    let resting: LivePlayer[] = [];
    const hide = (): void => {
      resting = [...this.#running];
      for (const player of resting) player.stop();
    };
    const show = (): void => {
      for (const player of resting) player.start();
      resting = [];
    };
    page.addEventListener('pagehide', hide);
    page.addEventListener('pageshow', show);
    return () => {
      page.removeEventListener('pagehide', hide);
      page.removeEventListener('pageshow', show);
      for (const player of [...this.#running]) player.stop();
    };
  }

  /** Nobody is signed in any more. */
  clear(): void {
    for (const player of [...this.#running]) player.stop();
    this.ice.forget();
    this.items = [];
    this.loaded = false;
    this.problem = null;
  }
}

export function targetOfItem(item: LiveItem): Target {
  return item.source_id !== null
    ? { kind: 'source', source_id: item.source_id }
    : { kind: 'camera', device_id: item.device_id ?? '', camera_id: item.camera_id ?? '' };
}

export const keyOfItem = (item: LiveItem): string => keyOfTarget(targetOfItem(item));

const UNSEEN: ReadonlySet<LiveItem['state']> = new Set(['dark', 'offline', 'unknown']);

/** By name; what shows nothing now comes last. */
export function sorted(items: readonly LiveItem[], language: string): LiveItem[] {
  const rank = (item: LiveItem): number => Number(UNSEEN.has(item.state));
  return [...items].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, language));
}
