// Lines of equal density, as on a map: where points cover each other, their number can no longer be seen.

const CELLS = 128;
const REACH = 2; // squares to each side that a point counts in
/** The lines go around this share of the points each: the densest parts of the plane that hold so many. */
export const SHARES = [0.1, 0.3, 0.5, 0.7, 0.9] as const;

/** Each value becomes the mean of those within REACH, along rows or columns. */
function smoothed(values: Float32Array, along: 1 | typeof SIDE): Float32Array {
  const out = new Float32Array(values.length);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const place = along === 1 ? x : y;
      let sum = 0;
      for (let k = -REACH; k <= REACH; k++)
        if (place + k >= 0 && place + k < SIDE) sum += values[y * SIDE + x + k * along]!;
      out[y * SIDE + x] = sum / (2 * REACH + 1);
    }
  return out;
}

// A margin of empty squares, so that every line closes.
const MARGIN = 2 * REACH + 1;
const SIDE = CELLS + 2 * MARGIN;

/** Squares of the world with how many points lie there, smoothed. */
function densityOf(xy: Float32Array): Float32Array {
  const counts = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < xy.length; i += 2) {
    const [x, y] = [xy[i]!, xy[i + 1]!];
    if (!(Math.abs(x) <= 1 && Math.abs(y) <= 1)) continue;
    const column = MARGIN + Math.min(CELLS - 1, Math.floor(((x + 1) / 2) * CELLS));
    const row = MARGIN + Math.min(CELLS - 1, Math.floor(((y + 1) / 2) * CELLS));
    counts[row * SIDE + column]!++;
  }
  // Twice each way: nearly a bell.
  return smoothed(smoothed(smoothed(smoothed(counts, 1), SIDE), 1), SIDE);
}

/** The densities within which these shares of all lie. */
function levelsOf(density: Float32Array): number[] {
  const sorted = density.filter((value) => value > 0).sort();
  const total = sorted.reduce((sum, value) => sum + value, 0);
  const levels: number[] = [];
  let within = 0;
  for (let i = sorted.length - 1; i >= 0 && levels.length < SHARES.length; i--) {
    within += sorted[i]!;
    while (levels.length < SHARES.length && within >= SHARES[levels.length]! * total) levels.push(sorted[i]!);
  }
  return levels;
}

/**
 * The lines as pieces [x, y, x, y] in world coordinates, by marching squares (Lorensen and Cline 1987, in the plane).
 * Those of a level follow no order: they are stroked, not filled.
 */
export function contoursOf(xy: Float32Array): Float32Array[] {
  const density = densityOf(xy);
  // The world coordinate of a square's middle.
  const world = (place: number): number => ((place - MARGIN + 0.5) / CELLS) * 2 - 1;
  return levelsOf(density).map((level) => {
    const pieces: number[] = [];
    for (let y = 0; y + 1 < SIDE; y++)
      for (let x = 0; x + 1 < SIDE; x++) {
        const corner = (dx: number, dy: number): number => density[(y + dy) * SIDE + x + dx]! - level;
        const corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)] as const;
        const above = corners.map((value) => value >= 0);
        if (above.every((one) => one === above[0])) continue;
        // Where the line crosses each side, in turn around the square.
        const crossings: [number, number][] = [];
        const cross = (a: number, b: number, [ax, ay]: [number, number], [bx, by]: [number, number]): void => {
          if (a >= 0 === b >= 0) return;
          const t = a / (a - b);
          crossings.push([world(x + ax + (bx - ax) * t), world(y + ay + (by - ay) * t)]);
        };
        cross(corners[0], corners[1], [0, 0], [1, 0]);
        cross(corners[1], corners[2], [1, 0], [1, 1]);
        cross(corners[2], corners[3], [1, 1], [0, 1]);
        cross(corners[3], corners[0], [0, 1], [0, 0]);
        // Four crossings are a saddle: the lines keep what is above apart, whichever way it is.
        for (let k = 0; k + 1 < crossings.length; k += 2) pieces.push(...crossings[k]!, ...crossings[k + 1]!);
      }
    return Float32Array.from(pieces);
  });
}
