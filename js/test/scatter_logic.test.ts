// What is selected, found by text, and how it is coloured.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ColoursFrame, ImagesFrame, LabelsFrame } from "../src/frames";
import {
  NO_CODE,
  nothingKnown,
  painted,
  SHADES,
  withColours,
  withLabels,
  withoutPredictions,
} from "../src/scatter/colouring";
import { category, NOTHING, type Rgb, RIGHT, WRONG } from "../src/scatter/palette";
import { pictures } from "../src/scatter/pictures";
import { dotOf } from "../src/scatter/plot";
import { matching } from "../src/scatter/query";
import { estimateText } from "../src/scatter/running";
import { scaleOf } from "../src/scatter/scale";
import { combined, fingerprint, type How, inverted, ordered, positions } from "../src/scatter/selection";
import { ALL, sampleChoices, vectorChoices } from "../src/scatter/settings";

const WHITE: Rgb = [255, 255, 255];
const u32 = (...values: number[]): Uint32Array => Uint32Array.from(values);

describe("a selection", () => {
  const before = u32(2, 5, 9);
  it.each<[How, number[]]>([
    ["replace", [5, 7, 11]],
    ["add", [2, 5, 7, 9, 11]],
    ["subtract", [2, 9]],
  ])("%s: ascending, once each, and the old list is untouched", (how, expected) => {
    expect([...combined(before, u32(11, 5, 7, 5), how)]).toEqual(expected);
    expect([...before]).toEqual([2, 5, 9]);
  });

  it("inverts among the points shown only", () => {
    expect([...inverted(u32(2, 5, 100), u32(9, 5, 1, 2))]).toEqual([1, 9]);
  });

  it("knows where its samples stand among the points", () => {
    expect([...positions(u32(2, 5, 100), u32(9, 5, 1, 2))]).toEqual([1, 3]);
    expect([...positions(u32(), u32(9, 5))]).toEqual([]);
  });

  it("tells different ones apart, also of one size", () => {
    expect(fingerprint(u32(1, 2))).toBe(fingerprint(u32(1, 2)));
    expect(fingerprint(u32(1, 2))).not.toBe(fingerprint(u32(1, 3)));
    expect(fingerprint(u32())).not.toBe(fingerprint(u32(0)));
  });

  it("holds a million samples", () => {
    const all = Uint32Array.from({ length: 1_000_000 }, (_, i) => 999_999 - i);
    const sorted = ordered(all);
    expect(sorted.length).toBe(1_000_000);
    expect(sorted[123_456]).toBe(123_456);
    expect(combined(sorted, u32(7), "subtract").length).toBe(999_999);
  });
});

const labels = (codes: number[] | null, classes: string[]): LabelsFrame =>
  ({
    header: { kind: "labels", classes, total: 8 },
    arrays: codes ? { labels: { shape: [codes.length], data: u32(...codes) } } : {},
  }) as LabelsFrame;
const colours = (by: string, names: string[], arrays: Record<string, unknown>, unavailable = {}): ColoursFrame =>
  ({
    header: { kind: "colours", by, label: `the ${by}`, names, low: 1, high: 3, unavailable },
    arrays,
  }) as unknown as ColoursFrame;
const codesOf = (...codes: number[]) => ({ codes: { shape: [codes.length], data: u32(...codes) } });

describe("finding by text", () => {
  const shown = u32(7, 6, 5, 4, 3, 2, 1, 0);
  const animals = withLabels(nothingKnown(), labels([0, 1, 2, 0, 1, 2, 0, NO_CODE], ["cat", "dog", "sea lion"]));
  const predicted = withColours(
    animals,
    colours("prediction", ["cat", "dog", "sea lion"], codesOf(0, 1, 0, 2, 1, 2, 1, 0)),
  );
  const found = (text: string, known = predicted): number[] | string => {
    const answer = matching(text, known, shown);
    return answer.kind === "found" ? [...answer.samples] : answer.kind === "problem" ? answer.problem : answer.kind;
  };

  it.each<[string, number[]]>([
    ["cat", [0, 3, 6]],
    ["CAT", [0, 3, 6]],
    ["sea lion", [2, 5]],
    ["sea", [2, 5]],
    ["cat, dog", [0, 1, 3, 4, 6]],
    ["2-4", [2, 3, 4]],
    ["7, 1-2", [1, 2, 7]],
    ["sample:3", [3]],
    ["wrong", [2, 3, 6]],
    ["right", [0, 1, 4, 5]],
    ["label:cat predicted:dog", [6]],
    ["label:sea lion predicted:cat", [2]],
    ["cat wrong", [3, 6]],
    ["wrong label:cat", [3, 6]],
    ["", []],
  ])("%j", (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it("takes a number for the class of that name where there is one", () => {
    const digits = withLabels(nothingKnown(), labels([3, 1, 3, 0, 1, 2, 0, 1], ["0", "1", "2", "3"]));
    expect(found("3", digits)).toEqual([0, 2]);
    expect(found("sample:3", digits)).toEqual([3]);
    expect(found("5", digits)).toEqual([5]);
  });

  it.each([
    ["horse", "cat, dog, sea lion"],
    ["label:horse", "No class is called"],
    ["label:", "needs a value"],
    ["6-2", "write 2-6"],
    ["99", "the last one is 7"],
    ["sample:cat", "no sample number"],
    ["label:dog predicted:sea lion", "No point shown matches"],
  ])("%j says what is wrong", (text, part) => {
    expect(found(text)).toContain(part);
  });

  it.each(["wrong", "cat wrong", "predicted:cat", "label:cat predicted:dog", "dog, right", "predicted:nobody"])(
    "%j asks for the predictions where they are not known",
    (text) => {
      expect(found(text, animals)).toBe("unpredicted");
    },
  );

  it("says what no prediction would mend without asking for any", () => {
    const unlabelled = withLabels(nothingKnown(), labels(null, []));
    expect(found("cat", unlabelled)).toContain("no labels");
    expect(found("wrong", unlabelled)).toContain("no labels");
    expect(found("predicted:cat label:dog", unlabelled)).toContain("no labels");
    expect(found("predicted:cat label:horse", animals)).toContain("No class is called");
  });

  it("forgets predictions that are true no longer", () => {
    expect(found("wrong", withoutPredictions(predicted))).toBe("unpredicted");
    expect(found("cat", withoutPredictions(predicted))).toEqual([0, 3, 6]);
  });

  it("knows right from wrong by the colouring alone", () => {
    const judged = withColours(
      animals,
      colours("correct", ["wrong", "correct"], codesOf(1, 1, 0, 0, 1, 1, 0, NO_CODE)),
    );
    expect(found("wrong", judged)).toEqual([2, 3, 6]);
    expect(found("right", judged)).toEqual([0, 1, 4, 5]);
  });
});

describe("a scale", () => {
  const of = (...values: number[]) => scaleOf(Float32Array.from(values), Math.min(...values), Math.max(...values));
  const texts = (...values: number[]) => of(...values).ticks.map(({ text }) => text);

  it("is even where values are of like size", () => {
    const scale = of(1, 3, 200);
    expect(scale.logarithmic).toBe(false);
    expect([scale.at(1), scale.at(100.5), scale.at(200), scale.at(999)]).toEqual([0, 0.5, 1, 1]);
    expect(texts(1, 3, 200)).toEqual(["1", "200"]);
    expect(of(-5, 1e6).logarithmic).toBe(false);
  });

  it("goes by powers of ten where they span many, and names some of them", () => {
    const scale = of(1e-6, 1e-3, 1);
    expect(scale.logarithmic).toBe(true);
    expect(scale.at(1e-3)).toBeCloseTo(0.5);
    expect(texts(2e-7, 1e-3, 5)).toEqual(["2e\u22127", "1e\u22124", "0.01", "5"]);
  });

  it("keeps zeros at the low end, and says so", () => {
    const scale = of(0, 1e-6, 1);
    expect([scale.at(0), scale.at(1)]).toEqual([0, 1]);
    expect(scale.at(1e-6)).toBeCloseTo(0);
    expect(scale.ticks[0]!.text).toBe("\u2264 1e\u22126");
  });

  it("stays a number where all values are one", () => {
    expect(of(2, 2).at(2)).toBe(0);
    expect(of(2, 2).at(Number.NaN)).toBeNaN();
    expect(of(0, 0).at(0)).toBe(0);
  });
});

describe("colouring", () => {
  it("gives each point its class, and what has none the last colour", () => {
    const known = withLabels(nothingKnown(), labels([1, 0, NO_CODE], ["a", "b"]));
    const { codes, table, counts } = painted(known.properties.class, u32(2, 1, 0, 1), WHITE);
    expect([...codes]).toEqual([2, 0, 1, 0]);
    expect(table).toEqual([category(0), category(1), NOTHING]);
    expect(counts).toEqual([2, 1, 1]);
  });

  it("spreads values from low to high, and keeps what is no number apart", () => {
    const values = { shape: [5], data: Float32Array.of(1, 3, 2, Number.NaN, 99) };
    const known = withColours(nothingKnown(), colours("loss", [], { values }));
    const { codes, table } = painted(known.properties.loss, u32(0, 1, 2, 3, 4), WHITE);
    expect([...codes]).toEqual([0, SHADES - 1, 128, SHADES, SHADES - 1]);
    expect(table[SHADES]).toEqual(NOTHING);
  });

  it("draws all alike without labels, and says why", () => {
    const known = withLabels(nothingKnown(), labels(null, []));
    expect(new Set(painted(known.properties.class, u32(0, 1), WHITE).codes).size).toBe(1);
    expect(known.unavailable.class).toContain("no labels");
  });

  it("makes what was predicted wrong stand out", () => {
    const known = withColours(nothingKnown(), colours("correct", ["wrong", "right"], codesOf(1, 0)));
    expect(painted(known.properties.correct, u32(0, 1), WHITE).table).toEqual([WRONG, RIGHT, NOTHING]);
  });

  it("keeps the labels when the kernel speaks of another colouring, and its reasons", () => {
    const first = withLabels(nothingKnown(), labels([1, 0], ["a", "b"]));
    const next = withColours(first, colours("correct", ["wrong", "right"], codesOf(0, 1), { loss: "No labels." }));
    expect(next.properties.class?.names).toEqual(["a", "b"]);
    expect(next.by).toBe("correct");
    expect(next.unavailable.loss).toBe("No labels.");
  });
});

/** CIE L*a*b* of an sRGB colour under D65 (IEC 61966-2-1, CIE 15). */
function lab(rgb: Rgb): number[] {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const xyz = [
    (0.4124 * r! + 0.3576 * g! + 0.1805 * b!) / 0.95047,
    0.2126 * r! + 0.7152 * g! + 0.0722 * b!,
    (0.0193 * r! + 0.1192 * g! + 0.9505 * b!) / 1.08883,
  ].map((v) => (v > 0.008856 ? Math.cbrt(v) : 7.787 * v + 16 / 116));
  return [116 * xyz[1]! - 16, 500 * (xyz[0]! - xyz[1]!), 200 * (xyz[1]! - xyz[2]!)];
}
const apart = (a: Rgb, b: Rgb): number => Math.hypot(...lab(a).map((v, i) => v - lab(b)[i]!));

describe("the colours of categories", () => {
  const least = (count: number): number => {
    const all = [...Array.from({ length: count }, (_, i) => category(i)), NOTHING];
    return Math.min(...all.flatMap((a, i) => all.slice(i + 1).map((b) => apart(a, b))));
  };

  it("are far apart for ten, told apart for twenty", () => {
    expect(least(10)).toBeGreaterThan(25);
    expect(least(20)).toBeGreaterThan(12);
  });

  it("never repeat in the first two hundred", () => {
    expect(new Set(Array.from({ length: 200 }, (_, i) => category(i).join())).size).toBe(200);
  });
});

describe("pictures", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const answer = (...indices: number[]): ImagesFrame => ({
    header: {
      kind: "images",
      indices,
      labels: indices.map((i) => `class ${i}`),
      text: indices.map((i) => `text ${i}`),
    },
    arrays: {},
  });

  it("are asked for together once the pointer rests, and only those missing", () => {
    const asked: number[][] = [];
    const cache = pictures((list) => asked.push(list));
    cache.need([1, 2]);
    cache.need([2, 3]);
    vi.advanceTimersByTime(1000);
    expect(asked).toEqual([[2, 3]]);
    cache.take(answer(2));
    expect(cache.get(2)).toEqual({ image: null, label: "class 2", text: "text 2" });
    cache.need([2, 3, 4]);
    vi.advanceTimersByTime(1000);
    expect(asked.at(-1)).toEqual([4]); // the answer for 3 may be on its way
    vi.advanceTimersByTime(3000);
    expect(asked.slice(2).flat().sort()).toEqual([3, 4]);
  });

  it("are not asked for without end where none comes", () => {
    const ask = vi.fn();
    const cache = pictures(ask);
    for (let i = 0; i < 10; i++) {
      cache.need([1]);
      vi.runAllTimers();
    }
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it("are forgotten, the longest unused first, past two thousand", () => {
    const cache = pictures(() => {});
    cache.take(answer(...Array.from({ length: 2000 }, (_, i) => i)));
    cache.get(0);
    cache.take(answer(5000));
    expect(cache.get(0)).toBeDefined();
    expect(cache.get(1)).toBeUndefined();
    expect(cache.get(5000)).toBeDefined();
  });

  it("are not asked for after the end", () => {
    const ask = vi.fn();
    const cache = pictures(ask);
    cache.need([1]);
    cache.destroy();
    vi.runAllTimers();
    expect(ask).not.toHaveBeenCalled();
  });
});

describe("what can be chosen", () => {
  it("is every usual number below the total, the present one, and all", () => {
    expect(sampleChoices(1797, 5000).map(([, text]) => text)).toEqual(["500", "1,000", "all 1,797"]);
    expect(sampleChoices(60_000, 3000).map(([value]) => value)).toEqual([
      "500",
      "1000",
      "2000",
      "3000",
      "5000",
      "10000",
      String(ALL),
    ]);
  });

  it("is a token or a mean only where the layer has them", () => {
    expect(vectorChoices(0, false)).toEqual([["all", "all elements"]]);
    expect(vectorChoices(0, true).map(([value]) => value)).toEqual(["all", "mean"]);
    expect(vectorChoices(2, false).map(([value]) => value)).toEqual(["all", "mean", "0", "1"]);
  });
});

describe("in words", () => {
  it.each([
    [undefined, ""],
    [0.3, "under 1 s"],
    [6.2, "about 6 s"],
    [130, "about 2 min"],
    [7300, "about 2 h"],
  ])("%s seconds: %j", (seconds, text) => {
    expect(estimateText(seconds)).toBe(text);
  });

  it("the dots shrink with their number and never vanish", () => {
    const sizes = [10, 1000, 100_000, 1_000_000, 1e8].map((n) => dotOf(n).size);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes.at(-1)).toBeGreaterThanOrEqual(1);
  });
});
