// What is drawn as a point is seen on the ground of either theme, selected or not (WCAG 2.2, 1.4.11: 3 at least).
import { describe, expect, it } from "vitest";
import { category, NOTHING, PLAIN, RIGHT, shade, WRONG } from "../src/scatter/palette";
import { dotOf, fadedOn } from "../src/scatter/plot";
import { contrast, greyOn, luminance, MARK, mixed, type Rgb } from "../src/ui/contrast";

const GROUNDS: [string, Rgb][] = [
  ["white", [255, 255, 255]],
  ["JupyterLab's dark page", [17, 17, 17]],
  ["JupyterLab's dark output", [33, 33, 33]],
];
const all: Rgb[] = [...Array.from({ length: 200 }, (_, i) => category(i)), NOTHING, PLAIN, RIGHT, WRONG];
const steps = Array.from({ length: 101 }, (_, i) => i / 100);

it("contrast is WCAG's", () => {
  expect(contrast([255, 255, 255], [0, 0, 0])).toBe(21);
  expect(contrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.48, 2);
});

describe.each(GROUNDS)("on %s", (_, ground) => {
  it("every colour of a class, and of what has none, is seen", () => {
    for (const colour of all) expect(contrast(colour, ground), colour.join()).toBeGreaterThanOrEqual(MARK);
  });

  it("every colour of a value is seen, and a higher one is lighter", () => {
    for (const t of steps) expect(contrast(shade(t, ground), ground), String(t)).toBeGreaterThanOrEqual(MARK);
    const light = [0, 0.25, 0.5, 0.75, 1].map((t) => luminance(shade(t, ground)));
    expect(light).toEqual([...light].sort((a, b) => a - b));
  });

  it("what is not selected is seen, and greyer than what is", () => {
    const span = (colour: Rgb): number => Math.max(...colour) - Math.min(...colour);
    const values = steps.map((t) => shade(t, ground));
    for (const colour of [...all, ...values]) {
      const faded = fadedOn(ground, colour);
      expect(contrast(faded, ground), colour.join()).toBeGreaterThanOrEqual(MARK);
      expect(span(faded)).toBeLessThanOrEqual(span(colour) / 4 + 1);
    }
  });

  it("a grey made for it is the nearest that is seen", () => {
    const grey = greyOn(ground, 3);
    expect(contrast(grey, ground)).toBeGreaterThanOrEqual(3);
    expect(contrast(mixed(grey, ground, 0.05), ground)).toBeLessThan(3);
  });
});

it("points are firm, so that these are the colours one sees", () => {
  expect([10, 5000, 100_000].map((count) => dotOf(count).opacity)).toEqual([1, 1, 1]);
});

it("red is for mistakes: no class has it", () => {
  const redness = ([r, g, b]: Rgb): number => r - Math.max(g, b);
  for (let i = 0; i < 200; i++) expect(redness(category(i)), String(i)).toBeLessThan(redness(WRONG) - 40);
});
