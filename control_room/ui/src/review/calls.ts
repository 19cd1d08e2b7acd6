import type { Api, Result } from '../api/client';
import type {
  Analysis,
  FindingDetail,
  FindingState,
  Finding,
  Flight,
  Footage,
  Footprint,
  KnownPoint,
  NewFinding,
  PlaceAnswer,
} from './types';

const PAGE = 200;
/** Beyond this many a queue is no queue; the room is asked for the most worth a look first. */
const FINDINGS_MOST = 2000;

export interface FlightFindings {
  items: Finding[];
  next_cursor: string | null;
  counts: Partial<Record<FindingState, number>>;
}

/** What a person says of a finding, and what else is said with it. */
export type Word =
  | { verb: 'confirm'; label?: string; waste_class?: string; note?: string }
  | { verb: 'reject'; reason?: string }
  | { verb: 'merge'; into: string }
  | { verb: 'reconsider'; reason?: string }
  | { verb: 'place'; place: { lat: number; lon: number; ce90_m: number }; reason?: string };

/** The room's routes about one flight's findings. */
export class ReviewCalls {
  readonly #api: Api;
  readonly #path: { flight_id: string };

  constructor(api: Api, flight_id: string) {
    this.#api = api;
    this.#path = { flight_id };
  }

  flight(): Promise<Result<Flight>> {
    return this.#api.call((room) => room.GET('/api/v1/flights/{flight_id}', { params: { path: this.#path } }));
  }
  footage(): Promise<Result<{ items: Footage[] }>> {
    return this.#api.call((room) => room.GET('/api/v1/flights/{flight_id}/footage', { params: { path: this.#path } }));
  }
  analysis(): Promise<Result<Analysis>> {
    return this.#api.call((room) => room.GET('/api/v1/flights/{flight_id}/analysis', { params: { path: this.#path } }));
  }

  /** All of them, the most worth a look first. */
  async findings(): Promise<Result<FlightFindings>> {
    const items: Finding[] = [];
    let cursor: string | null = null;
    for (;;) {
      const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor && { cursor }) };
      const answer: Result<FlightFindings> = await this.#api.call((room) =>
        room.GET('/api/v1/flights/{flight_id}/findings', { params: { path: this.#path, query } }),
      );
      if (!answer.ok) return answer;
      items.push(...answer.data.items);
      cursor = answer.data.next_cursor;
      if (cursor === null || items.length >= FINDINGS_MOST) return { ok: true, data: { ...answer.data, items } };
    }
  }
  detail(finding_id: string): Promise<Result<FindingDetail>> {
    return this.#api.call((room) => room.GET('/api/v1/findings/{finding_id}', { params: { path: { finding_id } } }));
  }
  say(finding: Finding, { verb, ...told }: Word): Promise<Result<FindingDetail>> {
    const params = { path: { finding_id: finding.finding_id } };
    // Each verb's body is checked by `Word`.
    const body = { version: finding.version, ...told } as never;
    return this.#api.call((room) => room.POST(`/api/v1/findings/{finding_id}/${verb}`, { params, body }));
  }
  add(body: NewFinding): Promise<Result<FindingDetail>> {
    const params = { path: this.#path };
    return this.#api.call((room) => room.POST('/api/v1/flights/{flight_id}/findings', { params, body }));
  }
  place(footage_id: string, time_s: number | null, x: number, y: number): Promise<Result<PlaceAnswer>> {
    const query = { footage_id, x, y, ...(time_s !== null && { time_s }) };
    const params = { path: this.#path, query };
    return this.#api.call((room) => room.GET('/api/v1/flights/{flight_id}/place', { params }));
  }
  footprints(footage_id: string, every_s: number): Promise<Result<{ items: Footprint[] }>> {
    const params = { path: this.#path, query: { footage_id, every_s } };
    return this.#api.call((room) => room.GET('/api/v1/flights/{flight_id}/footprints', { params }));
  }
  knownPoints(): Promise<Result<{ items: KnownPoint[] }>> {
    const params = { path: this.#path };
    return this.#api.call((room) => room.GET('/api/v1/flights/{flight_id}/known-points', { params }));
  }
  addKnownPoint(
    body: Pick<KnownPoint, 'footage_id' | 'time_s' | 'x' | 'y' | 'lat' | 'lon'>,
  ): Promise<Result<{ items: KnownPoint[]; moved: number }>> {
    const params = { path: this.#path };
    return this.#api.call((room) => room.POST('/api/v1/flights/{flight_id}/known-points', { params, body }));
  }
  removeKnownPoint(known_point_id: string): Promise<Result<{ items: KnownPoint[]; moved: number }>> {
    const params = { path: { ...this.#path, known_point_id } };
    return this.#api.call((room) =>
      room.DELETE('/api/v1/flights/{flight_id}/known-points/{known_point_id}', { params }),
    );
  }
}
