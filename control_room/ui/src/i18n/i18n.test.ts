import { describe, expect, it } from 'vitest';

import { NOW } from '../../tests/room';
import { i18n, LANGUAGES, t } from './i18n.svelte';

describe('texts', () => {
  it('chooses the plural form of each language', () => {
    expect([1, 3].map((count) => t('feed.new', { count }))).toEqual(['1 nova', '3 noves']);
    i18n.language = 'es';
    expect([1, 3].map((count) => t('feed.new', { count }))).toEqual(['1 nueva', '3 nuevas']);
  });

  it('names a code of the room, and shows one that it does not know', () => {
    expect(i18n.name('rule', 'illegal_dumping')).toBe('Abocament il·legal');
    expect(i18n.name('rule', 'wrong_way')).toBe('wrong way');
    expect(i18n.phrase('camera_reason', 'no picture')).toBe('no arriba cap imatge');
    expect(i18n.phrase('camera_reason', 'timed_out: 10.0.0.2')).toBe('timed_out: 10.0.0.2');
    expect(i18n.phrase('camera_reason', 'no picture for 31 s')).toBe('fa 31 s que no arriba cap imatge');
    expect(i18n.phrase('camera_reason', 'cannot be opened: Connection refused')).toBe(
      'en aquesta adreça no respon res',
    );
    expect(i18n.phrase('camera_reason', 'cannot be opened: Broken (a [b])')).toBe(
      "no s'hi pot connectar (Broken (a [b]))",
    );
  });
});

it.each([
  [
    'flat ground at the height of take-off; nominal camera, 24 mm equivalent; 2 looks fused',
    "terreny pla a l'altura de l'enlairament; càmera segons fabricant, equivalent a 24 mm; de 2 imatges juntes",
  ],
  [
    'DEM anchored at take-off, at the height of take-off; calibrated camera; corrected by 1 known point',
    "model del terreny, ancorat a l'enlairament; càmera calibrada; corregit amb 1 punt conegut",
  ],
  ['no focal length is known; of tomorrow', 'no se sap la focal de la càmera; of tomorrow'],
])('how something was put on the ground, "%s", is said in words', (method, said) => {
  expect(i18n.phrases('place_method', method)).toBe(said);
});

describe('spans', () => {
  it.each([
    [-3, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3600, '1 h'],
    [7500, '2 h 05 min'],
    [86_400, '1 dia'],
    [300_000, '3 dies'],
  ])('%d s is %s', (seconds, text) => {
    expect(i18n.span(seconds)).toBe(text);
  });
});

describe('times', () => {
  it("are the town's, whatever the laptop's zone", () => {
    expect(i18n.time('2026-07-01T22:30:05Z')).toBe('00:30:05');
    i18n.timeZone = 'UTC';
    expect(i18n.time('2026-07-01T22:30:05Z')).toBe('22:30:05');
  });

  it('name the day where it is not today', () => {
    expect(i18n.moment('2026-03-14T01:00:00Z', NOW)).toBe('02:00');
    expect(i18n.moment('2026-03-13T20:00:00Z', NOW)).toBe('21:00');
    expect(i18n.moment('2026-03-13T01:00:00Z', NOW)).toMatch(/13.*02:00$/);
  });

  it.each(LANGUAGES)('%s shows midnight as 00', (language) => {
    i18n.language = language;
    expect(i18n.minute('2026-03-13T23:05:00Z')).toBe('00:05');
  });
});

it('shows sizes and distances in their own units', () => {
  expect([12, 81_055, 2_381_055].map(i18n.bytes)).toEqual(['12 B', '81 kB', '2,4 MB']);
  expect([40, 1500].map(i18n.distance)).toEqual(['40 m', '1,5 km']);
});
