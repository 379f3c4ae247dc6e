import { describe, expect, it } from "vitest";
import { type Arrangement, arrange, boxAt, inSight, moved, placeAt, scrolledTo } from "../src/grid/arrange";
import { makePicture } from "../src/grid/picture";
import { defaults, type Settings } from "../src/grid/settings";
import { gridFrame, ramps } from "./grid_frames";

const room = { width: 900, height: 560 };
const layOut = (
  count: number,
  height: number,
  width: number,
  settings: Partial<Settings> = {},
  layout?: "strips" | "tokens",
  at = room,
) =>
  arrange(
    makePicture(gridFrame(ramps(count, height, width), layout ? { layout } : {})),
    { ...defaults(), ...settings },
    at,
  );

const everything: [string, Arrangement][] = [
  ["6 maps", layOut(6, 8, 8)],
  ["64 maps", layOut(64, 8, 8)],
  ["4,096 maps", layOut(4096, 2, 2)],
  ["wide maps", layOut(10, 2, 40)],
  ["small tiles", layOut(100, 4, 4, { size: "s" })],
  ["strips", layOut(32, 1, 50, {}, "strips")],
  ["lines", layOut(32, 1, 50, { strips: "line" }, "strips")],
  ["bars", layOut(10, 1, 1)],
  ["many bars", layOut(4096, 1, 1)],
  ["cells", layOut(1000, 1, 1, { vector: "heat" })],
  ["matrix", layOut(64, 1, 12, {}, "tokens")],
  ["wide matrix", layOut(768, 1, 20, { size: "l" }, "tokens")],
  ["narrow page", layOut(64, 8, 8, {}, undefined, { width: 240, height: 300 })],
];

describe.each(everything)("%s", (_, a) => {
  const inside = [0, 1, a.count >> 1, a.count - 1].filter((at) => at < a.count);

  it("finds each tile again from any point in it", () => {
    for (const at of inside) {
      const { x, y, width, height } = boxAt(a, at);
      for (const [fx, fy] of [
        [0.02, 0.02],
        [0.5, 0.5],
        [0.98, 0.98],
      ] as const) {
        expect(placeAt(a, x + fx * width, y + fy * height)).toBe(at);
      }
    }
  });

  it("finds none outside", () => {
    for (const [x, y] of [
      [-1, 9],
      [9, -1],
      [a.width + 1, 9],
      [9, a.height + 1],
      [a.left - 1, 20],
    ] as const) {
      expect(placeAt(a, x, y)).toBe(-1);
    }
  });

  it("keeps all tiles inside of its content, one beside the other", () => {
    const last = boxAt(a, a.count - 1);
    expect(last.y + last.height + a.caption).toBeLessThanOrEqual(a.height);
    const right = boxAt(a, a.columns - 1);
    expect(right.x + right.width).toBeLessThanOrEqual(a.width + 1e-9);
    expect(a.pitchX).toBeGreaterThanOrEqual(a.boxWidth);
    expect(a.pitchY).toBeGreaterThanOrEqual(a.boxHeight + a.caption);
    expect(a.columns * a.rows).toBeGreaterThanOrEqual(a.count);
    expect(a.columns * (a.rows - 1)).toBeLessThan(a.count);
  });

  it("knows which tiles are in sight, wherever it is scrolled to", () => {
    for (let top = 0; top < a.height; top += Math.max(37, a.height / 50)) {
      const [first, last] = inSight(a, top, 200);
      for (const at of [first, last - 1]) expect(at).toBeLessThan(a.count);
      const seen = (at: number): boolean => {
        const box = boxAt(a, at);
        return box.y < top + 200 && box.y + box.height + a.caption > top;
      };
      if (first > 0) expect(seen(first - 1)).toBe(false);
      if (last < a.count) expect(seen(last)).toBe(false);
    }
  });

  it("scrolls a tile into sight, and not when it is there", () => {
    for (const at of inside) {
      const to = scrolledTo(a, at, { left: 0, top: 0 }, { width: a.width, height: 200 });
      const box = boxAt(a, at);
      if (a.rows > 1 && box.height + a.caption + 16 <= 200) {
        expect(box.y).toBeGreaterThanOrEqual(to.top);
        expect(box.y + box.height).toBeLessThanOrEqual(to.top + 200);
      }
      expect(scrolledTo(a, at, to, { width: a.width, height: 200 })).toEqual(to);
    }
  });
});

describe("sizes", () => {
  it("few maps are large and fit; many are small and scroll", () => {
    const few = layOut(6, 8, 8);
    expect(few.boxWidth).toBeGreaterThan(150);
    expect(few.height).toBeLessThanOrEqual(room.height);
    const many = layOut(4096, 2, 2);
    expect(many.boxWidth).toBeLessThan(60);
    expect(many.height).toBeGreaterThan(room.height);
  });

  it("maps keep their proportions", () => {
    const a = layOut(4, 10, 20);
    expect(a.boxHeight / a.boxWidth).toBeCloseTo(0.5, 1);
  });

  it("grow from S to L", () => {
    const widths = (["s", "m", "l"] as const).map((size) => layOut(64, 8, 8, { size }).boxWidth);
    expect(widths).toEqual([...widths].sort((p, q) => p - q));
    expect(new Set(widths).size).toBe(3);
  });

  it("never overflow the width of the page, maps and strips and bars", () => {
    for (const width of [200, 333, 700, 1999]) {
      for (const a of [
        layOut(50, 8, 8, {}, undefined, { width, height: 400 }),
        layOut(50, 8, 8, { size: "m" }, undefined, { width, height: 400 }),
        layOut(50, 1, 9, {}, "strips", { width, height: 400 }),
        layOut(500, 1, 1, {}, undefined, { width, height: 400 }),
        layOut(500, 1, 1, { vector: "heat" }, undefined, { width, height: 400 }),
      ]) {
        expect(a.width, `${a.drawing} at ${width}`).toBeLessThanOrEqual(width);
      }
    }
  });
});

describe("keys", () => {
  const a = layOut(20, 8, 8, { size: "l" }); // 4 columns, 5 rows
  const go = (from: number, key: string) => moved(a, from, key, 2 * a.pitchY);

  it("move as in a grid and stop at its edges", () => {
    expect([a.columns, a.rows]).toEqual([4, 5]);
    expect(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => go(5, key))).toEqual([4, 6, 1, 9]);
    expect([go(0, "ArrowLeft"), go(19, "ArrowRight"), go(2, "ArrowUp"), go(18, "ArrowDown")]).toEqual([0, 19, 2, 18]);
    expect([go(7, "Home"), go(7, "End"), go(1, "PageDown"), go(17, "PageUp")]).toEqual([0, 19, 9, 9]);
  });

  it("reach a last row that is not full", () => {
    const ragged = layOut(18, 8, 8, { size: "l" });
    expect(moved(ragged, 15, "ArrowDown", 400)).toBe(17);
    expect(moved(ragged, 17, "ArrowDown", 400)).toBe(17);
  });

  it("leave other keys to others", () => {
    expect(go(5, "a")).toBeUndefined();
    expect(go(5, "Tab")).toBeUndefined();
  });
});
