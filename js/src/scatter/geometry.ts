// From the coordinates of an embedding to world coordinates in the plane: centred, of unit size, rotated where in 3-D.
import type { Box } from "./camera";

/** Three rows of three: what is right, up and towards the viewer. */
export type Rotation = readonly [number, number, number, number, number, number, number, number, number];

export const UPRIGHT: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/**
 * Turn by a drag of dx radians to the right and dy upwards: about the screen's upright and its level axis, whatever the rotation so far
 * (a turntable would lock at the poles). Re-orthogonalised, or rounding would shear the points after many drags.
 */
export function turned(r: Rotation, dx: number, dy: number): Rotation {
  const [cx, sx, cy, sy] = [Math.cos(dx), Math.sin(dx), Math.cos(dy), Math.sin(dy)];
  const right: number[] = [];
  const up: number[] = [];
  for (let k = 0; k < 3; k++) {
    const [a, b, c] = [r[k]!, r[3 + k]!, r[6 + k]!];
    const depth = -sx * a + cx * c;
    right.push(cx * a + sx * c);
    up.push(cy * b + sy * depth);
  }
  const length = Math.hypot(...right);
  const x = right.map((v) => v / length);
  const along = x.reduce((sum, v, k) => sum + v * up[k]!, 0);
  const rest = up.map((v, k) => v - along * x[k]!);
  const size = Math.hypot(...rest);
  const [x0, x1, x2] = x as [number, number, number];
  const [y0, y1, y2] = rest.map((v) => v / size) as [number, number, number];
  return [x0, x1, x2, y0, y1, y2, x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0];
}

/** Points in world coordinates before rotation, x, y (and z) in turn, and the box to look at. */
export interface Placed {
  readonly dimensions: 2 | 3;
  readonly data: Float32Array;
  readonly box: Box;
}

/**
 * Centre the points [n, 2] or [n, 3] and scale all axes alike. In the plane the larger side of their box becomes
 * [-1, 1]; in space the farthest point gets a distance of 1, so that no rotation moves one out of sight.
 * Points that are not finite stay so: they are neither drawn nor found.
 */
export function placed(points: Float32Array, dimensions: 2 | 3): Placed {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    const value = points[i]!;
    if (!Number.isFinite(value)) continue;
    const k = i % dimensions;
    if (value < low[k]!) low[k] = value;
    if (value > high[k]!) high[k] = value;
  }
  const middle = low.map((l, k) => (l <= high[k]! ? (l + high[k]!) / 2 : 0));
  const half = low.map((l, k) => (l <= high[k]! ? (high[k]! - l) / 2 : 0));
  let size = Math.max(half[0]!, half[1]!);
  if (dimensions === 3) {
    size = 0;
    for (let i = 0; i < points.length; i += 3) {
      const far = Math.hypot(points[i]! - middle[0]!, points[i + 1]! - middle[1]!, points[i + 2]! - middle[2]!);
      if (Number.isFinite(far) && far > size) size = far;
    }
  }
  // All points in one place: anywhere is the middle.
  const scale = size > 0 ? 1 / size : 1;
  const data = new Float32Array(points.length);
  for (let i = 0; i < points.length; i++) data[i] = (points[i]! - middle[i % dimensions]!) * scale;
  const box =
    dimensions === 3
      ? { x: 0, y: 0, halfWidth: 1, halfHeight: 1 }
      : { x: 0, y: 0, halfWidth: half[0]! * scale, halfHeight: half[1]! * scale };
  return { dimensions, data, box };
}

/** What the viewer sees of them: x and y in turn. */
export function projected({ dimensions, data }: Placed, r: Rotation): Float32Array {
  if (dimensions === 2) return data;
  const flat = new Float32Array((data.length / 3) * 2);
  for (let i = 0, j = 0; i < data.length; i += 3, j += 2) {
    const [x, y, z] = [data[i]!, data[i + 1]!, data[i + 2]!];
    flat[j] = r[0] * x + r[1] * y + r[2] * z;
    flat[j + 1] = r[3] * x + r[4] * y + r[5] * z;
  }
  return flat;
}
