import type { Problem, Result } from '../api/client';
import {
  arranged,
  isSame,
  placed,
  readArrangement,
  shownIn,
  swapped,
  type Arrangement,
  type LayoutName,
} from './layouts';
import { targetOf } from './targets';
import type { KeptWall, WallList, WantedWall } from './types';

/** What of the room's routes a wall needs. */
export interface WallCalls {
  walls: () => Promise<Result<WallList>>;
  keepWall: (name: string, shared: boolean, wall: WantedWall) => Promise<Result<KeptWall>>;
  forgetWall: (name: string, shared: boolean) => Promise<Result<unknown>>;
}

/** Somebody who puts a wall in order changes it many times. */
const KEEP_AFTER_MS = 800;
const AGAIN_MS = 15_000;

/** The wall on the screen. */
interface Open extends Arrangement {
  /** What it is kept as; null: it is everything there is, and nobody has changed it. */
  name: string | null;
  shared: boolean;
  /** Of the room's copy that it was made of; null: the room has none. */
  version: number | null;
  /** The room does not have it so. */
  isChanged: boolean;
}

const openOf = ({ name, shared, version, layout, places }: KeptWall): Open => ({
  name,
  shared,
  version,
  layout,
  places,
  isChanged: false,
});
const keyOf = (user: string): string => `talaia.wall.${user}`;
const isNamed = (name: string, item: { name: string }): boolean => item.name.toLowerCase() === name.toLowerCase();

/**
 * One person's walls. The room keeps them for every desk; this browser remembers which one was on the screen, and
 * what of it the room does not have yet. His own are kept as he changes them; a wall of the room only when he says so.
 */
export class Wall {
  /** Those to choose from: his own, then the room's, by name. */
  items: KeptWall[] = $state.raw([]);
  /** Whether the room has said which there are, or could not be asked. */
  isSettled = $state(false);
  /** Why the list could not be read, or what was changed could not be kept. */
  problem: Problem | null = $state.raw(null);
  /** Another desk had changed it meanwhile: what is shown is the other's. */
  wasOvertaken = $state(false);
  #open: Open | null = $state.raw(null);

  readonly #calls: WallCalls;
  readonly #storage: Storage;
  readonly #user: string;
  readonly #firstName: string;
  #isLoaded = false;
  #keeping: Promise<void> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;

  /** `firstName` is what a wall is called that nobody gave a name. */
  constructor(calls: WallCalls, storage: Storage, user: string, firstName: string) {
    this.#calls = calls;
    this.#storage = storage;
    this.#user = user;
    this.#firstName = firstName;
    this.#open = this.#remembered();
  }

  get name(): string | null {
    return this.#open?.name ?? null;
  }
  get isShared(): boolean {
    return this.#open?.shared ?? false;
  }
  get isChanged(): boolean {
    return this.#open?.isChanged ?? false;
  }
  /** Before that it is not known what belongs on the screen. */
  get isReady(): boolean {
    return this.isSettled || this.#open !== null;
  }
  /** The room's copy of what is on the screen. */
  get kept(): KeptWall | null {
    return this.#find(this.name, this.isShared) ?? null;
  }

  follow(): () => void {
    void this.load();
    const again = setInterval(() => void (this.#isLoaded ? this.#keep() : this.load()), AGAIN_MS);
    return () => {
      clearInterval(again);
      void this.#keep();
    };
  }

  async load(): Promise<void> {
    const answer = await this.#calls.walls();
    this.isSettled = true;
    this.#isLoaded = answer.ok;
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.items = answer.data.items;
    await this.#settle();
  }

  /** Where the person never chose: everything there is now, and no tile moves when that changes. */
  begin(offered: string[]): void {
    if (offered.length > 0 && this.isReady) this.#open ??= unnamed(offered);
  }
  /** As the person left it, or everything there is where he never chose. */
  arrangement(offered: string[]): Arrangement {
    return this.#open ?? arranged(offered);
  }
  /** Place by place what is shown. */
  shown(offered: string[]): (string | null)[] {
    return shownIn(this.arrangement(offered), new Set(offered));
  }

  choose(layout: LayoutName, offered: string[]): void {
    this.#change({ ...this.arrangement(offered), layout });
  }
  place(index: number, key: string | null, offered: string[]): void {
    this.#change(placed(this.arrangement(offered), index, key));
  }
  swap(one: number, other: number, offered: string[]): void {
    if (one !== other) this.#change(swapped(this.arrangement(offered), one, other));
  }

  /** Another wall comes on the screen; not while a change of one's own could not be kept. What was changed of a wall of the room is let go. */
  async show(item: KeptWall): Promise<void> {
    await this.#keep();
    if (this.isShared || !this.isChanged) this.#bring(openOf(item));
  }

  /** Keeps what is on the screen under this name, and goes on with that; the problem where it was not taken. */
  async keepAs(name: string, shared: boolean): Promise<Problem | null> {
    await this.#keep();
    const open = this.#open;
    if (!open) return null;
    const isSameWall = open.name !== null && open.shared === shared && isNamed(name, { name: open.name });
    const answer = await this.#calls.keepWall(name, shared, wanted(open, isSameWall ? open.version : null));
    if (!answer.ok) return answer.problem;
    this.#put(answer.data);
    this.#bring(openOf(answer.data));
    return null;
  }

  async remove(item: KeptWall): Promise<Problem | null> {
    const answer = await this.#calls.forgetWall(item.name, item.shared);
    if (!answer.ok && answer.problem.status !== 404) return answer.problem;
    this.items = this.items.filter((one) => one !== item);
    if (item.shared === this.isShared && this.name !== null && isNamed(this.name, item)) {
      clearTimeout(this.#soon);
      this.#bring(this.#usual());
    }
    return null;
  }

  #change({ layout, places }: Arrangement): void {
    const { shared = false, version = null } = this.#open ?? {};
    this.#open = { layout, places, name: this.name ?? this.#free(), shared, version, isChanged: true };
    this.wasOvertaken = false;
    if (shared) return;
    this.#remember();
    this.#keepSoon();
  }

  #keepSoon(): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.#keep(), KEEP_AFTER_MS);
  }

  /** What was changed of one's own wall goes to the room, one answer after the other. */
  async #keep(): Promise<void> {
    clearTimeout(this.#soon);
    while (this.#keeping) await this.#keeping;
    const open = this.#open;
    if (!open?.isChanged || open.shared || open.name === null) return;
    this.#keeping = this.#send(open, open.name).finally(() => (this.#keeping = undefined));
    await this.#keeping;
  }

  async #send(open: Open, name: string): Promise<void> {
    const answer = await this.#calls.keepWall(name, false, wanted(open, open.version));
    if (answer.ok) this.#taken(answer.data, open);
    else this.#refused(answer.problem, open);
  }

  #taken(item: KeptWall, sent: Open): void {
    this.problem = null;
    this.#put(item);
    if (this.#open === sent) this.#bring(openOf(item));
    else if (this.#open?.name === sent.name && !this.#open.shared) this.#again({ version: item.version });
  }

  #refused(problem: Problem, sent: Open): void {
    const present = problem.name === 'wall-changed' ? (problem.told?.['wall'] as KeptWall | undefined) : undefined;
    if (present) this.#put(present);
    if (present && sent.version !== null) {
      this.#bring(openOf(present));
      this.wasOvertaken = true;
    } else if (present) {
      this.#again({ name: this.#free(sent.name ?? undefined) });
    } else if (problem.name === 'no-such-wall' && sent.version !== null) {
      this.#again({ version: null });
    } else {
      this.problem = problem;
    }
  }

  #again(change: Partial<Open>): void {
    if (!this.#open) return;
    this.#open = { ...this.#open, ...change };
    this.#remember();
    this.#keepSoon();
  }

  /** The room has said which walls there are: what this browser remembers finds its place among them. */
  async #settle(): Promise<void> {
    const open = this.#open;
    if (!open?.isChanged) {
      const known = this.#find(open?.name ?? null, open?.shared ?? false);
      const next = known ? openOf(known) : this.#usual();
      if (next) this.#bring(next);
      else if (open?.name) this.#bring(null);
      return;
    }
    if (open.shared) return;
    // Arranged here before the room kept walls, or while it could not be reached.
    const same = open.version === null ? this.items.find((item) => !item.shared && isSame(item, open)) : undefined;
    if (same) this.#bring(openOf(same));
    else {
      if (open.version === null) this.#open = { ...open, name: this.#free(open.name ?? undefined) };
      await this.#keep();
    }
  }

  /** The one of his own that he changed last, else the room's first; null: none is kept. */
  #usual(): Open | null {
    const own = this.items.filter((item) => !item.shared);
    const [last] = [...own].sort((a, b) => b.changed_at.localeCompare(a.changed_at));
    const found = last ?? this.items[0];
    return found ? openOf(found) : null;
  }

  #find(name: string | null, shared: boolean): KeptWall | undefined {
    return name === null ? undefined : this.items.find((item) => item.shared === shared && isNamed(name, item));
  }

  /** A name that none of his own walls has. */
  #free(wish = this.#firstName): string {
    let name = wish;
    for (let n = 2; this.#find(name, false); n += 1) name = `${wish} ${n}`;
    return name;
  }

  #put(item: KeptWall): void {
    const others = this.items.filter((one) => one.shared !== item.shared || !isNamed(item.name, one));
    this.items = [...others, item].sort((a, b) => Number(a.shared) - Number(b.shared) || a.name.localeCompare(b.name));
  }

  #bring(open: Open | null): void {
    this.#open = open;
    this.wasOvertaken = false;
    this.#remember();
  }

  #remember(): void {
    try {
      if (this.#open) this.#storage.setItem(keyOf(this.#user), JSON.stringify(this.#open));
      else this.#storage.removeItem(keyOf(this.#user));
    } catch {
      // A full or forbidden storage only means that this browser does not remember which wall was on the screen.
    }
  }

  /** What was on the screen here; one of before the room kept walls has no name, and still has to be kept. */
  #remembered(): Open | null {
    const text = this.#storage.getItem(keyOf(this.#user));
    const arrangement = readArrangement(text);
    if (!arrangement) return null;
    const { name, shared, version, isChanged } = JSON.parse(text ?? '{}') as Partial<Record<keyof Open, unknown>>;
    const isNew = typeof name !== 'string';
    return {
      layout: arrangement.layout,
      places: keepable(arrangement.places),
      name: isNew ? null : name,
      shared: !isNew && shared === true,
      version: !isNew && typeof version === 'number' ? version : null,
      isChanged: isNew || isChanged === true,
    };
  }
}

const unnamed = (offered: string[]): Open => ({
  ...arranged(offered),
  name: null,
  shared: false,
  version: null,
  isChanged: false,
});
const wanted = ({ layout, places }: Arrangement, version: number | null): WantedWall => ({ layout, places, version });

/** What names a camera or a source, each once. */
function keepable(places: (string | null)[]): (string | null)[] {
  return places.map((key, index) => (key !== null && targetOf(key) && places.indexOf(key) === index ? key : null));
}
