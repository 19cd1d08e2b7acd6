import type { Api, Problem } from '../api/client';
import type { Alert } from '../api/types';
import type { Room } from '../stream/room.svelte';
import { compare, isGrave, matches, type Filter } from './queue';

const PAGE = 50;

/**
 * The operator's list. Its order is frozen when it is shown: what arrives waits behind a button and what leaves stays
 * in its row, so that nothing moves under the cursor.
 */
export class Feed {
  readonly #room: Room;
  readonly #api: Api;
  filter: Filter = $state({ view: 'queue', rule: '', camera: '' });
  #shown: string[] = $state([]);
  /** Closed alerts come from the server by pages; everything else is in the room already. */
  #past: Alert[] = $state([]);
  #cursor: string | null = $state(null);
  #asked = 0;
  limit = $state(PAGE);
  loading = $state(false);
  problem: Problem | null = $state(null);
  selectedId: string | null = $state(null);

  readonly #shownIds = $derived(new Set(this.#shown));
  readonly #matching = $derived.by(() =>
    this.filter.view === 'closed' ? [] : [...this.#room.alerts.values()].filter((alert) => matches(alert, this.filter)),
  );
  readonly #waitingAlerts = $derived(this.#matching.filter((alert) => !this.#shownIds.has(alert.alert_id)));
  readonly #all = $derived.by(() =>
    this.filter.view === 'closed'
      ? this.#past.map((alert) => this.#room.alerts.get(alert.alert_id) ?? alert)
      : this.#shown.map((id) => this.#room.alerts.get(id)).filter((alert) => alert !== undefined),
  );
  readonly rows = $derived(this.filter.view === 'closed' ? this.#all : this.#all.slice(0, this.limit));
  /** How many match and are not in the list yet. */
  readonly waiting = $derived(this.#waitingAlerts.length);
  readonly newestWaitingId = $derived(
    this.#waitingAlerts.reduce<Alert | null>((a, b) => (a && a.opened_at >= b.opened_at ? a : b), null)?.alert_id,
  );
  readonly waitingGrave = $derived(this.#waitingAlerts.some(isGrave));
  /** How many rows show an alert that no longer belongs to this list. */
  readonly gone = $derived(this.#all.filter((alert) => !this.belongs(alert)).length);
  readonly total = $derived(this.#all.length - this.gone);
  readonly hasMore = $derived(this.filter.view === 'closed' ? this.#cursor !== null : this.#all.length > this.limit);
  readonly selected = $derived(this.rows.find((alert) => alert.alert_id === this.selectedId) ?? null);

  constructor(room: Room, api: Api) {
    this.#room = room;
    this.#api = api;
  }

  belongs(alert: Alert): boolean {
    return matches(alert, this.filter);
  }

  /** Shows another list. */
  async show(filter: Filter): Promise<void> {
    this.filter = filter;
    this.limit = PAGE;
    this.#shown = [];
    this.problem = null;
    if (filter.view === 'closed') await this.#loadPast(null);
    else this.refresh();
  }

  /** Takes in what waits and drops what is gone, in the order of work. The selection stays on its alert. */
  refresh(): void {
    const was = this.rows.findIndex((alert) => alert.alert_id === this.selectedId);
    this.#shown = [...this.#matching].sort(compare).map((alert) => alert.alert_id);
    if (this.selectedId !== null && !this.#shownIds.has(this.selectedId)) {
      this.selectedId = this.#shown[Math.min(Math.max(was, 0), this.#shown.length - 1)] ?? null;
    }
  }

  /** The room's first snapshot, and the first alert of an empty list, need no button: there is nothing to move. */
  fillIfEmpty(): void {
    if (this.#shown.length === 0 && this.waiting > 0) this.refresh();
  }

  async more(): Promise<void> {
    if (this.filter.view === 'closed') await this.#loadPast(this.#cursor);
    else this.limit += PAGE;
  }

  /** Moves the selection by `step` rows, and says where it went. */
  move(step: number): Alert | null {
    const from = this.rows.findIndex((alert) => alert.alert_id === this.selectedId);
    const to = from < 0 ? 0 : Math.min(Math.max(from + step, 0), this.rows.length - 1);
    const alert = this.rows[to] ?? null;
    this.selectedId = alert?.alert_id ?? null;
    return alert;
  }

  /** The alert `step` rows from `id` in the list, for the arrows of the alert's own page. */
  neighbour(id: string, step: number): Alert | null {
    const from = this.rows.findIndex((alert) => alert.alert_id === id);
    return from < 0 ? null : (this.rows[from + step] ?? null);
  }

  clear(): void {
    this.#shown = [];
    this.#past = [];
    this.#cursor = null;
    this.selectedId = null;
    this.problem = null;
  }

  async #loadPast(cursor: string | null): Promise<void> {
    const asked = ++this.#asked;
    this.loading = true;
    this.problem = null;
    if (cursor === null) this.#past = [];
    const answer = await this.#api.alerts('closed', this.filter, cursor, PAGE);
    if (asked !== this.#asked) return;
    this.loading = false;
    if (!answer.ok) {
      this.problem = answer.problem;
      return;
    }
    this.#past = [...this.#past, ...answer.data.items];
    this.#cursor = answer.data.next_cursor;
  }
}
