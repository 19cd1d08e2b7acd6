import { i18n, t } from '../i18n/i18n.svelte';

export interface Attribute {
  name: string;
  value: string;
}

const NAMED = ['kind', 'how', 'direction', 'expected', 'ended'] as const;
const SPANS = ['unattended_s', 'dwell_s', 'stood_s', 'lasted_s'] as const;
const NUMBERS = ['people', 'people_peak', 'energy'] as const;
const SHARES = ['waste_probability'] as const;

/** What a rule tells beyond the common fields and an operator wants to read, in words. */
export function attributesOf(attributes: Record<string, unknown>): Attribute[] {
  const { began_at, kinds } = attributes;
  const told: Attribute[] = [];
  if (typeof began_at === 'string') told.push({ name: t('attribute.began_at'), value: i18n.full(began_at) });
  for (const key of NAMED) {
    const value = attributes[key];
    if (typeof value === 'string') told.push({ name: t(`attribute.${key}`), value: i18n.name('attribute', value) });
  }
  for (const key of SPANS) {
    const value = attributes[key];
    if (typeof value === 'number') told.push({ name: t(`attribute.${key}`), value: i18n.span(value) });
  }
  for (const key of NUMBERS) {
    const value = attributes[key];
    if (typeof value === 'number') told.push({ name: t(`attribute.${key}`), value: i18n.number(value) });
  }
  for (const key of SHARES) {
    const value = attributes[key];
    if (typeof value === 'number') told.push({ name: t(`attribute.${key}`), value: i18n.percent(value) });
  }
  if (Array.isArray(kinds)) {
    const seen = kinds.map((one) => i18n.name('attribute', String(one))).join(', ');
    told.push({ name: t('attribute.kinds'), value: seen });
  }
  return told;
}
