import { describe, expect, it } from 'vitest';

import { fromTown, toTown } from './townTime';

const MADRID = 'Europe/Madrid';

describe('the town’s time', () => {
  it.each([
    ['2026-01-14T02:00:05.000Z', '2026-01-14T03:00:05'],
    ['2026-07-14T23:30:00.000Z', '2026-07-15T01:30:00'],
    ['2026-03-29T00:59:59.000Z', '2026-03-29T01:59:59'],
    ['2026-03-29T01:00:00.000Z', '2026-03-29T03:00:00'],
  ])('goes there and back: %s', (iso, local) => {
    expect(toTown(iso, MADRID)).toBe(local);
    expect(fromTown(local, MADRID)).toBe(iso);
  });

  it('takes the earlier one of a doubled hour, and a time for an hour that is left out', () => {
    expect(fromTown('2026-10-25T02:30:00', MADRID)).toBe('2026-10-25T00:30:00.000Z');
    expect(fromTown('2026-03-29T02:30:00', MADRID)).toBe('2026-03-29T01:30:00.000Z');
  });

  it('takes minutes without seconds and refuses what is no time', () => {
    expect(fromTown('2026-01-14T03:00', MADRID)).toBe('2026-01-14T02:00:00.000Z');
    expect(fromTown('', MADRID)).toBeNull();
    expect(fromTown('yesterday', MADRID)).toBeNull();
  });
});
