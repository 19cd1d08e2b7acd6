import ca from '../../locales/ca.json';
import en from '../../locales/en.json';
import es from '../../locales/es.json';

export const LANGUAGES = ['ca', 'es', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

type Messages = typeof ca;
type Plural = { one: string; other: string };
/** Every dotted path of ca.json that ends in a text, or in the plural forms of one. */
type KeyOf<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string | Plural ? `${Prefix}${K}` : KeyOf<T[K], `${Prefix}${K}.`>;
}[keyof T & string];
export type MessageKey = KeyOf<Messages>;
/** The groups that name a code of the room: `rule`, `state`, `reason`, ... */
export type Group = { [K in keyof Messages]: Messages[K] extends Record<string, string> ? K : never }[keyof Messages];

/** A time of day says enough of what was so many ms ago. */
const NEAR_MS = 12 * 3_600_000;

const LOCALES: Record<Language, Messages> = { ca, es, en };

function at(messages: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], messages);
}

/** What matches `no picture for {n} s`, whatever stands in the holes. */
function withHoles(said: string): RegExp {
  const escaped = said.replace(/[$()*+.?[\\\]^|]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\{(\w+)\}/g, '(?<$1>.+)')}$`);
}

class I18n {
  language: Language = $state('ca');
  /** Of the town: an alert's time is the street's, not the laptop's. */
  timeZone = $state('Europe/Madrid');

  readonly #plural = $derived(new Intl.PluralRules(this.language));
  readonly #number = $derived(new Intl.NumberFormat(this.language, { maximumFractionDigits: 1 }));
  readonly #percent = $derived(new Intl.NumberFormat(this.language, { style: 'percent', maximumFractionDigits: 0 }));
  readonly #time = $derived(this.#format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }));
  readonly #minute = $derived(this.#format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }));
  readonly #day = $derived(this.#format({ weekday: 'short', day: 'numeric', month: 'short' }));
  readonly #full = $derived(
    this.#format({
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
  );

  #format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(this.language, { ...options, timeZone: this.timeZone });
  }

  /** The text of `key`; `params.count` chooses the plural form, `{name}` is filled from `params`. */
  t = (key: MessageKey, params: Record<string, string | number> = {}): string => {
    const found = at(LOCALES[this.language], key) as string | Plural;
    return this.#fill(typeof found === 'string' ? found : this.#form(found, Number(params['count'] ?? 0)), params);
  };

  /** What people call a code of the room, or the code itself where it is newer than this page. */
  name = (group: Group, code: string, params: Record<string, string | number> = {}): string =>
    this.#fill((LOCALES[this.language][group] as Record<string, string>)[code] ?? code.replaceAll('_', ' '), params);

  /**
   * A phrase of the room or a device in the person's language: one that is written so in the locale file, or but for
   * the holes in it, `no picture for {n} s`. Other words stay as they were said.
   */
  phrase = (group: Group, text: string): string => {
    const phrases = LOCALES[this.language][group] as Record<string, string>;
    const fixed = phrases[text];
    if (fixed !== undefined) return fixed;
    for (const [said, words] of Object.entries(phrases)) {
      const found = said.includes('{') ? withHoles(said).exec(text) : null;
      if (found?.groups) return this.#fill(words, found.groups);
    }
    return text;
  };

  /** Several of them, divided by semicolons. */
  phrases = (group: Group, text: string): string =>
    text
      .split('; ')
      .map((part) => this.phrase(group, part))
      .join('; ');

  number = (value: number): string => this.#number.format(value);
  percent = (share: number): string => this.#percent.format(share);
  time = (iso: string): string => this.#time.format(new Date(iso));
  minute = (iso: string): string => this.#minute.format(new Date(iso));
  day = (iso: string): string => this.#day.format(new Date(iso));
  /** The time of day, with its day where that is neither today nor this night. */
  moment = (iso: string, now_ms: number): string => {
    const day = this.day(iso);
    const isNear = now_ms - Date.parse(iso) < NEAR_MS || day === this.#day.format(now_ms);
    return isNear ? this.minute(iso) : `${day} ${this.minute(iso)}`;
  };
  full = (iso: string): string => this.#full.format(new Date(iso));

  /** A span in the largest units that an operator needs: `12 s`, `4 min`, `2 h 05 min`, `3 dies`. */
  span = (seconds: number): string => {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < 60) return this.t('age.s', { n: whole });
    const minutes = Math.floor(whole / 60);
    if (minutes < 60) return this.t('age.min', { n: minutes });
    const hours = Math.floor(minutes / 60);
    if (hours < 24) {
      if (minutes % 60 === 0) return this.t('age.h', { n: hours });
      return this.t('age.h_min', { h: hours, min: String(minutes % 60).padStart(2, '0') });
    }
    return this.t('age.d', { count: Math.floor(hours / 24) });
  };

  bytes = (size: number): string => {
    if (size < 1000) return this.t('unit.bytes', { n: size });
    if (size < 1e6) return this.t('unit.kilobytes', { n: Math.round(size / 1000) });
    if (size < 1e9) return this.t('unit.megabytes', { n: Math.round(size / 1e5) / 10 });
    return this.t('unit.gigabytes', { n: Math.round(size / 1e8) / 10 });
  };

  distance = (metres: number): string =>
    metres < 1000
      ? this.t('unit.metres', { n: Math.round(metres) })
      : this.t('unit.kilometres', { n: Math.round(metres / 100) / 10 });

  #fill(text: string, params: Record<string, string | number>): string {
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = params[name];
      return value === undefined ? whole : typeof value === 'number' ? this.number(value) : value;
    });
  }

  #form(forms: Plural, count: number): string {
    return this.#plural.select(count) === 'one' ? forms.one : forms.other;
  }
}

export const i18n = new I18n();
export const t = i18n.t;

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.includes(value as Language);
}
