import { i18n, t } from '../i18n/i18n.svelte';

export interface Attribute {
  name: string;
  value: string;
}

/** What a rule tells beyond the common fields and an operator wants to read, in words. */
export function attributesOf(attributes: Record<string, unknown>): Attribute[] {
  const { began_at, how, unattended_s, dwell_s } = attributes;
  const told: Attribute[] = [];
  if (typeof began_at === 'string') told.push({ name: t('attribute.began_at'), value: i18n.full(began_at) });
  if (typeof how === 'string') told.push({ name: t('attribute.how'), value: i18n.name('attribute', how) });
  if (typeof unattended_s === 'number') {
    told.push({ name: t('attribute.unattended_s'), value: i18n.span(unattended_s) });
  }
  if (typeof dwell_s === 'number') told.push({ name: t('attribute.dwell_s'), value: i18n.span(dwell_s) });
  return told;
}
