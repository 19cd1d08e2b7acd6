import { i18n, t } from '../i18n/i18n.svelte';
import type { LiveItem } from './types';
import type { LivePlayer } from './whep.svelte';

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
