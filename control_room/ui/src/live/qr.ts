import { encode } from 'uqr';

/** Larger ones (57 modules a side) a telephone's camera hardly reads off a screen. */
const VERSION_MAX = 10;

/** Rows of modules, true is dark; without the quiet zone of 4 around. Null: the text is too long for it. */
export function qrOf(text: string): boolean[][] | null {
  try {
    return encode(text, { ecc: 'L', maxVersion: VERSION_MAX, border: 0 }).data;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
