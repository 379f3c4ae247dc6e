import { describe, expect, it } from "vitest";
import { bend, colourAt, colourOf, fillTable, makeRamp, SEQUENTIAL, STEPS, stepOf } from "../src/ui/colormaps";

const rgb = (packed: number): number[] => [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
const alpha = (packed: number): number => packed >>> 24;

describe("colour maps", () => {
  // From matplotlib 3.11: colormaps[name](0 and 255, bytes=True).
  it.each([
    ["viridis", [68, 1, 84], [253, 231, 37]],
    ["magma", [0, 0, 4], [252, 253, 191]],
    ["inferno", [0, 0, 4], [252, 255, 164]],
    ["gray", [0, 0, 0], [255, 255, 255]],
    ["signed", [45, 0, 75], [127, 59, 8]],
  ] as const)("%s begins and ends as matplotlib's", (name, first, last) => {
    expect(colourAt(name, 0)).toEqual(first);
    expect(colourAt(name, 1)).toEqual(last);
    expect(colourAt(name, -3)).toEqual(first);
    expect(colourAt(name, 3)).toEqual(last);
  });

  it("is between its ends close to matplotlib's", () => {
    // colormaps[name](64 and 191): a quarter and three quarters of the way.
    for (const [name, at, expected] of [
      ["viridis", 64, [59, 82, 139]],
      ["viridis", 191, [92, 200, 99]],
      ["magma", 191, [251, 136, 97]],
      ["inferno", 64, [87, 16, 110]],
    ] as const) {
      const found = colourAt(name, at / 255);
      for (const k of [0, 1, 2] as const)
        expect(Math.abs(found[k] - expected[k]), `${name} ${at}`).toBeLessThanOrEqual(4);
    }
  });

  it("has a neutral colour at zero of the signed map, purple below and orange above", () => {
    const ramp = makeRamp("signed");
    expect(rgb(ramp[STEPS / 2]!)).toEqual([247, 247, 247]);
    const [below, above] = [rgb(colourOf(-0.5, ramp, -1, 1)), rgb(colourOf(0.5, ramp, -1, 1))];
    expect(below[2]).toBeGreaterThan(below[0]!);
    expect(above[0]).toBeGreaterThan(above[2]!);
  });

  it("gets lighter from end to end when sequential", () => {
    for (const name of SEQUENTIAL) {
      const light = Array.from(makeRamp(name), (c) => {
        const [r, g, b] = rgb(c) as [number, number, number];
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      });
      for (let i = 32; i < light.length; i += 32) expect(light[i], `${name} ${i}`).toBeGreaterThan(light[i - 32]!);
    }
  });
});

describe("gamma", () => {
  it("keeps the ends, and the middle of a signed map", () => {
    for (const gamma of [0.25, 0.5, 2, 4]) {
      expect(bend(0, gamma, false)).toBe(0);
      expect(bend(1, gamma, false)).toBe(1);
      expect(bend(0.5, gamma, true)).toBe(0.5);
      expect(bend(0, gamma, true)).toBe(0);
      expect(bend(1, gamma, true)).toBe(1);
      expect(makeRamp("signed", gamma)[STEPS / 2]).toBe(makeRamp("signed")[STEPS / 2]);
    }
  });

  it("below one lifts small values, on both sides of zero alike", () => {
    expect(bend(0.25, 0.5, false)).toBe(0.5);
    expect(bend(0.625, 0.5, true)).toBe(0.75);
    expect(bend(0.375, 0.5, true)).toBe(0.25);
  });
});

describe("tables of pixel codes", () => {
  const ramp = makeRamp("gray");
  const table = new Uint32Array(256);

  it("run from low to high of the tile when that is the window", () => {
    fillTable(table, ramp, [-2, 6], [-2, 6]);
    expect(rgb(table[0]!)).toEqual([0, 0, 0]);
    expect(rgb(table[252]!)).toEqual([255, 255, 255]);
    expect(rgb(table[126]!)).toEqual([128, 128, 128]);
  });

  it("clip what lies outside of the window", () => {
    fillTable(table, ramp, [0, 252], [100, 101]);
    expect(rgb(table[100]!)).toEqual([0, 0, 0]);
    expect(rgb(table[101]!)).toEqual([255, 255, 255]);
    expect(rgb(table[0]!)).toEqual([0, 0, 0]);
    expect(rgb(table[252]!)).toEqual([255, 255, 255]);
  });

  it("give what is no number colours that no map has, also in a dimmed tile", () => {
    fillTable(table, ramp, [0, 1], [0, 1], 90);
    const odd = [table[253]!, table[254]!, table[255]!];
    expect(new Set(odd).size).toBe(3);
    for (const colour of odd) expect(alpha(colour)).toBe(255);
    expect(alpha(table[7]!)).toBe(90);
    for (const name of [...SEQUENTIAL, "signed"] as const) {
      const colours = new Set(makeRamp(name));
      for (const colour of odd) expect(colours.has(colour)).toBe(false);
    }
    expect(colourOf(Number.NaN, ramp, 0, 1)).toBe(table[255]);
    expect(colourOf(Infinity, ramp, 0, 1)).toBe(table[254]);
    expect(colourOf(-Infinity, ramp, 0, 1)).toBe(table[253]);
  });

  it("hold for a constant tile and for the largest 32-bit values", () => {
    expect(stepOf(5, 5, 5)).toBe(0);
    expect(stepOf(6, 5, 5)).toBe(STEPS);
    const most = 3.4028234663852886e38;
    fillTable(table, ramp, [-most, most], [-most, most]);
    expect(rgb(table[0]!)).toEqual([0, 0, 0]);
    expect(rgb(table[126]!)).toEqual([128, 128, 128]);
    expect(rgb(table[252]!)).toEqual([255, 255, 255]);
  });
});
