/** How a map keeps what it follows in its picture. */

export interface Point {
  x: number;
  y: number;
}

/** Nearer to the border than this share of the map counts as out of it. */
const BORDER = 0.08;

/** What to do so that all of the points are in a map of that size: nothing, look there, or make them smaller. */
export function towards(points: readonly Point[], width: number, height: number): 'stay' | 'smaller' | Point {
  const [left, right] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x))];
  const [top, bottom] = [Math.min(...points.map(({ y }) => y)), Math.max(...points.map(({ y }) => y))];
  const isIn = (low: number, high: number, size: number): boolean =>
    low >= size * BORDER && high <= size * (1 - BORDER);
  if (points.length === 0 || (isIn(left, right, width) && isIn(top, bottom, height))) return 'stay';
  const room = 1 - 2 * BORDER;
  if (right - left > width * room || bottom - top > height * room) return 'smaller';
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}
