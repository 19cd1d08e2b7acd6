/** Live video's own words, by the names that this page uses. */
import type { components } from '../api/schema';

type Schemas = components['schemas'];

/** A person's account, with what he may watch. */
export type Account = Schemas['AccountItem'];
export type IceAnswer = Schemas['IceServers'];
export type LiveItem = Schemas['LiveItem'];
export type LiveList = Schemas['LiveList'];
export type LiveSource = Schemas['LiveSourceItem'];
export type NewSource = Schemas['NewLiveSource'];
export type SourceKind = LiveSource['kind'];
/** With the token somebody may publish; it is shown once. */
export type SourceToken = Schemas['NewLiveToken'];
export type WatchedCamera = Schemas['CameraName'];
export type WatchedCameras = Schemas['WatchedCameras'];
export type WatchedCamerasOfUser = Schemas['WatchedCamerasOfUser'];
/** What a person says before pictures of people are opened. */
export type SaidReason = Schemas['NewViewingReason'];

/** How a camera stands that can be turned. */
export interface PtzState {
  device_id: string;
  camera_id: string;
  state: 'home' | 'moving' | 'away' | 'unknown';
  since: string;
  home: boolean;
  presets: { token: string; name: string }[];
  trouble: string;
  locked_by: string | null;
  held: boolean;
  locked_until: string | null;
  return_after_s: number;
}
export type PtzOrder =
  | { pan: number; tilt: number; zoom: number }
  | { stop: true; take_over?: string }
  | { preset: string }
  | { home: true };

export interface ClipWanted {
  seconds_before: number;
  seconds_after: number;
  note?: string;
  alert_id?: string;
}
/** A clip that was asked for, and what came of it. */
export interface Clip {
  clip_id: string;
  state: 'waiting' | 'ordered' | 'ready' | 'failed';
  error: string | null;
  evidence: { evidence_id: string; url: string | null }[];
}

/** Why a source is not recorded, or would not be. */
export type RecordingRefusal =
  | 'no-ground'
  | 'flight-closed'
  | 'permission-not-yet'
  | 'permission-over'
  | 'permission-revoked'
  | 'ended'
  | 'away'
  | 'disk';
export interface LiveRecording {
  live_recording_id: string;
  bytes: number;
  captured_from: string;
  captured_to: string;
  transcoded: boolean;
  erased_at: string | null;
  url: string | null;
}
export interface LiveRecordings {
  items: LiveRecording[];
  next_cursor: string | null;
  recording: boolean;
  refusal: RecordingRefusal | null;
  fault: string | null;
}
