import { expect, it } from "vitest";
import { differenceText } from "../src/brush/channels";
import { csvText, headline, pythonText } from "../src/brush/selection";
import { type Contrast, classShares, divergingBar, edge, fold, longest } from "../src/brush/shares";
import type { BrushedFrame, LabelsFrame } from "../src/frames";

const u32 = (...values: number[]) => ({ shape: [values.length], data: Uint32Array.from(values) });
const brushed = (...indices: number[]): BrushedFrame => ({
  header: { kind: "brushed", count: indices.length, total: 1797 },
  arrays: { indices: u32(...indices) },
});
const contrast = (changes: Partial<Contrast>): Contrast => ({
  kind: "contrast",
  layer: "conv1",
  selected: 10,
  rest: 40,
  classes: [],
  channels: [],
  channelCount: 0,
  note: "",
  ...changes,
});
const classes = (...counts: number[]) => counts.map((selected, i) => ({ name: `c${i}`, selected, rest: 1 }));
const differing = (...differences: (number | null)[]) =>
  differences.map((difference, channel) => ({ channel, selected: 0, rest: 0, difference }));

it("says how many are selected", () => {
  expect(headline(42, 1797).join("")).toBe("42 selected of 1,797");
});

it("writes the selection as Python and as CSV", () => {
  expect(pythonText(brushed(3, 17, 1200))).toBe("inspector.brush = [3, 17, 1200]");
  expect(pythonText(brushed())).toBe("inspector.brush = []");
  expect(csvText(brushed(3, 17))).toBe("sample\r\n3\r\n17\r\n");
});

it("writes the classes beside the samples, quoted where a spreadsheet needs it", () => {
  const labels: LabelsFrame = {
    header: { kind: "labels", classes: ["cat", 'the "big", one', "a\nb"], total: 5 },
    arrays: { labels: u32(0, 1, 2, 2 ** 32 - 1, 7) },
  };
  expect(csvText(brushed(0, 1, 2, 3, 4), labels)).toBe(
    'sample,class\r\n0,cat\r\n1,"the ""big"", one"\r\n2,"a\nb"\r\n3,\r\n4,7\r\n',
  );
  expect(csvText(brushed(0), { ...labels, arrays: {} })).toBe("sample\r\n0\r\n");
});

it("compares shares, not counts: classes in the order of the selected", () => {
  const shares = classShares(
    contrast({
      classes: [
        { name: "a", selected: 1, rest: 20 },
        { name: "b", selected: 8, rest: 4 },
        { name: "c", selected: 1, rest: 8 },
      ],
    }),
  );
  expect(shares.map((one) => [one.name, one.selectedShare, one.restShare])).toEqual([
    ["b", 0.8, 0.1],
    ["a", 0.1, 0.5],
    ["c", 0.1, 0.2],
  ]);
  expect(longest(shares)).toBe(0.8);
});

it("has shares of nothing when everything, or nothing, is selected", () => {
  const shares = classShares(contrast({ selected: 4, rest: 0, classes: [{ name: "a", selected: 4, rest: 0 }] }));
  expect(shares[0]).toMatchObject({ selectedShare: 1, restShare: 0 });
  expect(longest(classShares(contrast({ selected: 0, rest: 0, classes: classes(0) })))).toBe(1);
});

it("folds the classes of which none is selected, and those beyond a dozen", () => {
  expect(fold(classes(3, 2))).toEqual([2, ""]);
  expect(fold(classes(3, 2, 0, 0))).toEqual([2, "+2 with none"]);
  expect(fold(classes(...Array(20).fill(1)))).toEqual([12, "+8 more"]);
  expect(fold(classes(...Array(20).fill(1), ...Array(1000).fill(0)))).toEqual([12, "+1,008 more, 1,000 with none"]);
});

it("draws differences around the middle, to the edge at the largest", () => {
  const most = edge(differing(-4, 2, null));
  expect(most).toBe(4);
  expect(divergingBar(-4, most)).toEqual([0, 50]);
  expect(divergingBar(2, most)).toEqual([50, 25]);
  expect(divergingBar(null, most)).toEqual([50, 0]);
});

it("lets small differences look small, and one without bounds hide none of the others", () => {
  expect(divergingBar(0.1, edge(differing(0.1)))).toEqual([50, 5]);
  const most = edge(differing(1000, 2));
  expect(divergingBar(1000, most)).toEqual([50, 50]);
  expect(divergingBar(2, most)).toEqual([50, 20]);
});

it("writes differences with their sign, in little room", () => {
  expect([2.314, -0.5, 0.001, -0.004, 12.34, -1000, 9.999, null].map(differenceText)).toEqual([
    "+2.31",
    "−0.50",
    "0.00",
    "0.00",
    "+12.3",
    "−1000",
    "+10.0",
    "–",
  ]);
});
