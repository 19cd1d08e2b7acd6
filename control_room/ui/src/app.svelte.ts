import { createContext } from 'svelte';

import { Actions } from './alert/actions.svelte';
import { Api } from './api/client';
import type { Town } from './api/types';
import { Clock } from './clock.svelte';
import { Alarm } from './feed/alarm.svelte';
import { WebAudioBell } from './feed/bell.svelte';
import { Feed } from './feed/feed.svelte';
import { Uploads } from './flights/uploads.svelte';
import { i18n } from './i18n/i18n.svelte';
import { Keys } from './keys';
import { Live } from './live/live.svelte';
import type { MakePeer } from './live/peer';
import { Preferences } from './preferences.svelte';
import { Router } from './router.svelte';
import { Session } from './session/session.svelte';
import { Room } from './stream/room.svelte';
import { StreamSource, type EventStream } from './stream/source';
import { Toasts } from './toasts.svelte';

export interface AppDeps {
  page: Window;
  fetch: typeof fetch;
  openStream: (address: string) => EventStream;
  storage: Storage;
  /** Draws a change of the page: soon, together with others. */
  schedule: (flush: () => void) => void;
  now: () => number;
  /** A connection for live video. */
  makePeer: MakePeer;
}

/** Everything that the screens share, put together once. */
export class App {
  readonly api: Api;
  readonly router: Router;
  readonly preferences: Preferences;
  readonly clock: Clock;
  readonly session: Session;
  readonly room: Room;
  readonly feed: Feed;
  readonly alarm: Alarm;
  readonly bell: WebAudioBell;
  readonly actions: Actions;
  readonly keys: Keys;
  readonly uploads: Uploads;
  readonly live: Live;
  readonly storage: Storage;
  readonly makePeer: MakePeer;
  readonly toasts = new Toasts();
  readonly stream: StreamSource;
  town: Town | null = $state(null);
  helpOpen = $state(false);

  constructor(deps: AppDeps) {
    this.api = new Api(deps.fetch, deps.page.location.origin);
    this.router = new Router(deps.page);
    this.preferences = new Preferences(deps.storage);
    this.clock = new Clock(deps.now);
    this.session = new Session(this.api);
    this.room = new Room(
      {
        schedule: deps.schedule,
        onHeartbeat: (at) => this.clock.told(at),
        onMissing: (ids) => void this.#ask(ids),
      },
      deps.now,
    );
    this.feed = new Feed(this.room, this.api);
    this.bell = new WebAudioBell(() => deps.page.navigator.userActivation.hasBeenActive);
    this.alarm = new Alarm(this.room, this.bell, this.preferences);
    this.actions = new Actions(this.api, this.room, this.toasts);
    this.uploads = new Uploads({ api: this.api, isOnline: () => deps.page.navigator.onLine });
    this.live = new Live({
      api: this.api,
      makePeer: deps.makePeer,
      steady: () => deps.page.performance.now(),
      chance: Math.random,
    });
    this.storage = deps.storage;
    this.makePeer = deps.makePeer;
    this.keys = new Keys(() => this.preferences.singleKeys);
    this.stream = new StreamSource(
      deps.openStream,
      {
        onEvent: (kind, data) => this.room.receive(kind, data),
        onHealth: (health) => (this.room.health = health),
        mayRetry: async () => (await this.session.check()) !== 'ended',
      },
      deps.now,
    );
  }

  /** A person has signed in: bring the room to the screen. */
  enter(): void {
    this.stream.start();
    void this.#loadTown();
    void this.live.load();
  }

  /** Nobody is signed in any more: nothing of the room stays on the screen. */
  leave(): void {
    this.stream.stop();
    this.room.clear();
    this.feed.clear();
    this.toasts.dismiss();
    this.bell.stop();
    this.uploads.clear();
    this.live.clear();
  }

  async #loadTown(): Promise<void> {
    const answer = await this.api.town();
    if (!answer.ok) return;
    this.town = answer.data;
    i18n.timeZone = answer.data.time_zone;
  }

  async #ask(ids: string[]): Promise<void> {
    for (const id of ids) {
      const answer = await this.api.alert(id);
      if (answer.ok) this.room.put(answer.data);
      else if (answer.problem.status === 404) this.room.alerts.delete(id);
    }
  }
}

export const [useApp, provideApp] = createContext<App>();

/** An animation frame where one will come; a hidden tab gets none, but must ring all the same. */
export function scheduleFrame(flush: () => void): void {
  if (document.visibilityState === 'visible') requestAnimationFrame(flush);
  else setTimeout(flush, 0);
}
