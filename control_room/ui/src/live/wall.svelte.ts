import { arranged, placed, readArrangement, shownIn, swapped, type Arrangement, type LayoutName } from './layouts';

const keyOf = (user: string): string => `talaia.wall.${user}`;

/** One person's wall, as this browser remembers it. */
export class Wall {
  readonly #storage: Storage;
  readonly #user: string;
  #kept: Arrangement | null = $state.raw(null);

  constructor(storage: Storage, user: string) {
    this.#storage = storage;
    this.#user = user;
    this.#kept = readArrangement(storage.getItem(keyOf(user)));
  }

  /** Where the person never chose: everything there is now, and no tile moves when that changes. */
  begin(offered: string[]): void {
    if (offered.length > 0) this.#kept ??= arranged(offered);
  }

  /** As the person left it, or everything there is where he never chose. */
  arrangement(offered: string[]): Arrangement {
    return this.#kept ?? arranged(offered);
  }

  /** Place by place what is shown. */
  shown(offered: string[]): (string | null)[] {
    return shownIn(this.arrangement(offered), new Set(offered));
  }

  choose(layout: LayoutName, offered: string[]): void {
    this.#keep({ ...this.arrangement(offered), layout });
  }
  place(index: number, key: string | null, offered: string[]): void {
    this.#keep(placed(this.arrangement(offered), index, key));
  }
  swap(one: number, other: number, offered: string[]): void {
    if (one !== other) this.#keep(swapped(this.arrangement(offered), one, other));
  }

  #keep(arrangement: Arrangement): void {
    this.#kept = arrangement;
    try {
      this.#storage.setItem(keyOf(this.#user), JSON.stringify(arrangement));
    } catch {
      // A full or forbidden storage only means that the wall is not remembered.
    }
  }
}
