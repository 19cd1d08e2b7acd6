/** The small window on top, where the browser has one and where it has none. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PictureWindow } from './pictureWindow.svelte';

/** What of a window on top the page uses: a document of its own, and that it says when it is closed. */
class Small extends EventTarget {
  readonly document = document.implementation.createHTMLDocument();
  close(): void {
    this.dispatchEvent(new Event('pagehide'));
  }
}

let home: HTMLElement;
let stage: HTMLElement;

beforeEach(() => {
  document.body.innerHTML = '<div id="home"><div id="stage"><p>marta 03:00:00</p></div><p>beside</p></div>';
  [home, stage] = ['home', 'stage'].map((id) => document.getElementById(id)) as [HTMLElement, HTMLElement];
});
afterEach(() => vi.unstubAllGlobals());

describe('the small window on top', () => {
  it('takes the whole stage with its watermark, dressed as here, and gives it back to its place', async () => {
    const small = new Small();
    vi.stubGlobal('documentPictureInPicture', { requestWindow: () => Promise.resolve(small) });
    document.documentElement.lang = 'ca';
    expect(PictureWindow.isOffered).toBe(true);
    const onTop = new PictureWindow();
    await onTop.turn(stage);
    expect([onTop.isOpen, home.textContent, small.document.body.textContent]).toEqual([
      true,
      'beside',
      'marta 03:00:00',
    ]);
    expect(small.document.documentElement.lang).toBe('ca');
    await onTop.turn(stage);
    expect([onTop.isOpen, home.textContent]).toEqual([false, 'marta 03:00:00beside']);
  });

  it('leaves the picture where it is when the browser refuses', async () => {
    vi.stubGlobal('documentPictureInPicture', { requestWindow: () => Promise.reject(new Error('no gesture')) });
    const onTop = new PictureWindow();
    await onTop.turn(stage);
    expect([onTop.isOpen, home.contains(stage)]).toEqual([false, true]);
  });

  it('is not offered where the browser has none, and does nothing', async () => {
    const onTop = new PictureWindow();
    await onTop.turn(stage);
    expect([PictureWindow.isOffered, onTop.isOpen, home.contains(stage)]).toEqual([false, false, true]);
  });
});
