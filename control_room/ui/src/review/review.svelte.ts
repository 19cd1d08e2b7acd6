import { SvelteSet } from 'svelte/reactivity';

import type { Problem } from '../api/client';
import type { ReviewCalls, Word } from './calls';
import type { Analysis, Finding, FindingState, Flight, Footage, Footprint, KnownPoint } from './types';

export const SHOWN_STATES: readonly FindingState[] = ['candidate', 'confirmed', 'rejected', 'merged'];
/** Between two places of the camera, while the video plays. */
const FOOTPRINT_EVERY_S = 1;

/** One flight's findings while a person goes through them: which is chosen, and what was said of it. */
export class Review {
  readonly calls: ReviewCalls;
  flight: Flight | null = $state(null);
  analysis: Analysis | null = $state(null);
  files: Footage[] = $state([]);
  findings: Finding[] = $state([]);
  knownPoints: KnownPoint[] = $state([]);
  footprints: Footprint[] = $state([]);
  footprintsOf: string | null = $state(null);
  shown: FindingState | '' = $state('candidate');
  chosen: string | null = $state(null);
  /** Another one chosen with it, to be merged into. */
  problem: Problem | null = $state(null);
  isLoading = $state(true);
  #last: { finding_id: string } | null = $state(null);
  /** They leave the queue at once: people type faster than a room far away answers. */
  readonly #leaving = new SvelteSet<string>();
  readonly #said = new SvelteSet<string>();
  /** Words reach the room in the order in which they were said. */
  #before: Promise<unknown> = Promise.resolve();

  /** Something was said of the chosen one, and the room has not answered yet. */
  readonly isBusy = $derived(this.chosen !== null && this.#said.has(this.chosen));
  readonly list = $derived(
    this.findings.filter(
      (one) => this.shown === '' || (one.state === this.shown && !this.#leaving.has(one.finding_id)),
    ),
  );
  readonly finding = $derived(this.findings.find((one) => one.finding_id === this.chosen) ?? null);
  readonly canUndo = $derived(this.#last !== null || this.#said.size > 0);

  constructor(calls: ReviewCalls) {
    this.calls = calls;
  }

  async load(): Promise<void> {
    this.isLoading = true;
    this.problem = null;
    const [flight, footage, findings, points, analysis] = await Promise.all([
      this.calls.flight(),
      this.calls.footage(),
      this.calls.findings(),
      this.calls.knownPoints(),
      this.calls.analysis(),
    ]);
    this.isLoading = false;
    for (const answer of [flight, footage, findings, points]) {
      if (!answer.ok) {
        this.problem = answer.problem;
        return;
      }
    }
    if (flight.ok) this.flight = flight.data;
    if (footage.ok) this.files = footage.data.items;
    if (findings.ok) this.findings = findings.data.items;
    if (points.ok) this.knownPoints = points.data.items;
    this.analysis = analysis.ok ? analysis.data : null;
    if (this.list.length === 0 && this.findings.length > 0) this.shown = '';
    this.chosen ??= this.list[0]?.finding_id ?? null;
  }

  /** How far the camera's way along a video is known; asked once for each video. */
  async follow(footage_id: string | null): Promise<void> {
    if (footage_id === null || footage_id === this.footprintsOf) return;
    this.footprintsOf = footage_id;
    this.footprints = [];
    const answer = await this.calls.footprints(footage_id, FOOTPRINT_EVERY_S);
    if (answer.ok && this.footprintsOf === footage_id) this.footprints = answer.data.items;
  }

  /** Where the camera was at a moment of the video. */
  footprintAt(time_s: number): Footprint | null {
    let found: Footprint | null = null;
    for (const one of this.footprints) {
      if (one.time_s > time_s + FOOTPRINT_EVERY_S / 2) break;
      found = one;
    }
    return found;
  }

  step(by: number): void {
    if (this.list.length === 0) return;
    const at = this.list.findIndex((one) => one.finding_id === this.chosen);
    const next = at < 0 ? 0 : Math.min(this.list.length - 1, Math.max(0, at + by));
    this.chosen = this.list[next]?.finding_id ?? null;
  }

  /** Takes a finding from the stream or from an answer; an older version never replaces a newer one. */
  put(finding: Finding): void {
    const at = this.findings.findIndex((one) => one.finding_id === finding.finding_id);
    const known = this.findings[at];
    if (!known) this.findings.push(finding);
    else if (known.version <= finding.version) this.findings[at] = finding;
  }

  /** Says it of the chosen one and goes on to the next at once; what went wrong, or null. */
  say(word: Word): Promise<Problem | null> {
    const { finding } = this;
    if (!finding || this.#said.has(finding.finding_id)) return Promise.resolve(null);
    const next = this.#after(finding.finding_id);
    this.#said.add(finding.finding_id);
    if (this.shown !== '' && word.verb !== 'place') {
      this.#leaving.add(finding.finding_id);
      this.chosen = next;
    }
    return this.#inTurn(() => this.#tell(finding, word));
  }

  async #tell(finding: Finding, word: Word): Promise<Problem | null> {
    const answer = await this.calls.say(finding, word);
    if (answer.ok) {
      this.put(answer.data);
      this.#last = { finding_id: finding.finding_id };
    } else {
      const now = await this.calls.detail(finding.finding_id);
      if (now.ok) this.put(now.data);
    }
    this.#said.delete(finding.finding_id);
    this.#leaving.delete(finding.finding_id);
    const isStillThere = this.list.some((one) => one.finding_id === finding.finding_id);
    if (this.chosen === null || (!answer.ok && isStillThere)) this.chosen = finding.finding_id;
    return answer.ok ? null : answer.problem;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#before.then(act);
    this.#before = done.catch(() => undefined);
    return done;
  }

  /** Takes the last word back, once it has reached the room. */
  undo(): Promise<Problem | null> {
    return this.#inTurn(() => this.#undo());
  }

  /** What was confirmed is rejected first, as its alert must be closed. */
  async #undo(): Promise<Problem | null> {
    const said = this.#last;
    const finding = this.findings.find((one) => one.finding_id === said?.finding_id);
    if (!finding) return null;
    this.#last = null;
    let now = finding;
    if (now.state === 'confirmed') {
      const taken = await this.calls.say(now, { verb: 'reject' });
      if (!taken.ok) return taken.problem;
      now = taken.data;
    }
    if (now.state !== 'candidate') {
      const again = await this.calls.say(now, { verb: 'reconsider' });
      if (!again.ok) return again.problem;
      now = again.data;
    }
    this.put(now);
    this.chosen = now.finding_id;
    return null;
  }

  async correctBy(point: Parameters<ReviewCalls['addKnownPoint']>[0]): Promise<Problem | { moved: number }> {
    const answer = await this.calls.addKnownPoint(point);
    if (!answer.ok) return answer.problem;
    this.knownPoints = answer.data.items;
    await this.#refresh();
    return { moved: answer.data.moved };
  }

  async forgetPoint(known_point_id: string): Promise<Problem | null> {
    const answer = await this.calls.removeKnownPoint(known_point_id);
    if (!answer.ok) return answer.problem;
    this.knownPoints = answer.data.items;
    await this.#refresh();
    return null;
  }

  async #refresh(): Promise<void> {
    const answer = await this.calls.findings();
    if (answer.ok) this.findings = answer.data.items;
    this.footprintsOf = null;
  }

  #after(finding_id: string): string | null {
    const at = this.list.findIndex((one) => one.finding_id === finding_id);
    return (this.list[at + 1] ?? this.list[at - 1])?.finding_id ?? null;
  }
}
