/** Live video's own words. */
import type { Role } from '../api/types';

export interface IceAnswer {
  ice_servers: RTCIceServer[];
  expires_at: string | null;
}

export type SourceKind = 'drone' | 'phone';
export type LiveState = 'live' | 'stale' | 'starting' | 'off' | 'dark' | 'offline' | 'unknown';

/** What of a camera or source is on its way now. */
export interface LivePublication {
  stream: 'main' | 'sub';
  state: 'live' | 'stale' | 'starting';
  published_since: string | null;
  last_packet_age_s: number | null;
  codec: string | null;
  transcoded: boolean;
  width_px: number | null;
  height_px: number | null;
  fps: number | null;
  bits_s: number | null;
  viewers: number;
}

/** A camera or a source, with what is on its way of it and who watches. */
export interface LiveItem {
  kind: 'camera' | SourceKind;
  device_id: string | null;
  camera_id: string | null;
  source_id: string | null;
  name: string;
  state: LiveState;
  reason: string | null;
  may_watch: boolean;
  whep_url: string | null;
  publications: LivePublication[];
  watchers: { user: string; since: string; alert_id: string | null }[];
}

export interface LiveList {
  server: { backend: 'builtin' | 'mediamtx'; reachable: boolean; fault: string | null; reason_required: boolean };
  items: LiveItem[];
  at: string;
}

export interface LiveSource {
  source_id: string;
  name: string;
  kind: SourceKind;
  flight_id: string | null;
  authorisation_id: string | null;
  purpose: string | null;
  device_id: string | null;
  created_at: string;
  created_by: string;
  token_made_at: string;
  ended_at: string | null;
  addresses: { kind: 'whip' | 'rtmp' | 'rtsp'; url: string }[];
  may_watch: boolean;
}

export interface NewSource {
  name: string;
  kind: SourceKind;
  flight_id?: string;
  authorisation_id?: string;
  purpose?: string;
  device_id?: string;
}

/** With the token somebody may publish; it is shown once. */
export interface SourceToken extends LiveSource {
  token: string;
}

export interface PtzState {
  state: 'home' | 'moving' | 'away' | 'unknown';
  home: boolean;
  presets: { token: string; name: string }[];
  trouble: string;
  /** Who turns it now; null: nobody. */
  locked_by: string | null;
}

export type PtzOrder =
  { pan: number; tilt: number; zoom: number } | { stop: true } | { preset: string } | { home: true };

export interface WatchedCamera {
  device_id: string;
  camera_id: string;
}

/** What a user may watch. */
export interface WatchedCameras {
  /** Every camera, also those that are still to come; false: those of the list. */
  all: boolean;
  cameras: WatchedCamera[];
  /** What any drone or telephone films; false: only what is this pilot's. */
  flights: boolean;
}
export interface WatchedCamerasOfUser extends WatchedCameras {
  user: string;
}

/** What a person says before pictures of people are opened. */
export interface SaidReason {
  cameras: WatchedCamera[];
  sources: string[];
  from: string | null;
  to: string | null;
  object: string;
  reason: string;
}

/** A person's account, with what he may watch. */
export interface Account extends WatchedCamerasOfUser {
  role: Role;
  disabled: boolean;
}
