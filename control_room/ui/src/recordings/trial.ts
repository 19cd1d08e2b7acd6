import type { Command, RuleName, TriedRules } from '../api/types';
import type { Span } from './recordings.svelte';

/** What the device tries at once. */
export const TRIAL_LONGEST_MS = 3_600_000;
const BEFORE_MS = 10_000;
const AFTER_MS = 20_000;

const WHOLE = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
const MIDDLE = [
  [0.5, 0],
  [0.5, 1],
];
/** The zone without which these find nothing. */
const KINDS: Partial<Record<RuleName, 'watch' | 'line' | 'no_stopping'>> = {
  object_removed: 'watch',
  intrusion: 'watch',
  line_crossing: 'line',
  stopped_vehicle: 'no_stopping',
};

/** To begin with: the whole picture, or a line through its middle, where the rule needs a zone. */
export function usualZones(rule: RuleName): unknown[] {
  const kind = KINDS[rule];
  return kind ? [{ name: kind, kind, points: kind === 'line' ? MIDDLE : WHOLE }] : [];
}

/** The list or table that a person wrote as JSON; null where it is none. */
export function readJson(text: string, isList: boolean): unknown {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null && Array.isArray(read) === isList ? read : null;
  } catch {
    return null;
  }
}

/** The stretch of the recording that shows what would have been told. */
export function around(event: TriedRules['events'][number]): Span {
  const began_ms = Date.parse(event.began_at ?? event.occurred_at);
  return {
    from: new Date(Math.min(began_ms, Date.parse(event.occurred_at)) - BEFORE_MS).toISOString(),
    to: new Date(Date.parse(event.occurred_at) + AFTER_MS).toISOString(),
  };
}

export function trials<T extends Command>(commands: Iterable<T>): T[] {
  return [...commands].filter((one) => one.kind === 'rules_try').sort((a, b) => b.issued_at.localeCompare(a.issued_at));
}
