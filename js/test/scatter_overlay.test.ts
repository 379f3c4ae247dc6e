// @vitest-environment happy-dom
// What is drawn over the points, as calls of the canvas; how it looks is checked in a real browser.
import { beforeEach, expect, it } from "vitest";
import { drawOverlay, type Scene } from "../src/scatter/overlay";

const size = { width: 300, height: 201 };
const nothing: Scene = {
  outline: null,
  hovered: null,
  chosen: null,
  thumbnails: [],
  labels: [],
  contours: null,
  still: true,
};
let calls: [string, ...number[]][];
let canvas: HTMLCanvasElement;

beforeEach(() => {
  calls = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get:
      (_, name: string) =>
      (...args: number[]) =>
        calls.push([name, ...args]),
    set: () => true,
  });
  canvas = document.createElement("canvas");
  canvas.getContext = (() => context) as unknown as typeof canvas.getContext;
});
const called = (name: string): number[][] =>
  calls.filter(([was]) => was === name).map(([, ...args]) => args as number[]);
const draw = (scene: Partial<Scene>): void =>
  drawOverlay(canvas, size, { x: 0, y: 0, zoom: 1 }, { ...nothing, ...scene });

it("clears the whole canvas, but not in one go, which Chromium may drop", () => {
  draw({});
  const parts = called("clearRect");
  expect(parts.length).toBeGreaterThan(1);
  let below = 0;
  for (const [x, y, width, height] of parts) {
    expect([x, y, width]).toEqual([0, below, size.width]);
    below += height!;
  }
  expect(below).toBe(size.height);
  expect(called("stroke")).toEqual([]);
});

it("rings the current sample and the one under the pointer where they are", () => {
  draw({ chosen: [0, 0], hovered: [1, 0] });
  const half = size.height / 2;
  expect(called("arc").map(([x, y]) => [x, y])).toEqual([
    [size.width / 2, half],
    [size.width / 2 + half, half],
  ]);
});

it("draws an outline from its second point on", () => {
  draw({ outline: [1, 2] });
  expect(called("closePath")).toEqual([]);
  draw({ outline: [1, 2, 3, 4] });
  expect(called("lineTo")).toEqual([
    [1, 2],
    [3, 4],
  ]);
});
