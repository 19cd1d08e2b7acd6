/** QR codes (ISO/IEC 18004) of texts, so that a telephone's camera can read an address off the screen. */

/** Error correction of level L: correction codewords of each block, and its blocks as [how many, data codewords]. */
const VERSIONS: readonly { correction: number; blocks: readonly (readonly [number, number])[] }[] = [
  { correction: 7, blocks: [[1, 19]] },
  { correction: 10, blocks: [[1, 34]] },
  { correction: 15, blocks: [[1, 55]] },
  { correction: 20, blocks: [[1, 80]] },
  { correction: 26, blocks: [[1, 108]] },
  { correction: 18, blocks: [[2, 68]] },
  { correction: 20, blocks: [[2, 78]] },
  { correction: 24, blocks: [[2, 97]] },
  { correction: 30, blocks: [[2, 116]] },
  {
    correction: 18,
    blocks: [
      [2, 68],
      [2, 69],
    ],
  },
];
/** Where alignment patterns have their middle, by version. */
const ALIGNED: readonly (readonly number[])[] = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
];
const BYTES = 0b0100;
const PADDING = [0xec, 0x11] as const;
const FIELD = 0x11d;
const FORMAT = { generator: 0x537, mask: 0x5412, level_l: 0b01 };
const VERSION_GENERATOR = 0x1f25;
const FIRST_WITH_VERSION = 7;

type Grid = (boolean | null)[][];

/** Rows of modules, true is dark; without the quiet zone of 4 around. Null: the text is too long for it. */
export function qrOf(text: string): boolean[][] | null {
  const content = new TextEncoder().encode(text);
  const index = VERSIONS.findIndex(({ blocks }, at) => content.length + (at < 9 ? 2 : 3) <= dataOf(blocks));
  const plan = VERSIONS[index];
  if (!plan) return null;
  const version = index + 1;
  const grid = patterns(version);
  const isFree = grid.map((row) => row.map((module) => module === null));
  fill(grid, interleaved(coded(content, version, dataOf(plan.blocks)), plan));
  return bestMasked(grid, isFree, version);
}

const dataOf = (blocks: readonly (readonly [number, number])[]): number =>
  blocks.reduce((sum, [count, size]) => sum + count * size, 0);

function coded(content: Uint8Array, version: number, size: number): number[] {
  const bits: number[] = [];
  const put = (value: number, length: number): void => {
    for (let bit = length - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  put(BYTES, 4);
  put(content.length, version < 10 ? 8 : 16);
  for (const byte of content) put(byte, 8);
  put(0, Math.min(4, size * 8 - bits.length));
  while (bits.length % 8 > 0) bits.push(0);
  const words = Array.from({ length: bits.length / 8 }, (_, at) =>
    bits.slice(at * 8, at * 8 + 8).reduce((word, bit) => (word << 1) | bit, 0),
  );
  for (let at = 0; words.length < size; at += 1) words.push(PADDING[at % 2] ?? 0);
  return words;
}

function interleaved(words: number[], { correction, blocks }: (typeof VERSIONS)[number]): number[] {
  const sizes = blocks.flatMap(([count, size]) => Array.from({ length: count }, () => size));
  let from = 0;
  const data = sizes.map((size) => words.slice(from, (from += size)));
  const checks = data.map((block) => remainder(block, correction));
  const across = (lists: number[][]): number[] =>
    Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, at) => at).flatMap((at) =>
      lists.flatMap((list) => list.slice(at, at + 1)),
    );
  return [...across(data), ...across(checks)];
}

/** Reed-Solomon's correction codewords of a block. */
function remainder(block: number[], degree: number): number[] {
  let generator = [1];
  let root = 1;
  for (let step = 0; step < degree; step += 1) {
    const longer = [...generator, 0];
    generator.forEach((factor, at) => (longer[at + 1] = (longer[at + 1] ?? 0) ^ times(factor, root)));
    generator = longer;
    root = times(root, 2);
  }
  const rest = [...block, ...Array.from({ length: degree }, () => 0)];
  block.forEach((_, at) => {
    const lead = rest[at] ?? 0;
    generator.forEach((factor, to) => (rest[at + to] = (rest[at + to] ?? 0) ^ times(factor, lead)));
  });
  return rest.slice(block.length);
}

function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ (product & 0x80 ? FIELD : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** Finders, timing and alignment; format and version are kept free as light modules. */
function patterns(version: number): Grid {
  const size = 17 + 4 * version;
  const grid: Grid = Array.from({ length: size }, () => Array.from({ length: size }, () => null));
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const) {
    rings(grid, row, column, 4, (ring) => ring !== 2 && ring < 4);
  }
  for (let at = 8; at < size - 8; at += 1) {
    set(grid, 6, at, at % 2 === 0);
    set(grid, at, 6, at % 2 === 0);
  }
  const middles = ALIGNED[version - 1] ?? [];
  const last = middles.at(-1);
  for (const row of middles) {
    for (const column of middles) {
      const isCorner = (row === 6 && (column === 6 || column === last)) || (row === last && column === 6);
      if (!isCorner) rings(grid, row, column, 2, (ring) => ring !== 1);
    }
  }
  writeFormat(grid, 0);
  writeVersion(grid, version);
  return grid;
}

function set(grid: Grid, row: number, column: number, isDark: boolean): void {
  const modules = grid[row];
  if (modules && column >= 0 && column < modules.length) modules[column] = isDark;
}

function rings(grid: Grid, row: number, column: number, reach: number, isDark: (ring: number) => boolean): void {
  for (let down = -reach; down <= reach; down += 1) {
    for (let right = -reach; right <= reach; right += 1) {
      set(grid, row + down, column + right, isDark(Math.max(Math.abs(down), Math.abs(right))));
    }
  }
}

/** Value and its check bits. */
function checked(value: number, generator: number, degree: number): number {
  let rest = value;
  for (let step = 0; step < degree; step += 1) rest = (rest << 1) ^ ((rest >> (degree - 1)) & 1 ? generator : 0);
  return (value << degree) | (rest & ((1 << degree) - 1));
}

function writeFormat(grid: Grid, mask: number): void {
  const bits = checked((FORMAT.level_l << 3) | mask, FORMAT.generator, 10) ^ FORMAT.mask;
  const size = grid.length;
  for (let at = 0; at < 15; at += 1) {
    const isDark = ((bits >> at) & 1) === 1;
    set(grid, at < 6 ? at : at < 8 ? at + 1 : size - 15 + at, 8, isDark);
    set(grid, 8, at < 8 ? size - 1 - at : at === 8 ? 7 : 14 - at, isDark);
  }
  set(grid, size - 8, 8, true);
}

function writeVersion(grid: Grid, version: number): void {
  if (version < FIRST_WITH_VERSION) return;
  const bits = checked(version, VERSION_GENERATOR, 12);
  const size = grid.length;
  for (let at = 0; at < 18; at += 1) {
    const isDark = ((bits >> at) & 1) === 1;
    set(grid, Math.floor(at / 3), size - 11 + (at % 3), isDark);
    set(grid, size - 11 + (at % 3), Math.floor(at / 3), isDark);
  }
}

/** Upwards and downwards in columns of two, from the right. */
function fill(grid: Grid, words: number[]): void {
  const size = grid.length;
  let bit = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    const isUp = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const row = isUp ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (grid[row]?.[column] !== null) continue;
        set(grid, row, column, (((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1);
        bit += 1;
      }
    }
  }
}

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

function bestMasked(grid: Grid, isFree: boolean[][], version: number): boolean[][] {
  const all = MASKS.map((isTurned, mask) => {
    const masked: Grid = grid.map((modules, row) =>
      modules.map((module, column) => (module ?? false) !== (isFree[row]?.[column] === true && isTurned(row, column))),
    );
    writeFormat(masked, mask);
    writeVersion(masked, version);
    return masked.map((modules) => modules.map((module) => module === true));
  });
  return all.reduce((best, one) => (penalty(one) < penalty(best) ? one : best));
}

/** How hard it is to read: long runs, blocks, what looks like a finder, too much of one colour. */
function penalty(modules: boolean[][]): number {
  const columns = modules.map((_, at) => modules.map((row) => row[at] === true));
  const lines = [...modules, ...columns].map((line) => line.map(Number).join(''));
  let points = 0;
  for (const line of lines) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) points += run.length - 2;
    for (let at = 0; at + 11 <= line.length; at += 1) {
      if (/^(10111010000|00001011101)/.test(line.slice(at, at + 11))) points += 40;
    }
  }
  let dark = 0;
  modules.forEach((row, y) => {
    row.forEach((module, x) => {
      dark += Number(module);
      const below = modules[y + 1];
      if (below && x + 1 < row.length && module === row[x + 1] && module === below[x] && module === below[x + 1])
        points += 3;
    });
  });
  return points + 10 * Math.floor(Math.abs((dark / modules.length ** 2) * 20 - 10));
}
