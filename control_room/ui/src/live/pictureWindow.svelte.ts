interface DocumentPictures {
  requestWindow: (options: { width: number; height: number }) => Promise<Window>;
}
const WIDTH_PX = 640;
const HEIGHT_PX = 360;

const offered = (): DocumentPictures | null =>
  (globalThis as { documentPictureInPicture?: DocumentPictures }).documentPictureInPicture ?? null;

/**
 * A small window that stays on top. The whole stage moves into it, not the bare video that browsers put there by
 * themselves: the watermark and the veil over an old picture go with it.
 */
export class PictureWindow {
  isOpen = $state(false);
  #window: Window | null = null;

  static get isOffered(): boolean {
    return offered() !== null;
  }

  async turn(stage: HTMLElement | undefined): Promise<void> {
    if (this.#window) this.close();
    else if (stage) await this.#open(stage);
  }

  close(): void {
    this.#window?.close();
  }

  async #open(stage: HTMLElement): Promise<void> {
    const home = stage.parentElement;
    const opened = await offered()
      ?.requestWindow({ width: WIDTH_PX, height: HEIGHT_PX })
      .catch(() => null);
    if (!opened || !home) return;
    dress(opened.document);
    opened.document.body.append(stage);
    this.#window = opened;
    this.isOpen = true;
    opened.addEventListener('pagehide', () => {
      home.prepend(stage);
      for (const video of stage.querySelectorAll('video')) void video.play().catch(() => undefined);
      this.#window = null;
      this.isOpen = false;
    });
    for (const video of stage.querySelectorAll('video')) void video.play().catch(() => undefined);
  }
}

/** The same colours and shapes as here: our style sheets are files of the room, which the new window may read too. */
function dress(page: Document): void {
  page.documentElement.lang = document.documentElement.lang;
  page.documentElement.dataset['theme'] = document.documentElement.dataset['theme'] ?? '';
  for (const sheet of document.querySelectorAll('link[rel="stylesheet"], style'))
    page.head.append(sheet.cloneNode(true));
  page.body.style.height = '100vh';
  page.body.style.display = 'grid';
}
