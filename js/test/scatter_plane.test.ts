// Where points are: camera, rotation, outlines, the nearest one.
import { describe, expect, it } from "vitest";
import { between, fitted, matrix, pan, toScreen, toWorld, zoomAt } from "../src/scatter/camera";
import { inside, nearest, within } from "../src/scatter/find";
import { placed, projected, type Rotation, turned, UPRIGHT } from "../src/scatter/geometry";

/** Reproducible numbers in [0, 1) (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const cloud = (count: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => 2 * next() - 1);
};

const size = { width: 900, height: 600 };
const camera = { x: 0.3, y: -0.2, zoom: 1.7 };

describe("the camera", () => {
  it("takes a pixel to the world and back", () => {
    const [x, y] = toScreen(camera, size, ...toWorld(camera, size, 123, 456));
    expect(x).toBeCloseTo(123);
    expect(y).toBeCloseTo(456);
  });

  it("is the same camera as the matrix given to the GPU", () => {
    const m = matrix(camera);
    const [x, y] = [0.4, 0.1];
    // Clip space: the matrix, then x divided by the aspect ratio, as regl-scatterplot's projection does.
    const clip = [
      (m[0]! * x + m[4]! * y + m[12]!) / (size.width / size.height),
      m[1]! * x + m[5]! * y + m[13]!,
    ] as const;
    const [px, py] = toScreen(camera, size, x, y);
    expect(px).toBeCloseTo(((clip[0] + 1) / 2) * size.width);
    expect(py).toBeCloseTo(((1 - clip[1]) / 2) * size.height);
  });

  it("zooms about the pixel under the pointer", () => {
    const before = toWorld(camera, size, 700, 100);
    const after = toWorld(zoomAt(camera, size, 3, 700, 100), size, 700, 100);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
    expect(zoomAt(camera, size, 3, 700, 100).zoom).toBeCloseTo(3 * camera.zoom);
  });

  it("drags what is under the pointer along", () => {
    const under = toWorld(camera, size, 200, 300);
    const [x, y] = toScreen(pan(camera, size, 40, -25), size, ...under);
    expect(x).toBeCloseTo(240);
    expect(y).toBeCloseTo(275);
  });

  it.each([
    { halfWidth: 1, halfHeight: 0.2 },
    { halfWidth: 0.1, halfHeight: 1 },
    { halfWidth: 1, halfHeight: 1 },
  ])("shows a whole box of %o, filling one side of the view", (half) => {
    const box = { x: 0.5, y: -0.5, ...half };
    const seen = fitted(box, size);
    const [left, bottom] = toScreen(seen, size, box.x - box.halfWidth, box.y - box.halfHeight);
    const [right, top] = toScreen(seen, size, box.x + box.halfWidth, box.y + box.halfHeight);
    const [wide, high] = [(right - left) / size.width, (bottom - top) / size.height];
    expect(Math.max(wide, high)).toBeCloseTo(0.92);
    expect((left + right) / 2).toBeCloseTo(450);
    expect((top + bottom) / 2).toBeCloseTo(300);
  });

  it("stays finite for a single point", () => {
    const seen = fitted({ x: 0, y: 0, halfWidth: 0, halfHeight: 0 }, size);
    expect(Number.isFinite(seen.zoom)).toBe(true);
  });

  it("is half way in zoom, not in distance, half way between two", () => {
    expect(between({ ...camera, zoom: 1 }, { ...camera, zoom: 100 }, 0.5).zoom).toBeCloseTo(10);
  });
});

describe("placing points", () => {
  it("keeps the proportions and makes the larger side of the box [-1, 1]", () => {
    const { data, box } = placed(Float32Array.of(10, 5, 30, 5, 10, 9, 30, 9), 2);
    expect([...data].map((v) => Math.round(v * 1000) / 1000)).toEqual([-1, -0.2, 1, -0.2, -1, 0.2, 1, 0.2]);
    expect(box.halfWidth).toBeCloseTo(1);
    expect(box.halfHeight).toBeCloseTo(0.2);
  });

  it("leaves points that are not finite out of the box, and not finite", () => {
    const { data } = placed(Float32Array.of(0, 0, 4, 2, Number.NaN, 1, Infinity, 1), 2);
    expect([...data.slice(0, 4)]).toEqual([-1, -0.5, 1, 0.5]);
    expect(Number.isFinite(data[4]! + data[6]!)).toBe(false);
  });

  it("puts points that are all in one place in the middle", () => {
    expect([...placed(Float32Array.of(7, 7, 7, 7), 2).data]).toEqual([0, 0, 0, 0]);
  });

  it("keeps every point in sight however it is turned", () => {
    const solid = placed(cloud(3 * 200, 1), 3);
    let rotation: Rotation = UPRIGHT;
    for (let i = 0; i < 50; i++) {
      rotation = turned(rotation, 0.37, -0.21);
      const flat = projected(solid, rotation);
      for (const value of flat) expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-5);
    }
  });

  it("turns without bending: distances stay, after a thousand drags", () => {
    let r: Rotation = UPRIGHT;
    for (let i = 0; i < 1000; i++) r = turned(r, 0.013 * (i % 7), -0.02);
    const rows = [r.slice(0, 3), r.slice(3, 6), r.slice(6, 9)];
    rows.forEach((a, i) => {
      rows.forEach((b, j) => {
        const dot = a.reduce((sum, v, k) => sum + v * b[k]!, 0);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 10);
      });
    });
  });

  it("follows the pointer: what is in front goes right with a drag to the right, and up with a drag upwards", () => {
    const front = {
      dimensions: 3,
      data: Float32Array.of(0, 0, 1),
      box: { x: 0, y: 0, halfWidth: 1, halfHeight: 1 },
    } as const;
    expect(projected(front, turned(UPRIGHT, 0.1, 0))[0]).toBeCloseTo(Math.sin(0.1));
    expect(projected(front, turned(UPRIGHT, 0, 0.1))[1]).toBeCloseTo(Math.sin(0.1));
  });
});

/** Even-odd rule edge by edge, as textbooks have it. */
function plainInside(x: number, y: number, outline: readonly number[]): boolean {
  let within = false;
  for (let i = 0, j = outline.length - 2; i < outline.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [outline[i]!, outline[i + 1]!, outline[j]!, outline[j + 1]!];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

describe("points inside an outline", () => {
  const xy = cloud(2 * 5000, 2);

  it.each([3, 4, 7, 60, 300])("are those a plain loop over %i edges finds, self-crossing outlines too", (corners) => {
    const outline = [...cloud(2 * corners, corners)].map((v) => 0.8 * v);
    const expected: number[] = [];
    for (let i = 0; i < xy.length / 2; i++) if (plainInside(xy[2 * i]!, xy[2 * i + 1]!, outline)) expected.push(i);
    expect(expected.length).toBeGreaterThan(0);
    expect([...inside(xy, outline)]).toEqual(expected);
  });

  it("are none for an outline without area, or a point that is no number", () => {
    expect(inside(xy, [0, 0, 1, 0]).length).toBe(0);
    expect(inside(xy, [0, 0, 1, 0, 0.5, 0]).length).toBe(0);
    expect([...inside(Float32Array.of(Number.NaN, 0, 0, 0, 0, Number.NaN), [-1, -1, 1, -1, 0, 1])]).toEqual([1]);
  });
});

describe("the nearest point", () => {
  const xy = cloud(2 * 1000, 3);

  it("is the one with the least distance", () => {
    const distance = (i: number): number => Math.hypot(xy[2 * i]! - 0.1, xy[2 * i + 1]! + 0.4);
    const order = Array.from({ length: 1000 }, (_, i) => i).sort((a, b) => distance(a) - distance(b));
    expect(nearest(xy, 0.1, -0.4, 1)).toBe(order[0]);
    expect(nearest(xy, 0.1, -0.4, distance(order[0]!) * 0.99)).toBe(-1);
  });

  it("is the one drawn last where several lie in one place", () => {
    expect(nearest(Float32Array.of(0, 0, 0, 0, 1, 1), 0, 0, 0.5)).toBe(1);
  });
});

describe("points in view", () => {
  it("are counted up to a limit", () => {
    const xy = Float32Array.of(0, 0, 0.5, 0.5, 2, 2, Number.NaN, 0);
    expect(within(xy, [-1, -1], [1, 1], 2)).toEqual([0, 1]);
    expect(within(xy, [-1, -1], [1, 1], 1)).toBeNull();
  });
});
