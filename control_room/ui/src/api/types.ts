/** The room's words, by the names that this page uses; `schema.d.ts` is made from the room's own OpenAPI. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Alarm = Schemas['AlarmItem'];
export type Alert = Schemas['AlertItem'];
export type AlertDetail = Schemas['AlertDetail'];
export type AlertState = Schemas['State'];
export type AuditRow = Schemas['AuditItem'];
export type Camera = Schemas['CameraItem'];
export type CameraState = Camera['state'];
export type CloseReason = Schemas['CloseReason'];
export type Command = Schemas['CommandItem'];
export type CommandDetail = Schemas['CommandDetail'];
export type CommandKind = Command['kind'];
export type CommandGiven = Schemas['Given'];
export type CommandFile = Schemas['FileItem'];
export type Hold = Schemas['HoldItem'];
export type HoldKind = Hold['object_kind'];
export type HoldState = Hold['state'];
export type NewHold = Schemas['NewHold'];
export type RecordingHold = Schemas['RecordingHoldItem'];
export type DeadLetter = Schemas['DeadLetterItem'];
export type Device = Schemas['DeviceItem'];
export type CameraHealth = Schemas['CameraHealth'];
export type DeviceVersion = Schemas['Version'];
export type RuleOffered = Schemas['Rule'];
export type EnrolmentCode = Schemas['EnrolmentCode'];
export type RegisteredDevice = Schemas['RegisteredDevice'];
export type RegisteredDetail = Schemas['DeviceDetail'];
export type Analysis = Schemas['AnalysisItem'];
export type CardFile = Schemas['CardFileGiven'];
export type Flight = Schemas['FlightItem'];
export type FlightDetail = Schemas['FlightDetail'];
export type FlightDoubt = Schemas['DoubtItem'];
export type Footage = Schemas['FootageItem'];
export type FootageKind = Footage['kind'];
export type KnownFile = Schemas['KnownFileItem'];
export type Proposal = Schemas['ProposalItem'];
export type UnfinishedFile = Schemas['UnfinishedItem'];
export type WantedFlight = Schemas['WantedFlight'];
export type Heartbeat = Schemas['Heartbeat'];
export type HistoryEntry = Schemas['HistoryItem'];
export type LastPosition = Schemas['LastPositionItem'];
export type Position = Schemas['Position'];
export type Place = Schemas['Place'];
export type ProblemDocument = Schemas['ProblemDocument'];
export type Role = Schemas['Role'];
export type SessionInfo = Schemas['SessionItem'];
export type Severity = Alert['severity'];
export type Silenced = Schemas['SilencedItem'];
export type Snapshot = Schemas['Snapshot'];
export type Town = Schemas['TownItem'];

/** From the least to the gravest. */
export const SEVERITIES: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];
/** What devices find, the usual ones first; a newer device may send others. */
export const RULES = [
  'illegal_dumping',
  'camera_tamper',
  'object_removed',
  'intrusion',
  'line_crossing',
  'stopped_vehicle',
  'loitering',
  'crowd',
  'fast_motion_or_fight',
  'smoke_fire',
] as const;
export type RuleName = (typeof RULES)[number];
/** In the order of their keys 1 to 5. */
export const CLOSE_REASONS: readonly CloseReason[] = ['confirmed', 'false_alarm', 'duplicate', 'test', 'no_action'];

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** The answer to `recordings_list`, as `wire/commands.py` has it. */
export interface RecordingsListed {
  spans: RecordedSpan[];
  complete: boolean;
  oldest: string | null;
  newest: string | null;
  used_bytes: number;
  limit_bytes: number;
}

export interface RecordedSpan {
  from: string;
  to: string;
  segments: number;
  bytes: number;
  held: boolean;
  masked: boolean;
}

/** The answer to `rules_try`, as `wire/commands.py` has it. */
export interface TriedRules {
  events: {
    rule: string;
    occurred_at: string;
    began_at: string | null;
    severity: Severity;
    confidence: number;
    zone: string | null;
    box: [number, number, number, number] | null;
  }[];
  analysed_s: number;
  gaps: [string, string][];
}
