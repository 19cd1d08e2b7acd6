import { SvelteMap } from 'svelte/reactivity';

import type { Api, Problem, Result } from '../api/client';
import type { Command, CommandDetail, CommandKind, RecordedSpan, RecordingHold, RecordingsListed } from '../api/types';

/** What the device takes in one command. */
export const FETCH_LONGEST_MS = 6 * 3_600_000;
/** How often a command is asked for that is not ended, should the stream have missed a word of it. */
const ASK_AGAIN_MS = 3_000;
const COPIES = 20;
const TRIALS = 5;

export interface Span {
  from: string;
  to: string;
}

/** A camera, as the page's address names it. */
export interface Place {
  device_id: string;
  camera_id: string;
}

export function placeOf(key: string): Place | null {
  const slash = key.indexOf('/');
  return slash > 0 ? { device_id: key.slice(0, slash), camera_id: key.slice(slash + 1) } : null;
}

/** Something is still to come: the answer, or a file that it announced. */
export function isUnderWay(command: Command): boolean {
  if (command.state === 'answered') return command.files_received < command.files;
  return command.state === 'queued' || command.state === 'sent' || command.state === 'working';
}

/** The device may still be told to leave it: a copy or a trial that has no answer yet. */
export function isCancellable(command: Command): boolean {
  const takesLong = command.kind === 'recording_fetch' || command.kind === 'rules_try';
  return takesLong && command.state !== 'answered' && isUnderWay(command);
}

/** A person did not want it any more: no fault. */
export function wasCancelled(command: Command): boolean {
  return command.state === 'failed' && command.error === 'cancelled';
}

/** What was said of the newest search. */
export type Search =
  | { state: 'none' | 'asking' }
  | { state: 'found'; listed: RecordingsListed; span: Span }
  | { state: 'refused'; problem: Problem }
  | { state: 'failed'; error: string };

/** The recordings of one camera at a time: searches, copies, holds. Answers come over the stream. */
export class Recordings {
  readonly #api: Api;
  #place: Place | null = null;
  #searched: { id: string; span: Span } | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  search: Search = $state({ state: 'none' });
  /** Copies, holds and releases that were asked for, the newest first. */
  readonly copies = new SvelteMap<string, CommandDetail>();
  holds: RecordingHold[] = $state([]);
  holdsProblem: Problem | null = $state(null);
  /** Reasons that the person gave for originals, by command; they leave with the page. */
  readonly reasons = new SvelteMap<string, string>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** Until the function that it gives is called. */
  start(): () => void {
    this.#timer = setInterval(() => void this.#askAgain(), ASK_AGAIN_MS);
    return () => clearInterval(this.#timer);
  }

  /** Another camera: what was found of the last one goes. */
  async open(place: Place): Promise<void> {
    this.#place = place;
    this.#searched = null;
    this.search = { state: 'none' };
    this.copies.clear();
    this.holds = [];
    await Promise.all([this.#loadCopies(place), this.loadHolds()]);
  }

  async find(span: Span): Promise<void> {
    this.search = { state: 'asking' };
    const given = await this.#order('recordings_list', { ...span });
    if (!given.ok) {
      this.search = { state: 'refused', problem: given.problem };
      return;
    }
    this.#searched = { id: given.data, span };
    await this.#load(given.data);
  }

  /** A copy to look at; `reason` asks for the original. */
  async fetch(span: Span, reason?: string): Promise<Problem | null> {
    return this.#ask('recording_fetch', { ...span, pixelated: reason === undefined }, reason);
  }

  async keep(span: Span, reason: string): Promise<Problem | null> {
    return this.#ask('recording_fetch', { ...span, pixelated: false, keep: true }, reason);
  }

  async hold(span: Span, reason: string, until: string | null): Promise<Problem | null> {
    return this.#ask('recording_hold', { ...span, ...(until && { until }) }, reason);
  }

  /** What a rule with these settings and zones would have found. */
  async tryRules(span: Span, rules: Record<string, unknown>, zones: unknown): Promise<Problem | null> {
    return this.#ask('rules_try', { ...span, rules, zones });
  }

  /** Give up a copy or a trial; its own answer says what became of it, also where it ended just before (409). */
  async cancel(command: Command): Promise<Problem | null> {
    const given = await this.#order('cancel', { command_id: command.command_id });
    await this.#load(command.command_id);
    return given.ok || given.problem.status === 409 ? null : given.problem;
  }

  async release(hold: RecordingHold, reason: string): Promise<Problem | null> {
    const given = await this.#order('recording_release', { hold_id: hold.hold_id }, reason);
    return this.#taken(given, reason);
  }

  async loadHolds(): Promise<void> {
    const place = this.#place;
    if (!place) return;
    const answer = await this.#api.recordingHolds(place.device_id, place.camera_id);
    if (place !== this.#place) return;
    this.holdsProblem = answer.ok ? null : answer.problem;
    if (answer.ok) this.holds = answer.data.items;
  }

  /** The stream spoke of these commands. */
  async heard(told: Command[]): Promise<void> {
    for (const command of told) {
      const known = this.copies.get(command.command_id);
      if (known && (known.state !== command.state || known.files_received !== command.files_received)) {
        await this.#load(command.command_id);
      } else if (known && known.progress !== command.progress) {
        this.copies.set(command.command_id, { ...known, progress: command.progress });
      } else if (command.command_id === this.#searched?.id && !isUnderWay(command)) {
        await this.#load(command.command_id);
      }
    }
  }

  async #ask(kind: CommandKind, args: Record<string, unknown>, reason?: string): Promise<Problem | null> {
    return this.#taken(await this.#order(kind, args, reason), reason);
  }

  async #taken(given: Result<string>, reason?: string): Promise<Problem | null> {
    if (!given.ok) return given.problem;
    if (reason) this.reasons.set(given.data, reason);
    await this.#load(given.data);
    return null;
  }

  async #order(kind: CommandKind, args: Record<string, unknown>, reason?: string): Promise<Result<string>> {
    const place = this.#place;
    if (!place) return { ok: false, problem: { status: 0, title: '', detail: '' } };
    const isOfCamera = kind !== 'recording_release' && kind !== 'cancel';
    const named = !isOfCamera ? args : { camera_id: place.camera_id, ...args };
    const given = await this.#api.order(place.device_id, kind, named, reason);
    return given.ok ? { ok: true, data: given.data.command_id } : given;
  }

  async #loadCopies(place: Place): Promise<void> {
    for (const [kind, newest] of [
      ['recording_fetch', COPIES],
      ['rules_try', TRIALS],
    ] as const) {
      const page = await this.#api.commands(place.device_id, place.camera_id, kind, newest);
      if (!page.ok || place !== this.#place) return;
      for (const item of page.data.items) await this.#load(item.command_id);
    }
  }

  async #load(id: string): Promise<void> {
    const place = this.#place;
    const answer = await this.#api.command(id);
    if (!answer.ok || place !== this.#place) return;
    const command = answer.data;
    if (command.kind === 'recordings_list') {
      this.#found(command);
      return;
    }
    this.copies.set(id, command);
    const isHold = command.kind === 'recording_hold' || command.kind === 'recording_release';
    if (isHold && command.state === 'answered') await this.#heldAnew();
  }

  /** A hold began or ended: what was found says so only when it is asked for again. */
  async #heldAnew(): Promise<void> {
    await this.loadHolds();
    if (this.search.state === 'found' && this.#searched === null) await this.#findAgain(this.search.span);
  }

  /** Without a word on the screen until the answer is there. */
  async #findAgain(span: Span): Promise<void> {
    const given = await this.#order('recordings_list', { ...span });
    if (given.ok) this.#searched = { id: given.data, span };
  }

  #found(command: CommandDetail): void {
    const searched = this.#searched;
    if (searched?.id !== command.command_id) return;
    if (command.state === 'answered') {
      this.search = { state: 'found', listed: command.result as unknown as RecordingsListed, span: searched.span };
      this.#searched = null;
    } else if (command.state === 'failed' || command.state === 'expired') {
      this.search = { state: 'failed', error: command.error ?? '' };
      this.#searched = null;
    }
  }

  async #askAgain(): Promise<void> {
    const waiting = [...this.copies.values()].filter(isUnderWay).map((command) => command.command_id);
    for (const id of this.#searched ? [this.#searched.id, ...waiting] : waiting) await this.#load(id);
  }
}

/** Copies, and holds that are under way or came to nothing; the newest first. */
export function worthShowing(copies: Iterable<CommandDetail>): CommandDetail[] {
  return [...copies]
    .filter((copy) => copy.kind !== 'rules_try' && (copy.kind === 'recording_fetch' || copy.state !== 'answered'))
    .sort((a, b) => b.issued_at.localeCompare(a.issued_at));
}

/** Where a span lies in another, in shares of its length. */
export function placeIn(span: Span, whole: Span): { start: number; length: number } {
  const [first, last] = [Date.parse(whole.from), Date.parse(whole.to)];
  const share = (iso: string): number => Math.min(1, Math.max(0, (Date.parse(iso) - first) / (last - first)));
  const start = share(span.from);
  return { start, length: share(span.to) - start };
}

export function seconds(span: Span): number {
  return (Date.parse(span.to) - Date.parse(span.from)) / 1000;
}

/** What of the recorded spans lies in the one that was searched, cut to it. */
export function within(spans: RecordedSpan[], whole: Span): RecordedSpan[] {
  return spans
    .filter((span) => span.to > whole.from && span.from < whole.to)
    .map((span) => ({
      ...span,
      from: Date.parse(span.from) < Date.parse(whole.from) ? whole.from : span.from,
      to: Date.parse(span.to) > Date.parse(whole.to) ? whole.to : span.to,
    }));
}
