/** The wall: how many pictures, where each lies, and which camera is in which place. */

export const LAYOUTS = ['one', 'four', 'nine', 'sixteen', 'main_five'] as const;
export type LayoutName = (typeof LAYOUTS)[number];

export interface Cell {
  /** From 0, in cells of the grid. */
  column: number;
  row: number;
  /** How many cells it is wide and high. */
  span: number;
}

const square = (side: number): Cell[] =>
  Array.from({ length: side * side }, (_, place) => ({ column: place % side, row: Math.floor(place / side), span: 1 }));

const CELLS: Record<LayoutName, { side: number; cells: Cell[] }> = {
  one: { side: 1, cells: square(1) },
  four: { side: 2, cells: square(2) },
  nine: { side: 3, cells: square(3) },
  sixteen: { side: 4, cells: square(4) },
  main_five: {
    side: 3,
    cells: [
      { column: 0, row: 0, span: 2 },
      { column: 2, row: 0, span: 1 },
      { column: 2, row: 1, span: 1 },
      { column: 0, row: 2, span: 1 },
      { column: 1, row: 2, span: 1 },
      { column: 2, row: 2, span: 1 },
    ],
  },
};
/** The most pictures that any layout has. */
export const PLACES_MOST = 16;

export const cellsOf = (layout: LayoutName): Cell[] => CELLS[layout].cells;
export const sideOf = (layout: LayoutName): number => CELLS[layout].side;

/** What a person put where; null is an empty place. Kept longer than the layout: a smaller one hides, it does not forget. */
export interface Arrangement {
  layout: LayoutName;
  places: (string | null)[];
}

/** The smallest layout that shows so many. */
export function layoutFor(count: number): LayoutName {
  const fitting = (['one', 'four', 'nine', 'sixteen'] as const).find((name) => cellsOf(name).length >= count);
  return fitting ?? 'sixteen';
}

/** A first arrangement: everything there is, in its order. */
export function arranged(keys: string[]): Arrangement {
  return { layout: layoutFor(keys.length), places: keys.slice(0, PLACES_MOST) };
}

/** What this layout shows, place by place: what may no longer be watched leaves its place empty. */
export function shownIn({ layout, places }: Arrangement, offered: ReadonlySet<string>): (string | null)[] {
  return cellsOf(layout).map((_, index) => {
    const key = places[index] ?? null;
    return key !== null && offered.has(key) ? key : null;
  });
}

/** `key` in place `index`; where it was before, what was there comes. */
export function placed(arrangement: Arrangement, index: number, key: string | null): Arrangement {
  const places = padded(arrangement.places, index + 1);
  const before = key === null ? -1 : places.indexOf(key);
  if (before >= 0) places[before] = places[index] ?? null;
  places[index] = key;
  return { ...arrangement, places };
}

export function swapped(arrangement: Arrangement, one: number, other: number): Arrangement {
  const places = padded(arrangement.places, Math.max(one, other) + 1);
  [places[one], places[other]] = [places[other] ?? null, places[one] ?? null];
  return { ...arrangement, places };
}

function padded(places: (string | null)[], length: number): (string | null)[] {
  return [...places, ...Array.from({ length: Math.max(0, length - places.length) }, () => null)];
}

export type Direction = 'left' | 'right' | 'up' | 'down';
const STEPS: Record<Direction, [number, number]> = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/** The place that lies next to `from` in that direction, or `from` itself at the edge. */
export function neighbour(layout: LayoutName, from: number, direction: Direction): number {
  const cells = cellsOf(layout);
  const start = cells[from];
  if (!start) return 0;
  const [dx, dy] = STEPS[direction];
  const column = dx > 0 ? start.column + start.span : start.column + dx;
  const row = dy > 0 ? start.row + start.span : start.row + dy;
  const found = cells.findIndex(
    (cell) =>
      column >= cell.column && column < cell.column + cell.span && row >= cell.row && row < cell.row + cell.span,
  );
  return found < 0 ? from : found;
}

/** Whether both show the same; empty places at the end count for nothing. */
export function isSame(one: Arrangement, other: Arrangement): boolean {
  const most = Math.max(one.places.length, other.places.length);
  const places = Array.from({ length: most }, (_, index) => index);
  return one.layout === other.layout && places.every((at) => (one.places[at] ?? null) === (other.places[at] ?? null));
}

/** What was kept, where it can be read; anything else is as if nothing had been. */
export function readArrangement(text: string | null): Arrangement | null {
  try {
    const read = JSON.parse(text ?? 'null') as Partial<Arrangement> | null;
    const layout = LAYOUTS.find((name) => name === read?.layout);
    if (!layout || !Array.isArray(read?.places)) return null;
    const places = read.places.map((key: unknown) => (typeof key === 'string' ? key : null));
    return { layout, places: places.slice(0, PLACES_MOST) };
  } catch {
    return null;
  }
}
