import type { Api, Result } from '../api/client';
import type { components } from '../api/schema';
import type { Answer, Pack, Wanted } from './kept';

type LogItem = components['schemas']['LogItem'];
type Planned = components['schemas']['Planned'];

/** The room's routes for the time before take-off. */
export class PreflightCalls {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  ask(body: Wanted): Promise<Result<Answer>> {
    return this.#api.call((room) => room.POST('/api/v1/preflight', { body }));
  }
  pack(): Promise<Result<Pack>> {
    return this.#api.call((room) => room.GET('/api/v1/preflight/pack'));
  }
  plan(body: Planned): Promise<Result<LogItem>> {
    return this.#api.call((room) => room.POST('/api/v1/flight-log/planned', { body }));
  }
}
