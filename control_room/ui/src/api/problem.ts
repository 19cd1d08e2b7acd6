import { i18n, t, type Group } from '../i18n/i18n.svelte';
import type { Problem } from './client';
import type { ProblemDocument } from './types';

type Fault = NonNullable<ProblemDocument['errors']>[number];

/** After these the room's own words follow: they name the line of a file, or what in it cannot be read. */
const TELLS_MORE = new Set(['bad-area', 'bad-buildings', 'bad-geozone-file', 'device-refuses', 'wrong-pair']);
const MOST_FAULTS = 3;
const USUAL_WAIT_S = 60;

/** What went wrong, in the person's language: by the problem's faults, else its name, else its status. */
export function describe(problem: Problem): string {
  if (problem.status === 0) return t('problem.network');
  const faults = (problem.told?.['errors'] as Fault[] | null | undefined) ?? [];
  if (faults.length > 0) return faults.slice(0, MOST_FAULTS).map(faultInWords).join(' ');
  const refusal = problem.told?.['refusal'];
  if (typeof refusal === 'string' && hasText('live_refusal', refusal)) return i18n.name('live_refusal', refusal);
  if (problem.name && hasText('problem_says', problem.name)) {
    const words = i18n.name('problem_says', problem.name, waitOf(problem));
    return withMore(words, moreOf(problem));
  }
  return byStatus(problem);
}

function moreOf({ name = '', detail, told }: Problem): string {
  const reason = told?.['reason'];
  if (name === 'camera-dark' && typeof reason === 'string') return i18n.phrase('camera_reason', reason);
  if (name === 'not-placed') return i18n.phrases('place_method', detail);
  return TELLS_MORE.has(name) ? detail : '';
}

function byStatus(problem: Problem): string {
  const status = String(problem.status);
  if (!hasText('problem_status', status)) return problem.detail || t('problem.unexpected', { status });
  const words = i18n.name('problem_status', status, waitOf(problem));
  // Of what was asked only the room's own words say what is wrong with it.
  return withMore(words, [400, 422].includes(problem.status) ? problem.detail : '');
}

const withMore = (words: string, more: string): string => (more ? `${words.replace(/\.$/, '')} (${more}).` : words);

function faultInWords({ at, kind, allowed, message }: Fault): string {
  const words = hasText('fault_says', kind) ? i18n.name('fault_says', kind, allowed) : message;
  const field = at.split('.').findLast((part) => !/^\d+$/.test(part) && part !== 'body');
  if (field === undefined)
    return t('problem.fault_whole', { what: words.charAt(0).toLocaleUpperCase() + words.slice(1) });
  return t('problem.fault', { field: i18n.phrase('field_says', field), what: words });
}

const hasText = (group: Group, code: string): boolean => i18n.phrase(group, code) !== code;

const waitOf = (problem: Problem): { wait: string } => ({ wait: i18n.span(problem.retryAfter_s ?? USUAL_WAIT_S) });
