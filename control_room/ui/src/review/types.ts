import type { components } from '../api/schema';

type Schemas = components['schemas'];

export type Finding = Schemas['FindingItem'];
export type FindingDetail = Schemas['FindingDetail'];
export type FindingState = Finding['state'];
export type Footage = Schemas['FootageItem'];
export type Flight = Schemas['FlightDetail'];
export type Footprint = Schemas['FootprintItem'];
export type KnownPoint = Schemas['KnownPointItem'];
export type PlaceAnswer = Schemas['PlaceAnswer'];
export type NewFinding = Schemas['NewFinding'];
export type Analysis = Schemas['AnalysisItem'];

/** In 0..1 of the picture. */
export interface Point {
  x: number;
  y: number;
}

/** What a person writes of a finding. */
export interface Said {
  label: string;
  waste_class: string;
  note: string;
}
