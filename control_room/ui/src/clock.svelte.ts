const TICK_MS = 1000;

/** The room's time, ticking: ages on the screen follow the server's clock, not the laptop's. */
export class Clock {
  readonly #wall: () => number;
  /** Server minus browser, in ms; 0 until the stream has told the server's time. */
  offsetMs = $state(0);
  #wallNow = $state(0);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(wall: () => number = Date.now) {
    this.#wall = wall;
    this.#wallNow = wall();
  }

  /** Room time in ms since 1970, refreshed each second. */
  get now(): number {
    return this.#wallNow + this.offsetMs;
  }

  /** Browser time in ms, refreshed each second: for spans measured here. */
  get here(): number {
    return this.#wallNow;
  }

  start(): () => void {
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    return () => clearInterval(this.#timer);
  }

  tick(): void {
    this.#wallNow = this.#wall();
  }

  /** The server said that it is `iso` now. */
  told(iso: string): void {
    const server = Date.parse(iso);
    if (Number.isFinite(server)) this.offsetMs = server - this.#wall();
  }

  /** Seconds since `iso`, never negative. */
  since(iso: string): number {
    return Math.max(0, (this.now - Date.parse(iso)) / 1000);
  }
}
