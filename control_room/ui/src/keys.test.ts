import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { KEYS, keyOf, Keys } from './keys';

let isOn = true;
let keys: Keys;
let stop: () => void;
let at = 0;

interface Press {
  target?: Element;
  repeat?: boolean;
  after_ms?: number;
  shift?: boolean;
}

function press(key: string, { target, repeat = false, after_ms = 5_000, shift = false }: Press = {}): void {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, repeat, shiftKey: shift });
  at += after_ms;
  Object.defineProperty(event, 'timeStamp', { value: at });
  (target ?? document.body).dispatchEvent(event);
}

beforeEach(() => {
  vi.useFakeTimers();
  isOn = true;
  keys = new Keys(() => isOn);
  stop = keys.start(document);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  document.body.replaceChildren();
});

function add(html: string): Element {
  document.body.innerHTML = html;
  const element = document.body.querySelector('[data-here]');
  if (!element) throw new Error('no element');
  return element;
}

describe('the table', () => {
  it('has one key a reason to close, 1 to 5', () => {
    const reasons = ['confirmed', 'false_alarm', 'duplicate', 'test', 'no_action'] as const;
    expect(reasons.map(keyOf)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('gives no key to two actions of one screen', () => {
    for (const scope of ['everywhere', 'feed', 'alert'] as const) {
      const all = KEYS.filter((row) => row.scope === scope || row.scope === 'everywhere').flatMap((row) => [
        ...row.keys,
      ]);
      expect(new Set(all).size).toBe(all.length);
    }
  });
});

describe('pressing', () => {
  it('does what the screen shown last says, and the earlier one again when it is gone', () => {
    const [first, second] = [vi.fn(), vi.fn()];
    keys.use({ acknowledge: first });
    const leave = keys.use({ acknowledge: second });
    press('a');
    leave();
    press('a');
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 1]);
  });

  it('does nothing while somebody types, or while a dialog is open', () => {
    const close = vi.fn();
    keys.use({ confirmed: close });
    press('1', { target: add('<textarea data-here></textarea>') });
    press('1', { target: add('<select data-here></select>') });
    press('1', { target: add('<dialog open><button data-here></button></dialog>') });
    expect(close).not.toHaveBeenCalled();
    press('1', { target: add('<button data-here></button>') });
    expect(close).toHaveBeenCalledOnce();
  });

  it('closes once however long the key is held, and moves on for as long', () => {
    const [close, down] = [vi.fn(), vi.fn()];
    keys.use({ confirmed: close, down });
    press('1');
    press('1', { repeat: true });
    press('j');
    press('j', { repeat: true });
    expect([close.mock.calls.length, down.mock.calls.length]).toEqual([1, 2]);
  });

  it('goes to the alerts with g a, and never acknowledges by it', () => {
    const [go, acknowledge] = [vi.fn(), vi.fn()];
    keys.use({ go_alerts: go, acknowledge });
    press('g');
    press('a', { after_ms: 200 });
    expect([go.mock.calls.length, acknowledge.mock.calls.length]).toEqual([1, 0]);
    press('a', { after_ms: 2_000 });
    expect(acknowledge).toHaveBeenCalledOnce();
  });

  it('leaves Enter and the arrows to buttons and links, but not on a row of the list', () => {
    const open = vi.fn();
    keys.use({ open });
    press('Enter', { target: add('<button data-here></button>') });
    expect(open).not.toHaveBeenCalled();
    press('Enter', { target: add('<li data-row><a href="/x" data-here></a></li>') });
    expect(open).toHaveBeenCalledOnce();
  });

  it('can be turned off, all but Enter', () => {
    const [help, open] = [vi.fn(), vi.fn()];
    keys.use({ help, open });
    isOn = false;
    press('?', { shift: true });
    press('Enter');
    expect([help.mock.calls.length, open.mock.calls.length]).toEqual([0, 1]);
    isOn = true;
    press('?', { shift: true });
    expect(help).toHaveBeenCalledOnce();
  });
});
