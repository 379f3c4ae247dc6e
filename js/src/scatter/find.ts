// Which points are inside an outline, nearest to the pointer, or in view. Over plain arrays: a million points are few.

/** An outline or points: x and y in turn. */
type Flat = Float32Array | readonly number[];

// Rows into which the height of an outline is cut: a point meets only the edges that cross its row.
const ROWS = 1024;

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
  const scale = top > bottom ? ROWS / (top - bottom) : 0;
  const rowOf = (y: number): number => Math.min(ROWS - 1, Math.floor((y - bottom) * scale));
  const edges: number[][] = Array.from({ length: ROWS }, () => []);
  for (let i = 0; i < corners; i++) {
    const j = (i + 1) % corners;
    const [x0, y0, x1, y1] = [outline[2 * i]!, outline[2 * i + 1]!, outline[2 * j]!, outline[2 * j + 1]!];
    if (y0 === y1) continue;
    const last = rowOf(Math.max(y0, y1));
    for (let row = rowOf(Math.min(y0, y1)); row <= last; row++) edges[row]!.push(x0, y0, x1, y1);
  }
  const found = new Uint32Array(xy.length / 2);
  let count = 0;
  for (let i = 0, at = 0; at < xy.length; i++, at += 2) {
    const x = xy[at]!;
    const y = xy[at + 1]!;
    // Not the other way round: what is no number must not pass.
    if (!(x >= left && x <= right && y >= bottom && y <= top)) continue;
    const near = edges[rowOf(y)]!;
    let within = false;
    for (let e = 0; e < near.length; e += 4) {
      const y0 = near[e + 1]!;
      const y1 = near[e + 3]!;
      if (y0 > y === y1 > y) continue;
      const x0 = near[e]!;
      if (x < x0 + ((y - y0) / (y1 - y0)) * (near[e + 2]! - x0)) within = !within;
    }
    if (within) found[count++] = i;
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
