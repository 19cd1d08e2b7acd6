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
