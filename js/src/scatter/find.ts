// Which points are inside an outline, nearest to the pointer, or in view. Over plain arrays: a million points are few.

/** An outline or points: x and y in turn. */
type Flat = Float32Array | readonly number[];

// The box of an outline is cut into so many rows and columns of cells. Most are all inside or all outside: only in a
// cell that an edge may touch is a point compared with the edges of its row.
const CELLS = 256;
const OUTSIDE = 0;
const INSIDE = 1;
const TOUCHED = 2;

/**
 * Positions of the points inside an outline that closes itself (even-odd rule: inside of a loop drawn twice is
 * outside), ascending.
 */
export function inside(xy: Float32Array, outline: Flat): Uint32Array {
  const corners = outline.length / 2;
  if (corners < 3) return new Uint32Array(0);
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < corners; i++) {
    left = Math.min(left, outline[2 * i]!);
    right = Math.max(right, outline[2 * i]!);
    bottom = Math.min(bottom, outline[2 * i + 1]!);
    top = Math.max(top, outline[2 * i + 1]!);
  }
  const across = right > left ? CELLS / (right - left) : 0;
  const up = top > bottom ? CELLS / (top - bottom) : 0;
  const cellOf = (at: number): number => Math.max(0, Math.min(CELLS - 1, Math.floor(at)));

  const edges: number[][] = Array.from({ length: CELLS }, () => []);
  const cells = new Uint8Array(CELLS * CELLS);
  for (let i = 0; i < corners; i++) {
    const j = (i + 1) % corners;
    const [x0, y0, x1, y1] = [outline[2 * i]!, outline[2 * i + 1]!, outline[2 * j]!, outline[2 * j + 1]!];
    const low = (Math.min(y0, y1) - bottom) * up;
    const high = (Math.max(y0, y1) - bottom) * up;
    const begin = (x0 - left) * across;
    const slope = y0 === y1 ? 0 : ((x1 - x0) * across) / ((y1 - y0) * up);
    const first = cellOf(low);
    const last = cellOf(high);
    for (let row = first; row <= last; row++) if (y0 !== y1) edges[row]!.push(x0, y0, x1, y1);
    // One cell more on all sides: rounding must not put a point on the wrong side of an edge.
    for (let row = Math.max(0, first - 1); row <= Math.min(CELLS - 1, last + 1); row++) {
      const from = Math.max(low, Math.min(high, row)) - (y0 - bottom) * up;
      const to = Math.max(low, Math.min(high, row + 1)) - (y0 - bottom) * up;
      const [one, other] = y0 === y1 ? [begin, (x1 - left) * across] : [begin + slope * from, begin + slope * to];
      const end = Math.min(CELLS - 1, cellOf(Math.max(one, other)) + 1);
      cells.fill(TOUCHED, row * CELLS + Math.max(0, cellOf(Math.min(one, other)) - 1), row * CELLS + end + 1);
    }
  }

  /** Whether a point is inside, by the edges of its row. */
  const test = (x: number, y: number, near: readonly number[]): boolean => {
    let within = false;
    for (let e = 0; e < near.length; e += 4) {
      const y0 = near[e + 1]!;
      const y1 = near[e + 3]!;
      if (y0 > y === y1 > y) continue;
      const x0 = near[e]!;
      if (x < x0 + ((y - y0) / (y1 - y0)) * (near[e + 2]! - x0)) within = !within;
    }
    return within;
  };
  for (let row = 0, at = 0; row < CELLS; row++) {
    let state = TOUCHED;
    for (let column = 0; column < CELLS; column++, at++) {
      if (cells[at] === TOUCHED) state = TOUCHED;
      else {
        // Up to the next edge all cells of a row are alike.
        if (state === TOUCHED) {
          const within = test(left + (column + 0.5) / across, bottom + (row + 0.5) / up, edges[row]!);
          state = within ? INSIDE : OUTSIDE;
        }
        cells[at] = state;
      }
    }
  }

  const found = new Uint32Array(xy.length / 2);
  let count = 0;
  for (let i = 0, at = 0; at < xy.length; i++, at += 2) {
    const x = xy[at]!;
    const y = xy[at + 1]!;
    // Not the other way round: what is no number must not pass.
    if (!(x >= left && x <= right && y >= bottom && y <= top)) continue;
    const row = Math.min(CELLS - 1, ((y - bottom) * up) | 0);
    const cell = cells[row * CELLS + Math.min(CELLS - 1, ((x - left) * across) | 0)]!;
    if (cell === INSIDE || (cell === TOUCHED && test(x, y, edges[row]!))) found[count++] = i;
  }
  return found.slice(0, count);
}

/** Position of the point nearest to (x, y), not farther than `radius`; -1: there is none. Of equals the last, drawn on top. */
export function nearest(xy: Float32Array, x: number, y: number, radius: number): number {
  let best = radius * radius;
  let found = -1;
  for (let i = 0; i < xy.length; i += 2) {
    const dx = xy[i]! - x;
    const dy = xy[i + 1]! - y;
    const far = dx * dx + dy * dy;
    if (far <= best) {
      best = far;
      found = i / 2;
    }
  }
  return found;
}

/** Positions of the points in a box, or null when there are more than `most`. */
export function within(
  xy: Float32Array,
  [left, bottom]: readonly [number, number],
  [right, top]: readonly [number, number],
  most: number,
): number[] | null {
  const found: number[] = [];
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i]!;
    const y = xy[i + 1]!;
    if (!(x >= left && x <= right && y >= bottom && y <= top)) continue;
    if (found.length === most) return null;
    found.push(i / 2);
  }
  return found;
}
