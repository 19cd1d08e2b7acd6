/** Live video's own words, by the names that this page uses. */
import type { components } from '../api/schema';

type Schemas = components['schemas'];

/** A person's account, with what he may watch. */
export type Account = Schemas['AccountItem'];
export type IceAnswer = Schemas['IceServers'];
/** A wall that the room keeps. */
export type KeptWall = Schemas['WallItem'];
export type WallList = Schemas['WallList'];
export type WantedWall = Schemas['WantedWall'];
export type LiveItem = Schemas['LiveItem'];
export type LiveList = Schemas['LiveList'];
export type LiveSource = Schemas['LiveSourceItem'];
export type NewSource = Schemas['NewLiveSource'];
export type SourceKind = LiveSource['kind'];
/** With the token somebody may publish; it is shown once. */
export type SourceToken = Schemas['NewLiveToken'];
export type WatchedCameras = Schemas['WatchedCameras'];
export type WatchedCamerasOfUser = Schemas['WatchedCamerasOfUser'];
/** What a person says before pictures of people are opened. */
export type SaidReason = Schemas['NewViewingReason'];

export type PtzState = Schemas['PtzState'];
export type PtzOrder =
  | { pan: number; tilt: number; zoom: number }
  | { stop: true; take_over?: string }
  | { preset: string }
  | { home: true };

export type ClipWanted = Partial<Schemas['WantedLiveClip']>;
/** A clip that was asked for, and what came of it. */
export type Clip = Schemas['LiveClipItem'];
export type LiveRecording = Schemas['LiveRecordingItem'];
/** What was recorded of a source, and whether it is being recorded or why not. */
export type LiveRecordings = Schemas['LiveRecordingPage'];
