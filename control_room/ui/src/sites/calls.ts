import type { Api, Result } from '../api/client';
import type { components } from '../api/schema';
import type { Page } from '../api/types';

type Schemas = components['schemas'];
export type Site = Schemas['SiteItem'];
export type SiteDetail = Schemas['SiteDetail'];
export type Visit = Schemas['VisitItem'];
export type SiteStatus = Site['status'];
export type SiteChange = Omit<Schemas['ChangeSite'], 'version'>;

export const STATUSES: readonly SiteStatus[] = ['open', 'ordered', 'cleaned', 'recurring'];

export interface SiteFilter {
  status: SiteStatus | '';
  q: string;
}

/** The room's routes about sites. */
export class SiteCalls {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  page({ status, q }: SiteFilter, cursor: string | null): Promise<Result<Page<Site>>> {
    const query = { ...(status && { status: [status] }), ...(q.trim() && { q: q.trim() }), ...(cursor && { cursor }) };
    return this.#api.call((room) => room.GET('/api/v1/sites', { params: { query } }));
  }
  detail(site_id: string): Promise<Result<SiteDetail>> {
    return this.#api.call((room) => room.GET('/api/v1/sites/{site_id}', { params: { path: { site_id } } }));
  }
  change(site: Site, change: SiteChange): Promise<Result<SiteDetail>> {
    const params = { path: { site_id: site.site_id } };
    const body = { version: site.version, ...change };
    return this.#api.call((room) => room.PATCH('/api/v1/sites/{site_id}', { params, body }));
  }
  merge(site: Site, into: string): Promise<Result<SiteDetail>> {
    const params = { path: { site_id: site.site_id } };
    const body = { version: site.version, into };
    return this.#api.call((room) => room.POST('/api/v1/sites/{site_id}/merge', { params, body }));
  }
}
