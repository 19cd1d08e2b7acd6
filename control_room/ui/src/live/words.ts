import type { Problem } from '../api/client';
import { describe } from '../api/problem';
import { i18n, t } from '../i18n/i18n.svelte';
import type { LiveItem } from './types';
import type { LivePlayer } from './whep.svelte';

const DEVICE_SAYS = new Set(['device-refuses', 'camera-dark']);

/** Why there is no picture, in the person's language where the room's reason is one that is known here. */
export function refusalOf(problem: Problem): string {
  const known = problem.name ? i18n.phrase('live_problem', problem.name) : '';
  if (known === '' || known === problem.name) return describe(problem);
  // The device's own words, as it said them.
  return problem.detail && DEVICE_SAYS.has(problem.name ?? '') ? `${known} (${problem.detail})` : known;
}

/** How the picture on the screen stands. */
export function sayingOf(player: LivePlayer): string {
  const age = player.age_s === null ? '' : i18n.span(player.age_s);
  switch (player.phase) {
    case 'live':
      return t('live.is_live');
    case 'stalled':
      return age ? t('live.stalled', { age }) : t('live.connecting');
    case 'lost':
      return age ? t('live.lost', { age }) : t('live.lost_before');
    case 'idle':
      return age ? t('live.idle', { age }) : t('live.idle_before');
    case 'refused':
      return t('live.refused');
    case 'connecting':
      return t('live.connecting');
  }
}

/** How a camera or a source stands, as the room says: one that is filmed with by hand and sends nothing waits for nobody. */
export function stateOf(item: Pick<LiveItem, 'kind' | 'state'>): string {
  return i18n.name('live_state', item.kind !== 'camera' && item.state === 'off' ? 'silent' : item.state);
}
