// Where the classes lie among the points, for whoever looks from afar.

/** The middle of where most of a class lies, in world coordinates. */
export interface Cluster {
  readonly code: number;
  readonly x: number;
  readonly y: number;
  /** Points of the class. */
  readonly count: number;
}

// The world, [-1, 1] both ways, in squares; a place is a square with the eight around it, an eighth of the world wide.
const CELLS = 24;
// A class has its place where this share of it lies, and where it is this share of what lies there: elsewhere a name
// would tell of others.
const OF_CLASS = 0.3;
const OF_PLACE = 0.5;

const cellOf = (value: number): number => Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));

/** The sums of each square and the eight around it. */
function around(cells: Uint32Array): Uint32Array {
  const sums = new Uint32Array(cells.length);
  for (let y = 0; y < CELLS; y++)
    for (let x = 0; x < CELLS; x++) {
      const count = cells[y * CELLS + x]!;
      if (!count) continue;
      for (let v = Math.max(0, y - 1); v <= Math.min(CELLS - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(CELLS - 1, x + 1); u++) sums[v * CELLS + u]! += count;
    }
  return sums;
}

/**
 * The clusters of the classes 0 to `kinds` - 1, the largest first; classes that lie scattered, or among others, have
 * none. `xy` are world coordinates, x and y in turn; `codes` the class of each point.
 */
export function clustersOf(xy: Float32Array, codes: Uint16Array, kinds: number): Cluster[] {
  const counts = new Uint32Array(kinds);
  const cells = new Uint16Array(codes.length);
  const all = new Uint32Array(CELLS * CELLS);
  const each = new Uint32Array(kinds * CELLS * CELLS);
  for (let i = 0; i < codes.length; i++) {
    const [x, y] = [xy[2 * i]!, xy[2 * i + 1]!];
    if (Number.isNaN(x + y)) continue;
    const cell = cellOf(y) * CELLS + cellOf(x);
    cells[i] = cell;
    all[cell]!++;
    const code = codes[i]!;
    if (code >= kinds) continue;
    counts[code]!++;
    each[code * CELLS * CELLS + cell]!++;
  }
  const there = around(all);
  const places = Int32Array.from({ length: kinds }, (_, code) => {
    if (!counts[code]) return -1;
    const mine = around(each.subarray(code * CELLS * CELLS, (code + 1) * CELLS * CELLS));
    let best = 0;
    for (let cell = 1; cell < mine.length; cell++) if (mine[cell]! > mine[best]!) best = cell;
    return mine[best]! >= OF_CLASS * counts[code]! && mine[best]! >= OF_PLACE * there[best]! ? best : -1;
  });
  const sums = new Float64Array(3 * kinds);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    const place = places[code] ?? -1;
    const [x, y] = [xy[2 * i]!, xy[2 * i + 1]!];
    if (place < 0 || Number.isNaN(x + y)) continue;
    const cell = cells[i]!;
    if (Math.abs((cell % CELLS) - (place % CELLS)) > 1) continue;
    if (Math.abs(Math.floor(cell / CELLS) - Math.floor(place / CELLS)) > 1) continue;
    sums[3 * code]! += x;
    sums[3 * code + 1]! += y;
    sums[3 * code + 2]!++;
  }
  const found: Cluster[] = [];
  for (let code = 0; code < kinds; code++) {
    const n = sums[3 * code + 2]!;
    if (n) found.push({ code, x: sums[3 * code]! / n, y: sums[3 * code + 1]! / n, count: counts[code]! });
  }
  return found.sort((a, b) => b.count - a.count);
}
