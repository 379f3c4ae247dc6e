// What is seen from afar: the names of classes where they lie, and lines of equal density.
import { describe, expect, it } from "vitest";
import { clustersOf } from "../src/scatter/clusters";
import { contoursOf, SHARES } from "../src/scatter/density";
import { fitting } from "../src/scatter/names";

// Evenly over a disc, the same each time.
const disc = (x: number, y: number, radius: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => {
    const [r, angle] = [radius * Math.sqrt((i + 0.5) / count), i * 2.399963];
    return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
  }).flat();
const classes = (...counts: number[]): Uint16Array =>
  Uint16Array.from(counts.flatMap((count, code) => new Array<number>(count).fill(code)));

describe("clusters", () => {
  it("lie where most of their class is, not at the mean of parts that are far from each other", () => {
    const xy = Float32Array.from([...disc(-0.8, 0, 0.05, 60), ...disc(0.8, 0, 0.05, 40), ...disc(0, 0, 0.05, 30)]);
    const found = clustersOf(xy, classes(100, 30), 2);
    expect(found.map(({ code, count }) => [code, count])).toEqual([
      [0, 100],
      [1, 30],
    ]);
    expect(found[0]!.x).toBeCloseTo(-0.8, 1);
    expect(found[1]!.x).toBeCloseTo(0, 1);
    expect(Math.abs(found[0]!.y)).toBeLessThan(0.05);
  });

  it("are none of classes that lie scattered, or among others", () => {
    const scattered = Float32Array.from([...disc(0, 0, 0.9, 300), ...disc(0.5, 0.5, 0.02, 20)]);
    expect(clustersOf(scattered, classes(300, 20), 2).map(({ code }) => code)).toEqual([1]);
    const among = Float32Array.from([...disc(0.1, 0, 0.05, 100), ...disc(0.1, 0, 0.05, 40)]);
    expect(clustersOf(among, classes(100, 40), 2).map(({ code }) => code)).toEqual([0]);
  });

  it("leave out points without a class and without a place", () => {
    const xy = Float32Array.from([0, 0, Number.NaN, 0, 0.5, 0.5]);
    expect(clustersOf(xy, Uint16Array.of(0, 0, 2), 2)).toEqual([{ code: 0, x: 0, y: 0, count: 1 }]);
    expect(clustersOf(new Float32Array(), new Uint16Array(), 0)).toEqual([]);
  });
});

describe("lines of equal density", () => {
  const inside = (lines: Float32Array): boolean => lines.every((value) => Math.abs(value) <= 1.2);

  it("go around the share of the points that they say", () => {
    // On a disc of even density each line is a circle around that share of its area, but for the smoothing.
    const bell: number[] = [];
    for (let i = 0; i < 40_000; i++) {
      const [r, angle] = [0.2 * Math.sqrt(-2 * Math.log((i + 0.5) / 40_000)), i * 2.399963];
      bell.push(r * Math.cos(angle), r * Math.sin(angle));
    }
    const lines = contoursOf(Float32Array.from(bell));
    expect(lines).toHaveLength(SHARES.length);
    lines.forEach((pieces, k) => {
      expect(inside(pieces)).toBe(true);
      let sum = 0;
      for (let i = 0; i < pieces.length; i += 2) sum += Math.hypot(pieces[i]!, pieces[i + 1]!);
      // Of a bell of standard deviation 0.2, this radius holds the share.
      const expected = 0.2 * Math.sqrt(-2 * Math.log(1 - SHARES[k]!));
      expect(sum / (pieces.length / 2)).toBeGreaterThan(expected - 0.02);
      expect(sum / (pieces.length / 2)).toBeLessThan(expected + 0.04);
    });
  });

  it("close, also at the edge of the world", () => {
    for (const pieces of contoursOf(Float32Array.from(disc(1, 1, 0.1, 5000).map((v) => Math.min(1, v))))) {
      const ends = new Map<string, number>();
      for (let i = 0; i < pieces.length; i += 2) {
        const key = `${pieces[i]!.toFixed(5)} ${pieces[i + 1]!.toFixed(5)}`;
        ends.set(key, (ends.get(key) ?? 0) + 1);
      }
      expect([...ends.values()].every((count) => count % 2 === 0)).toBe(true);
    }
  });

  it("are none of no points", () => {
    expect(contoursOf(new Float32Array())).toEqual([]);
  });
});

describe("names", () => {
  const camera = { x: 0, y: 0, zoom: 1 };
  const size = { width: 200, height: 200 };

  it("are left out where they would reach into one before them, or out of the view", () => {
    const labels = [
      { text: "first", x: 0, y: 0 },
      { text: "second", x: 0.05, y: 0.05 },
      { text: "third", x: 0, y: -0.5 },
      { text: "outside", x: 0.99, y: 0 },
    ];
    const written = fitting(labels, camera, size, (text) => 8 * text.length);
    expect(written.map(({ text, left, top }) => [text, left, top])).toEqual([
      ["first", 100, 100],
      ["third", 100, 150],
    ]);
  });
});
