/** How long a word about what was done stays, in ms; a warning stays until it is dismissed. */
const STAY_MS = 8_000;

export interface ToastAction {
  label: string;
  key: string;
  run: () => void;
}

export interface Toast {
  id: number;
  text: string;
  kind: 'done' | 'warning';
  action: ToastAction | null;
}

/** Short words about what was just done; one at a time, so that none hides another's button. */
export class Toasts {
  #next = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  current: Toast | null = $state(null);

  say(text: string, action: ToastAction | null = null): void {
    this.#show({ id: this.#next++, text, kind: 'done', action });
    this.#timer = setTimeout(() => this.dismiss(), STAY_MS);
  }

  warn(text: string): void {
    this.#show({ id: this.#next++, text, kind: 'warning', action: null });
  }

  dismiss(): void {
    clearTimeout(this.#timer);
    this.current = null;
  }

  #show(toast: Toast): void {
    clearTimeout(this.#timer);
    this.current = toast;
  }
}
