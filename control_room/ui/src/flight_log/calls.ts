import type { Api, Result } from '../api/client';
import type { FlightDetail, Page } from '../api/types';
import type {
  Aircraft,
  AircraftRecord,
  Authorisation,
  Battery,
  BuildingSet,
  Checks,
  Dataset,
  FlightChanges,
  LawChanges,
  LogItem,
  NewAircraft,
  NewAuthorisation,
  Papers,
  Report,
} from './types';

/** The room's routes about the log, the aircraft and the permissions. */
export class LawCalls {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  log(filter: Record<string, string>, cursor: string | null): Promise<Result<Page<LogItem>>> {
    const query = { limit: 50, ...filter, ...(cursor && { cursor }) };
    return this.#api.call((room) => room.GET('/api/v1/flight-log', { params: { query } }));
  }
  entry(flight_id: string): Promise<Result<LogItem>> {
    return this.#api.call((room) => room.GET('/api/v1/flight-log/{flight_id}', { params: { path: { flight_id } } }));
  }
  flight(flight_id: string): Promise<Result<FlightDetail>> {
    return this.#api.call((room) => room.GET('/api/v1/flights/{flight_id}', { params: { path: { flight_id } } }));
  }
  checks(flight_id: string): Promise<Result<Checks>> {
    return this.#api.call((room) =>
      room.GET('/api/v1/flights/{flight_id}/checks', { params: { path: { flight_id } } }),
    );
  }
  /** The flight's own part of the log. */
  correct(flight_id: string, body: FlightChanges): Promise<Result<FlightDetail>> {
    const params = { path: { flight_id } };
    return this.#api.call((room) => room.PATCH('/api/v1/flights/{flight_id}', { params, body }));
  }
  /** The law's part of it. */
  complete(flight_id: string, body: LawChanges): Promise<Result<LogItem>> {
    const params = { path: { flight_id } };
    return this.#api.call((room) => room.PATCH('/api/v1/flight-log/{flight_id}', { params, body }));
  }
  close(flight_id: string, version: number): Promise<Result<LogItem>> {
    const params = { path: { flight_id } };
    return this.#api.call((room) => room.POST('/api/v1/flight-log/{flight_id}/close', { params, body: { version } }));
  }
  reopen(flight_id: string, version: number, reason: string): Promise<Result<LogItem>> {
    const params = { path: { flight_id } };
    return this.#api.call((room) =>
      room.POST('/api/v1/flight-log/{flight_id}/reopen', { params, body: { version, reason } }),
    );
  }
  tell(flight_id: string, told_at: string, told_to: string, register_number: string | null): Promise<Result<LogItem>> {
    const params = { path: { flight_id } };
    const body = { told_at, told_to, register_number };
    return this.#api.call((room) => room.POST('/api/v1/flight-log/{flight_id}/notice', { params, body }));
  }

  papers(): Promise<Result<Papers>> {
    return this.#api.call((room) => room.GET('/api/v1/flight-log/papers'));
  }
  reportSent(
    covers_from: string,
    covers_to: string,
    sent_at: string,
    sent_to: string,
    register_number: string | null,
  ): Promise<Result<Report>> {
    const body = { covers_from, covers_to, sent_at, sent_to, register_number };
    return this.#api.call((room) => room.POST('/api/v1/flight-log/reports', { body }));
  }

  aircraft(): Promise<Result<{ items: Aircraft[] }>> {
    return this.#api.call((room) => room.GET('/api/v1/aircraft'));
  }
  addAircraft(body: NewAircraft): Promise<Result<Aircraft>> {
    return this.#api.call((room) => room.POST('/api/v1/aircraft', { body }));
  }
  changeAircraft(one: Aircraft, body: NewAircraft, retired: boolean): Promise<Result<Aircraft>> {
    const params = { path: { aircraft_id: one.aircraft_id } };
    const whole = { ...body, version: one.version, retired };
    return this.#api.call((room) => room.PUT('/api/v1/aircraft/{aircraft_id}', { params, body: whole }));
  }
  batteries(): Promise<Result<{ items: Battery[] }>> {
    return this.#api.call((room) => room.GET('/api/v1/aircraft/batteries'));
  }
  addBattery(body: { name: string; serial_number: string | null; cycles_before: number }): Promise<Result<Battery>> {
    // The rest has its defaults in the room.
    return this.#api.call((room) => room.POST('/api/v1/aircraft/batteries', { body: body as never }));
  }
  records(aircraft_id: string): Promise<Result<Page<AircraftRecord>>> {
    const params = { path: { aircraft_id } };
    return this.#api.call((room) => room.GET('/api/v1/aircraft/{aircraft_id}/records', { params }));
  }
  addRecord(
    aircraft_id: string,
    body: Pick<AircraftRecord, 'kind' | 'found_at' | 'what' | 'grounds'>,
  ): Promise<Result<AircraftRecord>> {
    const params = { path: { aircraft_id } };
    return this.#api.call((room) => room.POST('/api/v1/aircraft/{aircraft_id}/records', { params, body }));
  }
  settle(record: AircraftRecord, how: string): Promise<Result<AircraftRecord>> {
    const params = { path: { aircraft_id: record.aircraft_id, record_id: record.record_id } };
    return this.#api.call((room) =>
      room.POST('/api/v1/aircraft/{aircraft_id}/records/{record_id}/settle', { params, body: { how } }),
    );
  }

  authorisations(cursor: string | null): Promise<Result<Page<Authorisation>>> {
    const query = { limit: 50, ...(cursor && { cursor }) };
    return this.#api.call((room) => room.GET('/api/v1/authorisations', { params: { query } }));
  }
  addAuthorisation(body: NewAuthorisation): Promise<Result<Authorisation>> {
    return this.#api.call((room) => room.POST('/api/v1/authorisations', { body }));
  }
  extend(
    authorisation_id: string,
    reference: string,
    valid_to: string,
    reason: string,
  ): Promise<Result<Authorisation>> {
    const params = { path: { authorisation_id } };
    const body = { reference, valid_to, reason };
    return this.#api.call((room) => room.POST('/api/v1/authorisations/{authorisation_id}/extend', { params, body }));
  }
  takeBack(authorisation_id: string, reason: string): Promise<Result<Authorisation>> {
    const params = { path: { authorisation_id } };
    return this.#api.call((room) =>
      room.POST('/api/v1/authorisations/{authorisation_id}/revoke', { params, body: { reason } }),
    );
  }

  datasets(): Promise<Result<{ items: Dataset[] }>> {
    return this.#api.call((room) => room.GET('/api/v1/geozones/datasets'));
  }
  /** The file as it is: the room reads it and says what is wrong with it. */
  takeIn(source: string, file: string): Promise<Result<Dataset>> {
    const params = { query: { source } };
    return this.#api.call((room) =>
      room.POST('/api/v1/geozones/datasets', { params, body: file as never, bodySerializer: () => file }),
    );
  }

  buildingSets(): Promise<Result<{ items: BuildingSet[] }>> {
    return this.#api.call((room) => room.GET('/api/v1/buildings'));
  }
  /** As `takeIn`. */
  takeInBuildings(name: string, file: string): Promise<Result<BuildingSet>> {
    const params = { query: { name } };
    return this.#api.call((room) =>
      room.POST('/api/v1/buildings', { params, body: file as never, bodySerializer: () => file }),
    );
  }
  takeOutBuildings(building_set_id: string, reason: string): Promise<Result<undefined>> {
    const params = { path: { building_set_id }, query: { reason } };
    return this.#api.call((room) => room.DELETE('/api/v1/buildings/{building_set_id}', { params }));
  }
}
