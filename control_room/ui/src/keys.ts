import { createKeybindingsHandler } from 'tinykeys';

import type { CloseReason } from './api/types';
import type { MessageKey } from './i18n/i18n.svelte';

export const SCOPES = ['everywhere', 'feed', 'alert', 'live', 'wall', 'review'] as const;
export type Scope = (typeof SCOPES)[number];

/** The one table of keys: it binds them, and it draws the help. A space in a key means one after the other. */
export const KEYS = [
  { action: 'help', keys: ['Shift+?', '?'], scope: 'everywhere', label: 'keys.help' },
  { action: 'go_alerts', keys: ['g a'], scope: 'everywhere', label: 'keys.go_alerts' },
  { action: 'go_cameras', keys: ['g c'], scope: 'everywhere', label: 'keys.go_cameras' },
  { action: 'go_live', keys: ['g l'], scope: 'everywhere', label: 'keys.go_live' },
  { action: 'go_map', keys: ['g m'], scope: 'everywhere', label: 'keys.go_map' },
  { action: 'go_recordings', keys: ['g r'], scope: 'everywhere', label: 'keys.go_recordings' },
  { action: 'go_holds', keys: ['g h'], scope: 'everywhere', label: 'keys.go_holds' },
  { action: 'silence', keys: ['x'], scope: 'everywhere', label: 'keys.silence' },
  { action: 'undo', keys: ['z'], scope: 'everywhere', label: 'keys.undo' },
  { action: 'down', keys: ['j', 'ArrowDown'], scope: 'feed', label: 'keys.down' },
  { action: 'up', keys: ['k', 'ArrowUp'], scope: 'feed', label: 'keys.up' },
  { action: 'open', keys: ['Enter'], scope: 'feed', label: 'keys.open' },
  { action: 'show_new', keys: ['n'], scope: 'feed', label: 'keys.show_new' },
  { action: 'acknowledge', keys: ['a'], scope: 'alert', label: 'keys.acknowledge' },
  { action: 'shelve', keys: ['s'], scope: 'alert', label: 'keys.shelve' },
  { action: 'confirmed', keys: ['1'], scope: 'alert', label: 'keys.confirmed' },
  { action: 'false_alarm', keys: ['2'], scope: 'alert', label: 'keys.false_alarm' },
  { action: 'duplicate', keys: ['3'], scope: 'alert', label: 'keys.duplicate' },
  { action: 'test', keys: ['4'], scope: 'alert', label: 'keys.test' },
  { action: 'no_action', keys: ['5'], scope: 'alert', label: 'keys.no_action' },
  { action: 'reopen', keys: ['r'], scope: 'alert', label: 'keys.reopen' },
  { action: 'note', keys: ['c'], scope: 'alert', label: 'keys.note' },
  { action: 'keep', keys: ['h'], scope: 'alert', label: 'keys.keep' },
  { action: 'play', keys: ['p'], scope: 'alert', label: 'keys.play' },
  { action: 'annotated', keys: ['i'], scope: 'alert', label: 'keys.annotated' },
  { action: 'live', keys: ['l'], scope: 'alert', label: 'keys.live' },
  { action: 'next', keys: ['j'], scope: 'alert', label: 'keys.down' },
  { action: 'previous', keys: ['k'], scope: 'alert', label: 'keys.up' },
  { action: 'back', keys: ['Escape', 'u'], scope: 'alert', label: 'keys.back' },
  { action: 'live_back', keys: ['b'], scope: 'live', label: 'keys.live_back' },
  { action: 'live_clip', keys: ['e'], scope: 'live', label: 'keys.live_clip' },
  { action: 'live_picture', keys: ['w'], scope: 'live', label: 'keys.live_picture' },
  { action: 'live_turn', keys: ['t'], scope: 'live', label: 'keys.live_turn' },
  { action: 'live_boxes', keys: ['m'], scope: 'live', label: 'keys.live_boxes' },
  { action: 'live_window', keys: ['o'], scope: 'live', label: 'keys.live_window' },
  { action: 'live_full', keys: ['f'], scope: 'live', label: 'keys.live_full' },
  { action: 'live_stats', keys: ['d'], scope: 'live', label: 'keys.live_stats' },
  { action: 'tile', keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'], scope: 'wall', label: 'keys.tile' },
  { action: 'tile_left', keys: ['ArrowLeft'], scope: 'wall', label: 'keys.tile_left' },
  { action: 'tile_right', keys: ['ArrowRight'], scope: 'wall', label: 'keys.tile_right' },
  { action: 'tile_up', keys: ['ArrowUp'], scope: 'wall', label: 'keys.tile_up' },
  { action: 'tile_down', keys: ['ArrowDown'], scope: 'wall', label: 'keys.tile_down' },
  { action: 'tile_carry_left', keys: ['Shift+ArrowLeft'], scope: 'wall', label: 'keys.tile_carry_left' },
  { action: 'tile_carry_right', keys: ['Shift+ArrowRight'], scope: 'wall', label: 'keys.tile_carry_right' },
  { action: 'tile_carry_up', keys: ['Shift+ArrowUp'], scope: 'wall', label: 'keys.tile_carry_up' },
  { action: 'tile_carry_down', keys: ['Shift+ArrowDown'], scope: 'wall', label: 'keys.tile_carry_down' },
  { action: 'confirm_finding', keys: ['c'], scope: 'review', label: 'keys.confirm_finding' },
  { action: 'describe_finding', keys: ['d'], scope: 'review', label: 'keys.describe_finding' },
  { action: 'reject_finding', keys: ['r'], scope: 'review', label: 'keys.reject_finding' },
  { action: 'merge_finding', keys: ['m'], scope: 'review', label: 'keys.merge_finding' },
  { action: 'place_finding', keys: ['e'], scope: 'review', label: 'keys.place_finding' },
  { action: 'add_finding', keys: ['a'], scope: 'review', label: 'keys.add_finding' },
] as const satisfies readonly { action: string; keys: readonly string[]; scope: Scope; label: MessageKey }[];

export type Action = (typeof KEYS)[number]['action'];
/** A handler of several keys is told which. */
export type Handlers = Partial<Record<Action, (key: string) => void>>;

/** The key that a button shows for its action. */
export function keyOf(action: Action): string {
  return KEYS.find((row) => row.action === action)?.keys[0] ?? '';
}

export const keyOfReason = (reason: CloseReason): string => keyOf(reason);

/** After `g` a letter means a place, not an act: `g a` must never acknowledge. */
const PREFIX = 'g';
const PREFIX_MS = 1_000;
/** Held down, these go on; an act is done once. */
const REPEATING: ReadonlySet<Action> = new Set([
  'down',
  'up',
  'next',
  'previous',
  'tile_left',
  'tile_right',
  'tile_up',
  'tile_down',
]);

/** Binds the table to the page. Screens say with `use` what each action does while they are shown. */
export class Keys {
  readonly #isOn: () => boolean;
  #stack: Handlers[] = [];
  #prefixAt = -Infinity;

  constructor(isOn: () => boolean) {
    this.#isOn = isOn;
  }

  /** Until the returned function is called; a later screen's handler comes before an earlier one's. */
  use(handlers: Handlers): () => void {
    this.#stack = [...this.#stack, handlers];
    return () => (this.#stack = this.#stack.filter((others) => others !== handlers));
  }

  start(page: Document): () => void {
    const keys = new Set(KEYS.flatMap((row) => row.keys as readonly string[]));
    const bindings = [...keys].map((key) => [key, (event: KeyboardEvent) => this.#press(key, event)] as const);
    const handler = createKeybindingsHandler(Object.fromEntries(bindings), { timeout: PREFIX_MS });
    const listen = (event: KeyboardEvent): void => {
      if (!isTyping(event)) handler(event);
      if (event.key === PREFIX) this.#prefixAt = event.timeStamp;
      else if (event.key.length === 1) this.#prefixAt = -Infinity;
    };
    page.addEventListener('keydown', listen);
    return () => page.removeEventListener('keydown', listen);
  }

  #press(key: string, event: KeyboardEvent): void {
    if (!key.includes(' ') && event.timeStamp - this.#prefixAt < PREFIX_MS) return;
    if (!isFree(key, event.target)) return;
    const found = this.#find(key);
    if (!found || (event.repeat && !REPEATING.has(found.action))) return;
    if (!this.#isOn() && found.action !== 'open') return;
    event.preventDefault();
    found.handler(key);
  }

  /** The screen shown last that does something with the key. */
  #find(key: string): { action: Action; handler: (key: string) => void } | null {
    const rows = KEYS.filter((row) => (row.keys as readonly string[]).includes(key));
    for (const handlers of this.#stack.toReversed()) {
      for (const { action } of rows) {
        const handler = handlers[action];
        if (handler) return { action, handler };
      }
    }
    return null;
  }
}

/** Enter belongs to the button or link it is pressed on, and arrows scroll; on a row of the list both are ours. */
function isFree(key: string, target: EventTarget | null): boolean {
  if (key !== 'Enter' && !key.startsWith('Arrow')) return true;
  const isOnRow = target instanceof Element && target.closest('[data-row]') !== null;
  return isOnRow || target instanceof HTMLBodyElement;
}

function isTyping(event: KeyboardEvent): boolean {
  if (event.isComposing) return true;
  const target = event.target;
  if (!(target instanceof Element)) return false;
  if (target.closest('dialog[open]') || target.ownerDocument.querySelector('dialog[open]')) return true;
  const input = target.closest('input, textarea, select, [contenteditable="true"]');
  if (!input) return false;
  // A checkbox takes no letters.
  return !(input instanceof HTMLInputElement && ['checkbox', 'radio', 'button'].includes(input.type));
}
