import { SvelteMap } from 'svelte/reactivity';

import type { Alert, Camera, Command, Device, Flight, Heartbeat, LastPosition, Snapshot } from '../api/types';
import type { Finding } from '../review/types';
import type { Site } from '../sites/calls';
import type { Health, StreamKind } from './source';

/** Closed alerts are kept for the rows that still show them; beyond this many the oldest go. */
const KEEP_CLOSED = 500;
const KEEP_COMMANDS = 200;

export const cameraKey = (camera: { device_id: string; camera_id: string | null }): string =>
  `${camera.device_id}/${camera.camera_id ?? ''}`;

interface Deps {
  /** Runs its argument soon and once: an animation frame, or at once where no frame will come. */
  schedule: (flush: () => void) => void;
  onHeartbeat: (at: string) => void;
  /** Alerts that were open and are missing in a fresh snapshot: closed while we were away. */
  onMissing: (ids: string[]) => void;
}

/** What the control room knows now, as the stream tells it. Everything on the screen reads from here. */
export class Room {
  readonly alerts = new SvelteMap<string, Alert>();
  readonly cameras = new SvelteMap<string, Camera>();
  readonly devices = new SvelteMap<string, Device>();
  /** Commands that the stream spoke of lately, as it last did. */
  readonly commands = new SvelteMap<string, Command>();
  /** Where each drone is, or was last, by its device. */
  readonly positions = new SvelteMap<string, LastPosition>();
  /** Flights that the stream spoke of lately, as it last did. */
  readonly flights = new SvelteMap<string, Flight>();
  /** Findings and sites that the stream spoke of lately, as it last did. */
  readonly findings = new SvelteMap<string, Finding>();
  readonly sites = new SvelteMap<string, Site>();
  /** A first snapshot has come. */
  loaded = $state(false);
  health: Health = $state('connecting');
  /** Browser time of the last word from the room, in ms; 0 before the first. */
  heardAt = $state(0);

  readonly #deps: Deps;
  readonly #now: () => number;
  #queue: { kind: StreamKind; data: unknown }[] = [];
  #scheduled = false;

  constructor(deps: Deps, now: () => number = Date.now) {
    this.#deps = deps;
    this.#now = now;
  }

  /** Takes one event of the stream; a burst of them reaches the page as one change. */
  receive(kind: StreamKind, data: unknown): void {
    this.heardAt = this.#now();
    if (kind === 'heartbeat') {
      this.#deps.onHeartbeat((data as Heartbeat).at);
      return;
    }
    this.#queue.push({ kind, data });
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#deps.schedule(() => this.flush());
  }

  flush(): void {
    this.#scheduled = false;
    const queue = this.#queue;
    this.#queue = [];
    for (const { kind, data } of queue) {
      if (kind === 'snapshot') this.#replace(data as Snapshot);
      else if (kind === 'alert') this.put(data as Alert);
      else if (kind === 'camera') this.cameras.set(cameraKey(data as Camera), data as Camera);
      else if (kind === 'device') this.devices.set((data as Device).device_id, data as Device);
      else if (kind === 'position') this.positions.set((data as LastPosition).device_id, data as LastPosition);
      else if (kind === 'flight') this.flights.set((data as Flight).flight_id, data as Flight);
      else if (kind === 'finding') this.findings.set((data as Finding).finding_id, data as Finding);
      else if (kind === 'site') this.sites.set((data as Site).site_id, data as Site);
      else if (kind === 'command') this.commands.set((data as Command).command_id, data as Command);
    }
    this.#prune();
  }

  /** Takes an alert from the stream or from an answer; an older version never replaces a newer one. */
  put(alert: Alert): void {
    const known = this.alerts.get(alert.alert_id);
    if (known && known.version > alert.version) return;
    this.alerts.set(alert.alert_id, alert);
  }

  camera(of: { device_id: string; camera_id: string }): Camera | undefined {
    return this.cameras.get(cameraKey(of));
  }

  clear(): void {
    this.#queue = [];
    this.alerts.clear();
    this.cameras.clear();
    this.devices.clear();
    this.commands.clear();
    this.flights.clear();
    this.findings.clear();
    this.sites.clear();
    this.loaded = false;
    this.heardAt = 0;
  }

  #replace(snapshot: Snapshot): void {
    const present = new Set(snapshot.alerts.map((alert) => alert.alert_id));
    const missing = [...this.alerts.values()]
      .filter((alert) => alert.state !== 'closed' && !present.has(alert.alert_id))
      .map((alert) => alert.alert_id);
    for (const alert of snapshot.alerts) this.put(alert);
    this.#fill(this.cameras, snapshot.cameras, cameraKey);
    this.#fill(this.devices, snapshot.devices, (device) => device.device_id);
    this.#fill(this.positions, snapshot.positions, (position) => position.device_id);
    this.loaded = true;
    if (missing.length) this.#deps.onMissing(missing);
  }

  #fill<T>(map: SvelteMap<string, T>, items: T[], key: (item: T) => string): void {
    const keys = new Set(items.map(key));
    for (const old of [...map.keys()]) if (!keys.has(old)) map.delete(old);
    for (const item of items) map.set(key(item), item);
  }

  #prune(): void {
    const closed = [...this.alerts.values()].filter((alert) => alert.state === 'closed');
    const commands = [...this.commands.keys()];
    for (const id of commands.slice(0, Math.max(0, commands.length - KEEP_COMMANDS))) this.commands.delete(id);
    for (const alert of closed.slice(0, Math.max(0, closed.length - KEEP_CLOSED))) this.alerts.delete(alert.alert_id);
  }
}
