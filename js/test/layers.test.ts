import { describe, expect, it } from "vitest";
import type { LayerRow } from "../src/frames";
import { barHeights, barNodes, barPath } from "../src/layers/bars";
import { columnWidths } from "../src/layers/columns";
import { find, kindsOf, occurrences, pieces, wordsOf } from "../src/layers/filter";
import { above, foldedAtFirst, makeTree, moved, narrowIndent } from "../src/layers/tree";
import { badge, facts, note } from "../src/layers/words";
import { compact } from "../src/ui/format";

const row = (name: string, more: Partial<LayerRow> = {}): LayerRow => ({
  name,
  kind: "Conv2d",
  shape: [4, 8, 8],
  size: 256,
  parameters: 10,
  calls: 1,
  status: "seen",
  note: "",
  ...more,
});
const never = { status: "never called", shape: null, size: null } as const;

const NESTED = makeTree([
  row("stem"),
  row("blocks", { ...never, kind: "ModuleList" }),
  row("blocks.0", { kind: "Block" }),
  row("blocks.0.conv"),
  row("blocks.0.norm", { kind: "BatchNorm2d" }),
  row("blocks.1", { kind: "Block" }),
  row("blocks.1.conv"),
  row("blocks.1.norm", { kind: "BatchNorm2d" }),
  row("head", { kind: "Linear" }),
]);
const drawn = (rows: LayerRow[]): string[] => makeTree(rows).map((node) => "  ".repeat(node.level) + node.label);
const any = { words: [], kinds: new Set<string>() };
const names = (order: number[]): string[] => order.map((i) => NESTED[i]!.row.name);

describe("the tree", () => {
  it("nests rows by their names and knows where each subtree ends", () => {
    expect(NESTED.map((node) => [node.label, node.level, node.parent, node.end])).toEqual([
      ["stem", 0, -1, 1],
      ["blocks", 0, -1, 8],
      ["0", 1, 1, 5],
      ["conv", 2, 2, 4],
      ["norm", 2, 2, 5],
      ["1", 1, 1, 8],
      ["conv", 2, 5, 7],
      ["norm", 2, 5, 8],
      ["head", 0, -1, 9],
    ]);
    expect(above(NESTED, 6)).toEqual([5, 1]);
  });

  it("gives each call of a block its own children", () => {
    const calls = { calls: 2 };
    const nodes = makeTree([
      row("block", calls),
      row("block.conv", calls),
      row("block#2", calls),
      row("block.conv#2", calls),
    ]);
    expect(nodes.map(({ label, level, parent, call }) => [label, level, parent, call])).toEqual([
      ["block", 0, -1, 1],
      ["conv", 1, 0, 1],
      ["block", 0, -1, 2],
      ["conv", 1, 2, 2],
    ]);
  });

  it("keeps a number sign that is part of a name", () => {
    expect(makeTree([row("a#1")])[0]).toMatchObject({ label: "a#1", call: 1 });
  });

  it("shows a shared activation in the block that calls it", () => {
    const act = (n: number): LayerRow => row(n === 1 ? "act" : `act#${n}`, { calls: 4 });
    expect(
      drawn([
        act(1),
        row("b"),
        row("b.0"),
        row("b.0.one"),
        act(2),
        row("b.0.two"),
        act(3),
        row("b.1"),
        act(4),
        row("fc"),
      ]),
    ).toEqual(["act", "b", "  0", "    one", "    act", "    two", "  act", "  1", "act", "fc"]);
  });

  it("does not swallow a block that runs between two calls of another's layer", () => {
    expect(
      drawn([
        row("encoder"),
        row("encoder.embed", { calls: 2 }),
        row("decoder"),
        row("encoder.embed#2", { calls: 2 }),
        row("decoder.out"),
      ]),
    ).toEqual(["encoder", "  embed", "decoder", "  encoder.embed", "  out"]);
  });

  it("folds the deepest levels of a large model, never the top one", () => {
    expect(foldedAtFirst(NESTED, 100)).toEqual(new Set());
    expect(foldedAtFirst(NESTED, 8)).toEqual(new Set(["blocks.0", "blocks.1"]));
    expect(foldedAtFirst(NESTED, 1)).toEqual(new Set(["blocks", "blocks.0", "blocks.1"]));
  });

  it("is indented less where it is deep", () => {
    const chain = (levels: number) => makeTree(Array.from({ length: levels }, (_, i) => row(`${"x.".repeat(i)}x`)));
    expect(narrowIndent(makeTree([]))).toBe(10);
    expect(narrowIndent(NESTED)).toBe(10);
    expect(narrowIndent(chain(8))).toBe(5);
    expect(narrowIndent(chain(30))).toBe(5);
  });
});

describe("finding", () => {
  it("shows everything, but what is folded", () => {
    expect(find(NESTED, any, new Set()).order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(names(find(NESTED, any, new Set(["blocks.0"])).order)).toEqual(
      NESTED.map((node) => node.row.name).filter((name) => !name.startsWith("blocks.0.")),
    );
    expect(find(NESTED, any, new Set(["blocks"])).order).toEqual([0, 1, 8]);
  });

  it("finds all words in name or kind, and keeps what holds them, unmatched", () => {
    const found = find(NESTED, { words: wordsOf(" 1  BATCH "), kinds: new Set() }, new Set());
    expect(names(found.order)).toEqual(["blocks", "blocks.1", "blocks.1.norm"]);
    expect(found.order.map((i) => found.matched[i])).toEqual([0, 0, 1]);
    expect(found.order.map((i) => found.opens[i])).toEqual([1, 1, 0]);
    expect(found.count).toBe(1);
  });

  it("joins kinds with or, and words with kinds with and", () => {
    const kinds = new Set(["Linear", "BatchNorm2d"]);
    expect(find(NESTED, { words: [], kinds }, new Set()).count).toBe(3);
    expect(find(NESTED, { words: ["0"], kinds }, new Set()).count).toBe(1);
  });

  it("counts kinds, the most frequent first, equals by name", () => {
    expect(kindsOf(NESTED)).toEqual([
      ["Conv2d", 3],
      ["BatchNorm2d", 2],
      ["Block", 2],
      ["Linear", 1],
      ["ModuleList", 1],
    ]);
  });

  it("marks what the words match, also where they overlap", () => {
    expect(occurrences("conv.ConvA", ["conv", "nv.c"])).toEqual([[0, 9]]);
    expect(occurrences("aXbX", ["x"])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(occurrences("İx", ["x"])).toEqual([]); // grows in lower case: nothing is marked rather than the wrong place
  });

  it("cuts marks to the part of the name that a row shows", () => {
    expect(pieces("layer1.conv1", [7, 12], ["r1.co"])).toEqual([
      { text: "co", marked: true },
      { text: "nv1", marked: false },
    ]);
    expect(pieces("layer1.conv1", [7, 12], ["layer"])).toEqual([{ text: "conv1", marked: false }]);
    expect(pieces("block#2", [0, 5], ["ck#2"])).toEqual([
      { text: "blo", marked: false },
      { text: "ck", marked: true },
    ]);
  });
});

describe("keys", () => {
  const order = [0, 1, 2, 5, 8];
  const press = (at: number, key: string, folded = false, leaf = false) =>
    moved(NESTED, order, at, key, { folded, leaf, page: 3 });

  it("goes from row to row and stops at the ends", () => {
    expect(press(2, "ArrowDown")).toEqual({ to: 5 });
    expect(press(8, "ArrowDown")).toEqual({ to: 8 });
    expect(press(0, "ArrowUp")).toEqual({ to: 0 });
    expect(press(0, "PageDown")).toEqual({ to: 5 });
    expect(press(8, "PageUp")).toEqual({ to: 1 });
    expect(press(5, "Home")).toEqual({ to: 0 });
    expect(press(1, "End")).toEqual({ to: 8 });
  });

  it("unfolds, goes in, folds and goes out", () => {
    expect(press(2, "ArrowRight", true)).toEqual({ fold: false });
    expect(press(1, "ArrowRight")).toEqual({ to: 2 });
    expect(press(8, "ArrowRight", false, true)).toBeUndefined();
    expect(press(1, "ArrowLeft")).toEqual({ fold: true });
    expect(press(2, "ArrowLeft", true)).toEqual({ to: 1 });
    expect(press(8, "ArrowLeft", false, true)).toBeUndefined();
  });

  it("leaves other keys, and an empty list, alone", () => {
    expect(press(0, "a")).toBeUndefined();
    expect(moved(NESTED, [], 0, "ArrowDown", { folded: false, leaf: true, page: 3 })).toBeUndefined();
  });
});

describe("words", () => {
  it("says in a badge and a sentence why a layer cannot be chosen", () => {
    const [list, aux, text, module] = makeTree([
      row("list", { ...never, note: "a ModuleList only holds others and is never called itself" }),
      row("list.0"),
      row("aux", never),
      row("text", { status: "no tensor output", shape: null, size: null, note: "returns no tensor (str)" }),
      row("script.conv", { ...never, status: "inside a scripted module" }),
    ]).filter((node) => !node.choosable);
    expect([list, aux, text, module].map((node) => badge(node!))).toEqual([
      "container",
      "never called",
      "no tensor",
      "scripted",
    ]);
    expect(note(list!)).toBe("Cannot be shown: a ModuleList only holds others and is never called itself.");
    expect(note(aux!)).toBe("Cannot be shown: never called.");
    expect(note(text!)).toBe("Cannot be shown: returns no tensor (str).");
  });

  it("lists the facts, and only those there are", () => {
    const [seen, unseen] = makeTree([
      row("a", { parameters: 1, note: "called 2 times: each call is a row" }),
      row("b", { ...never, parameters: 1200 }),
    ]);
    expect(facts(seen!)).toBe("Conv2d · 4 × 8 × 8 · 256 values · 1 parameter");
    expect(facts(unseen!)).toBe("Conv2d · 1,200 parameters");
    expect(note(seen!)).toBe("Called 2 times: each call is a row.");
    expect(badge(seen!)).toBe("");
  });

  it("writes counts in little room", () => {
    expect([0, 999, 1000, 36864, 802816, 999949, 999950, 1e6, 62378344, 1.76e11].map(compact)).toEqual([
      "0",
      "999",
      "1 k",
      "36.9 k",
      "803 k",
      "1 M",
      "1 M",
      "1 M",
      "62.4 M",
      "176 G",
    ]);
  });
});

describe("the columns", () => {
  const shapeWidth = (shape: number[]): number => columnWidths(makeTree([row("a", { shape })])).shape;

  // Advance widths in thousandths of the font's size, as its files give them: of a digit, of a multiplication sign, of a
  // space. Arial has those of Helvetica.
  it.each([
    ["DejaVu Sans", 636, 838, 318],
    ["Helvetica", 556, 584, 278],
  ])("have room for shapes in %s", (_, digit, times, space) => {
    const signs = (times + 2 * space) / digit - 2 * 0.25; // word-spacing in layer_list.css
    expect(shapeWidth([64, 112, 112])).toBeGreaterThanOrEqual(8 + 2 * signs);
    expect(shapeWidth([3, 16, 112, 112])).toBeGreaterThanOrEqual(9 + 3 * signs);
    expect(shapeWidth([128000])).toBeGreaterThanOrEqual(6);
  });

  it("are no wider than their rows need, and leave room for the names", () => {
    expect(shapeWidth([10])).toBe(6);
    expect(shapeWidth([64, 112, 112])).toBeLessThan(12.5);
    expect(shapeWidth([1024, 1024, 1024, 1024, 1024])).toBe(18);
    const long = row("a", { kind: "NonDynamicallyQuantizableLinear" });
    expect(columnWidths(makeTree([row("b"), long])).kind).toBe(24);
    expect(columnWidths(makeTree([row("b"), row("a", { kind: "BatchNorm2d" })])).kind).toBe(11);
  });

  it("have room for the words that stand in place of a shape", () => {
    const { shape } = columnWidths(makeTree([row("a", { shape: [4] }), row("b", never)]));
    expect(shape).toBeGreaterThan(10);
  });
});

describe("size by depth", () => {
  it("has a bar for each layer with an output and none inside it that has one", () => {
    expect(names(barNodes(NESTED))).toEqual([
      "stem",
      "blocks.0.conv",
      "blocks.0.norm",
      "blocks.1.conv",
      "blocks.1.norm",
      "head",
    ]);
    expect(barNodes(makeTree([row("attn"), row("attn.out", never), row("empty", { shape: [0], size: 0 })]))).toEqual([
      0,
    ]);
  });

  it("draws logarithms from the smallest to the largest", () => {
    const [small, middle, large] = barHeights([10, 100, 1000]);
    expect(large).toBeCloseTo(1);
    expect(small).toBeGreaterThan(0);
    expect(middle! - small!).toBeCloseTo(large! - middle!);
    expect(barHeights([7, 7])).toEqual([1, 1]);
    expect(barHeights([])).toEqual([]);
  });

  it("puts only the chosen bars into a path", () => {
    expect(barPath([1, 0.5, 0.25], (place) => place === 1)).toBe("M1.12 1V0.500H1.88V1z");
    expect(barPath(new Array<number>(65).fill(1), (place) => place === 64)).toBe("M64 1V0.000H65V1z");
  });
});
