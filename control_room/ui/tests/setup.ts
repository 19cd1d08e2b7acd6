import { cleanup, configure } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';

import { i18n } from '../src/i18n/i18n.svelte';
import { PATIENCE_MS } from './until';

configure({ asyncUtilTimeout: PATIENCE_MS });

// What jsdom lacks and the page uses.
HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
  this.open = true;
};
HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
  this.open = false;
  this.dispatchEvent(new Event('close'));
};
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.scrollTo = () => undefined;
HTMLCanvasElement.prototype.getContext = () => null;

/** Media queries that the test says are true. */
export const media = { matching: new Set<string>() };

beforeEach(() => {
  media.matching.clear();
  i18n.language = 'ca';
  i18n.timeZone = 'Europe/Madrid';
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: [...media.matching].some((part) => query.includes(part)),
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  vi.stubGlobal('CSS', { escape: (text: string) => text });
});

afterEach(() => cleanup());
