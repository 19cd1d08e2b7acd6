import type { Flight, FlightDoubt } from '../api/types';
import { i18n, t } from '../i18n/i18n.svelte';

/** A doubt as a sentence; the times in it are the town's. */
export function doubtInWords({ code, values }: FlightDoubt): string {
  const told: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number') told[name] = value;
    else if (name === 'at' && typeof value === 'string') told[name] = i18n.full(value);
    else if (Array.isArray(value)) told[name] = value.join(', ');
    else told[name] = typeof value === 'string' ? value : '';
  }
  return i18n.name('flight_doubt', code, told);
}

/** When a flight was, as it is called in lists. */
export function flightName(flight: Pick<Flight, 'take_off_at' | 'created_at'>): string {
  return flight.take_off_at === null
    ? t('flight.untimed', { at: i18n.full(flight.created_at) })
    : i18n.full(flight.take_off_at);
}

/** A reason that begins with a code, such as `damaged: no moov box`. */
export function refusalInWords(reason: string | null): string {
  const [code = '', ...rest] = (reason ?? '').split(': ');
  const words = i18n.name('file_refusal', code.replaceAll('-', '_'));
  return rest.length > 0 ? `${words} (${rest.join(': ')})` : words;
}

export function failureInWords(error: string | null): string {
  const [code = '', ...rest] = (error ?? '').split(': ');
  return i18n.name('analysis_failure', code, { detail: rest.join(': ') });
}
