import type { components } from '../api/schema';

type Schemas = components['schemas'];

export type LogItem = Schemas['LogItem'];
export type Checks = Schemas['ChecksItem'];
export type CheckItem = Schemas['CheckItem'];
export type Papers = Schemas['Papers'];
export type Clock = Schemas['ClockItem'];
export type Report = Schemas['ReportItem'];
export type Aircraft = Schemas['AircraftItem'];
export type NewAircraft = Schemas['NewAircraft'];
export type Battery = Schemas['BatteryItem'];
export type AircraftRecord = Schemas['RecordItem'];
export type Authorisation = Schemas['AuthorisationItem'];
export type NewAuthorisation = Schemas['NewAuthorisation'];
export type Dataset = Schemas['DatasetItem'];
export type BuildingSet = Schemas['BuildingSetItem'];
export type FlightChanges = Schemas['FlightChanges'];
export type LawChanges = Schemas['LawChanges'];

/** The check before take-off, in the order in which it is gone through. */
export const PREFLIGHT_ITEMS = [
  'aircraft_sound',
  'batteries',
  'remote_id',
  'weather',
  'area_clear',
  'people_told',
  'observer_briefed',
  'return_height',
] as const;
