import type { Problem } from '../api/client';
import type { LiveCalls } from './calls';
import type { Target } from './targets';
import type { PtzOrder, PtzState } from './types';

/** How a camera is pushed: -1 to 1 of its greatest speed. Right, up and in are positive. */
export interface Push {
  pan: number;
  tilt: number;
  zoom: number;
}

/** While a key is held the order is given again: a camera stops by itself where the page is lost. */
const AGAIN_MS = 600;
const LOOK_EVERY_MS = 2_000;
/** The problem of an order while another turns the camera. */
export const HELD = 'camera-held';
/** Half of its greatest speed: a person can still see where it goes. */
const SPEED = 0.5;

/** Turning one camera by hand. */
export class Turning {
  state: PtzState | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  /** It cannot be turned. */
  isFixed = $state(false);
  readonly #calls: LiveCalls;
  readonly #target: Target;
  #holding: ReturnType<typeof setInterval> | undefined;
  /** Orders reach the room in the order in which they were given: a stop must not pass what it stops. */
  #given: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(calls: LiveCalls, target: Target) {
    this.#calls = calls;
    this.#target = target;
  }

  get lockedBy(): string | null {
    return this.state?.locked_by ?? null;
  }
  get presets(): PtzState['presets'] {
    return this.state?.presets ?? [];
  }

  follow(): () => void {
    void this.#look();
    const looking = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    return () => {
      clearInterval(looking);
      this.release();
      // Others need not wait until our time is over.
      void this.#given.then(() => (this.state?.held ? this.#calls.letTurn(this.#target) : undefined));
    };
  }

  push(push: Push): void {
    if (this.lockedBy !== null) return;
    this.release();
    const order = { pan: push.pan * SPEED, tilt: push.tilt * SPEED, zoom: push.zoom * SPEED };
    void this.#order(order);
    this.#holding = setInterval(() => {
      if (this.#waiting === 0) void this.#order(order);
    }, AGAIN_MS);
  }

  /** Stops what is being turned; without effect where nothing is. */
  release(): void {
    if (this.#holding === undefined) return;
    clearInterval(this.#holding);
    this.#holding = undefined;
    void this.#order({ stop: true });
  }

  /** From whoever turns it; he sees who did, and why. */
  takeOver(why: string): Promise<void> {
    return this.#order({ stop: true, take_over: why });
  }

  home(): Promise<void> {
    return this.#order({ home: true });
  }
  preset(token: string): Promise<void> {
    return this.#order({ preset: token });
  }

  async #look(): Promise<void> {
    const answer = await this.#calls.ptz(this.#target);
    if (answer.ok) {
      this.state = answer.data;
      if (this.problem?.name === HELD && this.lockedBy === null) this.problem = null;
    } else if (answer.problem.status === 404) this.isFixed = true;
    else if (!this.state) this.problem = answer.problem;
  }

  #order(order: PtzOrder): Promise<void> {
    this.#waiting += 1;
    this.#given = this.#given.then(() => this.#give(order)).finally(() => (this.#waiting -= 1));
    return this.#given;
  }

  async #give(order: PtzOrder): Promise<void> {
    const answer = await this.#calls.turn(this.#target, order);
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) {
      this.state = answer.data;
      return;
    }
    clearInterval(this.#holding);
    this.#holding = undefined;
    // Who turns it now was quicker: his name, and not only that there is somebody.
    if (answer.problem.name === HELD) await this.#look();
  }
}
