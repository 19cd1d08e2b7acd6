/** Lets a few in at a time: a browser has six lines to a host, and a room that waits for a camera must not take them all. */
export class Gate {
  readonly #most: number;
  #inside = 0;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async through<T>(act: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#inside += 1;
    try {
      return await act();
    } finally {
      // Who waits takes this place over.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inside -= 1;
    }
  }
}
