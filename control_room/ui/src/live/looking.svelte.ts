import type { Problem, Result } from '../api/client';
import type { LiveCalls, StreamName } from './calls';
import type { Target } from './targets';
import type { Clip, ClipWanted } from './types';

const CLIP_LOOK_MS = 3_000;
const CLIP_LOOKS = 140;
/** How far "go back" goes. */
export const BACK_S = 30;

/** What was asked for and waits for a reason; `again` does it once one has been said. */
export interface Asked {
  again: () => void;
}

/** What a person does with one live picture beside watching it: going back, cutting, saving. Each may want a reason first. */
export class Looking {
  /** The video of what was, over the live picture that goes on. */
  past: { address: string; from: string | null; to: string | null } | null = $state.raw(null);
  isBusy = $state(false);
  problem: Problem | null = $state.raw(null);
  asked: Asked | null = $state.raw(null);

  readonly #calls: LiveCalls;
  readonly #target: Target;
  readonly #stream: StreamName;
  readonly #alert_id: string | null;

  constructor(calls: LiveCalls, target: Target, stream: StreamName, alert_id: string | null) {
    this.#calls = calls;
    this.#target = target;
    this.#stream = stream;
    this.#alert_id = alert_id;
  }

  /** Begins to show the last seconds; live goes on underneath. */
  async goBack(): Promise<void> {
    const answer = await this.#do(() => this.#calls.rewind(this.#target, this.#stream, BACK_S, this.#alert_id));
    if (!answer) return;
    if (!answer.ok) {
      this.#refused(answer.problem, () => void this.goBack());
      return;
    }
    this.toLive();
    const { video, from, to } = answer.data;
    this.past = { address: URL.createObjectURL(video), from, to };
  }

  toLive(): void {
    if (this.past) URL.revokeObjectURL(this.past.address);
    this.past = null;
    this.problem = null;
  }

  /** Gives the picture, or null where it could not be had or a reason is asked first (then it is tried again by itself). */
  async picture(note: string, ondone: (picture: Blob) => void): Promise<void> {
    const answer = await this.#do(() => this.#calls.picture(this.#target, note, this.#alert_id));
    if (!answer) return;
    if (answer.ok) ondone(answer.data);
    else this.#refused(answer.problem, () => void this.picture(note, ondone));
  }

  /** Gives the problem for the dialog to show; one that is a missing reason is asked for, and the clip then made. */
  async clip(wanted: ClipWanted, ondone: (made: Clip) => void): Promise<Problem | null> {
    const answer = await this.#do(() => this.#calls.clip(this.#target, wanted));
    if (!answer) return null;
    if (answer.ok) {
      ondone(answer.data);
      return null;
    }
    if (answer.problem.name !== REASON_NEEDED) return answer.problem;
    this.#refused(answer.problem, () => void this.clip(wanted, ondone).then((problem) => (this.problem = problem)));
    return null;
  }

  /** Follows a clip to its end: the last word about it, or null where it takes longer than anybody waits. */
  async followed(clip: Clip): Promise<Clip | null> {
    let now = clip;
    for (let look = 0; look < CLIP_LOOKS; look += 1) {
      if (now.state === 'ready' || now.state === 'failed') return now;
      await new Promise((resolve) => setTimeout(resolve, CLIP_LOOK_MS));
      const answer = await this.#calls.clipNow(clip.clip_id);
      if (answer.ok) now = answer.data;
    }
    return null;
  }

  /** The room wants to know why before it shows the live picture itself. */
  ask(again: () => void): void {
    this.asked ??= { again };
  }

  /** It has been said. */
  said(): void {
    const asked = this.asked;
    this.asked = null;
    this.problem = null;
    asked?.again();
  }

  async #do<T>(act: () => Promise<Result<T>>): Promise<Result<T> | null> {
    if (this.isBusy) return null;
    this.isBusy = true;
    this.problem = null;
    const answer = await act();
    this.isBusy = false;
    return answer;
  }

  #refused(problem: Problem, again: () => void): void {
    if (problem.name === REASON_NEEDED) this.asked = { again };
    else this.problem = problem;
  }
}

export const REASON_NEEDED = 'reason-needed';
