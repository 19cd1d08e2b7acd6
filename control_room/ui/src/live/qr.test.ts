import { describe, expect, it } from 'vitest';

import { qrOf } from './qr';

const FINDER = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111'];

const written = (code: boolean[][], row: number, column: number): string[] =>
  code.slice(row, row + 7).map((modules) =>
    modules
      .slice(column, column + 7)
      .map(Number)
      .join(''),
  );

// That a camera reads it is tried in tests/system/test_drone.py, with another's reader.
describe('a QR code', () => {
  it('is as small as its text lets it be, with a finder in three corners', () => {
    for (const [length, size] of [
      [17, 21],
      [18, 25],
      [134, 41],
      [154, 45],
      [271, 57],
    ] as const) {
      const code = qrOf('a'.repeat(length)) ?? [];
      expect([code.length, code[0]?.length]).toEqual([size, size]);
      for (const [row, column] of [
        [0, 0],
        [0, size - 7],
        [size - 7, 0],
      ] as const) {
        expect(written(code, row, column)).toEqual(FINDER);
      }
    }
  });

  it('is of bytes: what is not ASCII takes more of them', () => {
    expect(qrOf('à'.repeat(9))?.length).toBe(25);
  });

  it('is none where the text is too long', () => {
    expect(qrOf('a'.repeat(272))).toBeNull();
  });
});
