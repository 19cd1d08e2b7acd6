import { i18n, isLanguage, type Language } from './i18n/i18n.svelte';

export type Theme = 'dark' | 'light';

interface Stored {
  /** Null until the person chooses: then the account's language holds. */
  language: Language | null;
  theme: Theme;
  sound: boolean;
  singleKeys: boolean;
  /** What is seen in a live picture is drawn over it. */
  boxes: boolean;
}

const KEY = 'talaia.preferences';
const DEFAULTS: Stored = { language: null, theme: 'dark', sound: true, singleKeys: true, boxes: true };

function load(storage: Storage): Stored {
  try {
    const read = JSON.parse(storage.getItem(KEY) ?? '{}') as Partial<Stored>;
    return {
      language: isLanguage(read.language) ? read.language : null,
      theme: read.theme === 'light' ? 'light' : 'dark',
      sound: read.sound ?? DEFAULTS.sound,
      singleKeys: read.singleKeys ?? DEFAULTS.singleKeys,
      boxes: read.boxes ?? DEFAULTS.boxes,
    };
  } catch {
    return { ...DEFAULTS };
  }
}

/** What this browser remembers of how its person likes to work. */
export class Preferences {
  readonly #storage: Storage;
  #kept: Stored = $state({ ...DEFAULTS });

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#kept = load(storage);
    if (this.#kept.language) i18n.language = this.#kept.language;
  }

  get theme(): Theme {
    return this.#kept.theme;
  }
  set theme(theme: Theme) {
    this.#keep({ theme });
  }
  get sound(): boolean {
    return this.#kept.sound;
  }
  set sound(sound: boolean) {
    this.#keep({ sound });
  }
  /** WCAG 2.1.4: keys without a modifier can be turned off. */
  get singleKeys(): boolean {
    return this.#kept.singleKeys;
  }
  set singleKeys(singleKeys: boolean) {
    this.#keep({ singleKeys });
  }

  get boxes(): boolean {
    return this.#kept.boxes;
  }
  set boxes(boxes: boolean) {
    this.#keep({ boxes });
  }

  chooseLanguage(language: Language): void {
    i18n.language = language;
    this.#keep({ language });
  }

  /** The account's language, unless this browser's person chose one. */
  suggestLanguage(language: string): void {
    if (this.#kept.language === null && isLanguage(language)) i18n.language = language;
  }

  #keep(change: Partial<Stored>): void {
    this.#kept = { ...this.#kept, ...change };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // A full or forbidden storage only means that the choice is not remembered.
    }
  }
}
