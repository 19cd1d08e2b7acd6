import { SvelteMap, SvelteSet } from 'svelte/reactivity';

import type { Act, Api, Problem } from '../api/client';
import { describe } from '../api/problem';
import type { Alert, AlertDetail, CloseReason, HistoryEntry } from '../api/types';
import { i18n, t } from '../i18n/i18n.svelte';
import type { Room } from '../stream/room.svelte';
import type { Toasts } from '../toasts.svelte';

/** An act that came too late: somebody else changed the alert first. */
export interface Conflict {
  act: Act;
  present: Alert;
  /** Who changed it and how; null until the room has told. */
  last: HistoryEntry | null;
}

interface Closed {
  alertId: string;
  version: number;
}

/** What a person does to alerts, and what became of it. */
export class Actions {
  readonly #api: Api;
  readonly #room: Room;
  readonly #toasts: Toasts;
  /** Notes that are typed and not saved, by alert: they outlive the page that they were typed on. */
  readonly drafts = new SvelteMap<string, string>();
  /** Why this person opens recordings of an alert that is closed, by alert. */
  readonly reasons = new SvelteMap<string, string>();
  readonly conflicts = new SvelteMap<string, Conflict>();
  /** The newest answer of the room about an alert, with its history. */
  readonly details = new SvelteMap<string, AlertDetail>();
  readonly #busy = new SvelteSet<string>();
  #lastClosed: Closed | null = $state(null);

  constructor(api: Api, room: Room, toasts: Toasts) {
    this.#api = api;
    this.#room = room;
    this.#toasts = toasts;
  }

  isBusy(id: string): boolean {
    return this.#busy.has(id);
  }

  async acknowledge(alert: Alert): Promise<boolean> {
    if (alert.state === 'closed') return this.#refuse(t('action.not_now'));
    if (alert.state === 'acknowledged') return this.#refuse(t('action.already'));
    return this.#perform(alert, this.#withNote(alert, { verb: 'acknowledge' }));
  }

  async close(alert: Alert, reason: CloseReason): Promise<boolean> {
    if (alert.state === 'closed') return this.#refuse(t('action.not_now'));
    return this.#perform(alert, this.#withNote(alert, { verb: 'close', reason }));
  }

  async shelve(alert: Alert, until: string, reason: string): Promise<boolean> {
    if (alert.state === 'closed') return this.#refuse(t('action.not_now'));
    const act: Act = reason ? { verb: 'shelve', until, reason } : { verb: 'shelve', until };
    return this.#perform(alert, this.#withNote(alert, act));
  }

  async reopen(alert: Alert, reason: string): Promise<boolean> {
    return this.#perform(alert, this.#withNote(alert, { verb: 'reopen', reason }));
  }

  async note(alert: Alert): Promise<boolean> {
    const note = this.drafts.get(alert.alert_id)?.trim();
    return note ? this.#perform(alert, { verb: 'notes', note }) : false;
  }

  /** Reopens what was closed last on this screen. */
  async undo(): Promise<boolean> {
    const closed = this.#lastClosed;
    const alert = closed && this.#room.alerts.get(closed.alertId);
    if (!closed || alert?.state !== 'closed') return false;
    return this.#perform(alert, { verb: 'reopen', reason: t('action.undo_reason') });
  }

  /** Does what the conflict stopped, on the alert as it is now. */
  async insist(id: string): Promise<boolean> {
    const conflict = this.conflicts.get(id);
    if (!conflict) return false;
    this.conflicts.delete(id);
    return this.#perform(this.#room.alerts.get(id) ?? conflict.present, conflict.act);
  }

  yieldTo(id: string): void {
    this.conflicts.delete(id);
  }

  #withNote(alert: Alert, act: Act): Act {
    const note = this.drafts.get(alert.alert_id)?.trim();
    return note ? { ...act, note } : act;
  }

  async #perform(alert: Alert, act: Act): Promise<boolean> {
    const id = alert.alert_id;
    if (this.#busy.has(id)) return false;
    this.#busy.add(id);
    try {
      const answer = await this.#api.act(id, alert.version, act);
      if (!answer.ok) {
        this.#failed(alert, act, answer.problem);
        return false;
      }
      this.#done(answer.data, act);
      return true;
    } finally {
      this.#busy.delete(id);
    }
  }

  #done(alert: AlertDetail, act: Act): void {
    this.#room.put(alert);
    this.details.set(alert.alert_id, alert);
    this.conflicts.delete(alert.alert_id);
    if (act.note !== undefined && this.drafts.get(alert.alert_id)?.trim() === act.note) {
      this.drafts.delete(alert.alert_id);
    }
    if (act.verb === 'close') {
      this.#lastClosed = { alertId: alert.alert_id, version: alert.version };
      this.#toasts.say(done(act), { label: t('action.undo'), key: 'z', run: () => void this.undo() });
    } else {
      this.#lastClosed = null;
      this.#toasts.say(done(act));
    }
  }

  #failed(alert: Alert, act: Act, problem: Problem): void {
    if (problem.status === 409 && problem.alert) {
      const present = problem.alert;
      this.#room.put(present);
      this.conflicts.set(alert.alert_id, { act, present, last: null });
      void this.#tellWho(alert.alert_id);
    } else if (problem.status === 0) this.#toasts.warn(t('action.failed_network'));
    else if (problem.status === 403) this.#toasts.warn(t('action.failed_permission'));
    else if (problem.status !== 401) this.#toasts.warn(t('action.failed', { detail: describe(problem) }));
  }

  async #tellWho(id: string): Promise<void> {
    const answer = await this.#api.alert(id);
    const conflict = this.conflicts.get(id);
    if (!answer.ok) return;
    this.details.set(id, answer.data);
    if (conflict) this.conflicts.set(id, { ...conflict, last: answer.data.history.at(-1) ?? null });
  }

  #refuse(why: string): boolean {
    this.#toasts.say(why);
    return false;
  }
}

/** What was done, in the words of the toast. */
function done(act: Act): string {
  if (act.verb === 'close') return t('action.done_close', { reason: i18n.name('reason', act.reason) });
  if (act.verb === 'shelve') return t('action.done_shelve', { time: i18n.minute(act.until) });
  if (act.verb === 'notes') return t('action.done_note');
  return t(act.verb === 'acknowledge' ? 'action.done_acknowledge' : 'action.done_reopen');
}

/** What was tried, in the words of the button. */
export function named(act: Act): string {
  if (act.verb === 'close') return `${t('action.close_as')} ${i18n.name('reason', act.reason).toLowerCase()}`;
  if (act.verb === 'notes') return t('action.note');
  return t(`action.${act.verb}`);
}
