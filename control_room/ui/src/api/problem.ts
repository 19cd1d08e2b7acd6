import { t } from '../i18n/i18n.svelte';
import type { Problem } from './client';

/** One clause for the person, for the end of a sentence: what went wrong. */
export function describe(problem: Problem): string {
  if (problem.status === 0) return t('problem.network');
  return problem.detail || problem.title || t('problem.unexpected', { status: problem.status });
}
