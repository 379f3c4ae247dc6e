import { expect, it } from "vitest";
import type { QualityRow } from "../src/frames";
import { type Column, columns, type Key, whyNone } from "../src/quality/measures";
import { best, full, nextOrder, type Order, sorted, tableText } from "../src/quality/order";

const row = (changes: Partial<QualityRow>): QualityRow => ({
  layer: "fc1",
  model: "",
  method: "pca",
  samples: 1797,
  sameClass: 0.5,
  differentClass: 1,
  toCentroid: 0.4,
  betweenCentroids: 0.9,
  knnAccuracy: 0.9,
  leaveOneOut: 0.8,
  trustworthiness: 0.7,
  note: "",
  ...changes,
});
const column = (key: Key): Column => columns(10).find((one) => one.key === key)!;
const by = (rows: QualityRow[], key: Key, ascending: boolean) =>
  sorted(rows, { key, ascending }).map((one) => one[key]);

it("says of every measure which direction is better, as published tables read", () => {
  const better = Object.fromEntries(
    columns(10)
      .filter((one) => one.better)
      .map((one) => [one.key, one.better]),
  );
  expect(better).toEqual({
    sameClass: "lower",
    differentClass: "higher",
    toCentroid: "lower",
    betweenCentroids: "higher",
    knnAccuracy: "higher",
    leaveOneOut: "higher",
    trustworthiness: "higher",
  });
  expect(column("sameClass").explained).toContain("lower is better");
  expect(columns(5).map((one) => one.name)).toContain("5-neighbour accuracy");
});

it("writes distances in four digits, accuracies in per cent, and a dash for no value", () => {
  const one = row({ sameClass: 0.34284, knnAccuracy: 0.97128, trustworthiness: null, method: "tsne", samples: null });
  expect(
    ["sameClass", "knnAccuracy", "trustworthiness", "method", "samples"].map((key) => column(key as Key).text(one)),
  ).toEqual(["0.3428", "97.13 %", "–", "t-SNE", "–"]);
});

it("says why there is no value", () => {
  const own = row({ method: "own space", trustworthiness: null, note: "784 elements each" });
  expect(whyNone(own, column("trustworthiness"), "")).toContain("own space has nothing to be compared with");
  expect(whyNone(own, column("knnAccuracy"), "no labels")).toBe("");
  const unlabelled = row({ sameClass: null, trustworthiness: null, note: "too few samples" });
  expect(whyNone(unlabelled, column("sameClass"), "no labels")).toBe("no labels");
  expect(whyNone(unlabelled, column("sameClass"), "")).toBe("too few samples");
  expect(whyNone(unlabelled, column("trustworthiness"), "no labels")).toBe("too few samples");
});

it("sorts the best first, then the worst, then as measured", () => {
  const through = (key: Key): (Order | null)[] => {
    const first = nextOrder(null, column(key));
    const second = nextOrder(first, column(key));
    return [first, second, nextOrder(second, column(key))];
  };
  expect(through("sameClass").map((one) => one?.ascending)).toEqual([true, false, undefined]);
  expect(through("knnAccuracy").map((one) => one?.ascending)).toEqual([false, true, undefined]);
  expect(through("layer").map((one) => one?.ascending)).toEqual([true, false, undefined]);
  expect(nextOrder({ key: "layer", ascending: false }, column("sameClass"))).toEqual({
    key: "sameClass",
    ascending: true,
  });
});

it("sorts what has no value to the end, either way, and leaves the rows it was given alone", () => {
  const rows = [0.5, null, 0.1, 0.9].map((sameClass) => row({ sameClass }));
  expect(by(rows, "sameClass", true)).toEqual([0.1, 0.5, 0.9, null]);
  expect(by(rows, "sameClass", false)).toEqual([0.9, 0.5, 0.1, null]);
  expect(rows.map((one) => one.sameClass)).toEqual([0.5, null, 0.1, 0.9]);
  expect(sorted(rows, null)).toEqual(rows);
});

it("sorts layer 10 after layer 9, and rows that are equal stay in their order", () => {
  const rows = ["layer10", "layer9", "layer1"].map((layer) => row({ layer }));
  expect(by(rows, "layer", true)).toEqual(["layer1", "layer9", "layer10"]);
  expect(sorted(rows, { key: "sameClass", ascending: false })).toEqual(rows);
});

it("finds the best of a column where there is something to compare", () => {
  const rows = [0.5, null, 0.1, 0.9].map((value) => row({ sameClass: value, knnAccuracy: value }));
  expect(best(rows, column("sameClass"))).toBe(0.1);
  expect(best(rows, column("knnAccuracy"))).toBe(0.9);
  expect(best(rows, column("differentClass"))).toBeNull(); // all the same
  expect(best(rows.slice(0, 2), column("sameClass"))).toBeNull(); // one alone
  expect(best(rows, column("layer"))).toBeNull();
});

it("fills a cell with the largest distance, or with a whole", () => {
  const rows = [0.5, 2, null].map((value) => row({ sameClass: value, knnAccuracy: 0.5 }));
  expect(full(rows, column("sameClass"))).toBe(2);
  expect(full(rows, column("knnAccuracy"))).toBe(1);
  expect(full([], column("sameClass"))).toBe(1);
});

it("writes a table for a spreadsheet: full precision, one cell a value", () => {
  const text = tableText(
    [row({ layer: "a\tb\nc", sameClass: 0.123456789, knnAccuracy: 0.97, trustworthiness: null })],
    ["layer", "method", "sameClass", "knnAccuracy", "trustworthiness"].map((key) => column(key as Key)),
  );
  expect(text).toBe(
    "Layer\tSpace\tSame class\t10-neighbour accuracy\tTrustworthiness\na b c\tPCA\t0.123456789\t0.97\t",
  );
});
