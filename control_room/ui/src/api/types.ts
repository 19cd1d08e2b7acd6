/** The words of the room's interface (docs: DESIGN.md "Words"), as its JSON spells them. */
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';
export type AlertState = 'new' | 'acknowledged' | 'shelved' | 'closed';
export type CloseReason = 'confirmed' | 'false_alarm' | 'duplicate' | 'test' | 'no_action';
export type CameraState = 'live' | 'dark' | 'offline' | 'unknown';
export type Role = 'operator' | 'pilot' | 'administrator' | 'device';

export const SEVERITIES: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];
/** In the order of their keys 1 to 5. */
export const CLOSE_REASONS: readonly CloseReason[] = ['confirmed', 'false_alarm', 'duplicate', 'test', 'no_action'];

export interface Place {
  lat: number;
  lon: number;
  accuracy_m: number | null;
}

export interface AlertObject {
  role: string;
  label: string;
  track_id: number | null;
  confidence: number;
  /** x1, y1, x2, y2 in 0..1 of the picture. */
  box: number[];
}

export interface Alert {
  alert_id: string;
  event_id: string;
  rule: string;
  camera_id: string;
  camera_name: string;
  device_id: string;
  severity: Severity;
  state: AlertState;
  version: number;
  opened_at: string;
  received_at: string;
  over_since: string | null;
  shelved_until: string | null;
  close_reason: CloseReason | null;
  confidence: number;
  zone: string | null;
  location: Place | null;
  staged: boolean;
  snapshot_url: string | null;
  snapshot_annotated_url: string | null;
  clip_url: string | null;
  objects: AlertObject[];
}

export interface Evidence {
  evidence_id: string;
  kind: string;
  media_type: string;
  sha256: string;
  bytes: number;
  captured_from: string | null;
  captured_to: string | null;
  available: boolean;
  url: string | null;
}

export interface HistoryEntry {
  at: string;
  actor: string;
  action: string;
  reason: string | null;
  note: string | null;
}

export interface AlertDetail extends Alert {
  evidence: Evidence[];
  history: HistoryEntry[];
  attributes: Record<string, unknown>;
  model: { name: string; sha256: string } | null;
}

export interface Camera {
  camera_id: string;
  device_id: string;
  name: string;
  state: CameraState;
  reason: string | null;
  since: string | null;
  location: Place | null;
  purpose: string | null;
  legal_regime: string | null;
  staged: boolean;
  last_frame_at: string | null;
}

export interface Device {
  device_id: string;
  name: string;
  online: boolean;
  last_seen: string | null;
  version: string | null;
  clock_offset_s: number | null;
  pending: number | null;
}

export interface Town {
  name: string;
  time_zone: string;
  lat: number;
  lon: number;
  zoom: number;
}

export interface SessionInfo {
  csrf_token: string;
  user: string;
  role: Role;
  language: string;
}

export interface AuditRow {
  audit_id: number;
  actor_kind: string;
  at: string;
  actor: string;
  role: string | null;
  address: string | null;
  action: string;
  object_kind: string | null;
  object_id: string | null;
  reason: string | null;
  result: string;
}

export interface DeadLetter {
  dead_letter_id: string;
  received_at: string;
  device_id: string | null;
  topic: string;
  reason: string;
  detail: string;
  payload_bytes: number;
  payload_sha256: string;
  replayed_at: string | null;
  times: number;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Snapshot {
  alerts: Alert[];
  cameras: Camera[];
  devices: Device[];
}
