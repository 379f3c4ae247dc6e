// @vitest-environment happy-dom
// The similarity view: what is asked of the kernel, what is drawn without it, and what stands where a chart will be.
import { beforeEach, describe, expect, it } from "vitest";
import type { HistogramFrame, ViewFrame } from "../src/frames";
import { heights, inWords, isSigned } from "../src/similarity/histogram";
import { give } from "../src/view";
import { create } from "../src/views/similarity_view";

let element: HTMLElement;
let wants: [string, unknown][];
let view: ReturnType<typeof create>;

const find = (id: string): HTMLElement => element.querySelector<HTMLElement>(`[data-testid="${id}"]`)!;
const all = (id: string): HTMLElement[] => [...element.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];
const frame = (header: Record<string, unknown>, arrays: Record<string, unknown> = {}): ViewFrame =>
  ({ header, arrays }) as unknown as ViewFrame;
const SETTINGS = { pairs: "all", of: "layer", layers: ["a", "b"], samples: 50, correctOnly: false };
const state = (layers: (string | [string, number])[], changes: Record<string, unknown> = {}, run = 1): ViewFrame =>
  frame({
    kind: "similarity",
    run,
    charts: layers.map((one) =>
      typeof one === "string"
        ? { key: one, layer: one, rank: null }
        : { key: one.join(" "), layer: one[0], rank: one[1] },
    ),
    settings: { ...SETTINGS, ...changes },
    choices: ["a", "b", "c"],
    mostLayers: 2,
    total: 100,
    noLabels: "",
  });
const COUNTS = { same: [0, 0, 1, 3], other: [0, 2, 4, 2] };
const histogram = (key: string, changes: Record<string, unknown> = {}, counts = COUNTS): HistogramFrame =>
  frame(
    {
      kind: "histogram",
      scope: key,
      layer: key,
      rank: null,
      run: 1,
      auc: 0.75,
      overlap: 0.5,
      pairs: 1200,
      sampled: false,
      note: "",
      error: "",
      ...changes,
    },
    {
      same: { shape: [4], data: Float64Array.from(counts.same) },
      other: { shape: [4], data: Float64Array.from(counts.other) },
    },
  ) as HistogramFrame;
const choose = (id: string, value: string): void => {
  const select = element.querySelector<HTMLSelectElement>(`select[data-testid="${id}"]`)!;
  select.value = value;
  select.dispatchEvent(new Event("change"));
};

beforeEach(() => {
  document.body.replaceChildren();
  element = document.createElement("div");
  document.body.append(element);
  wants = [];
  view = create(element, { want: (key, value) => wants.push([key, value]), upload: () => undefined });
});

describe("numbers", () => {
  it("have area 1 as densities, and are the counts otherwise", () => {
    const counts = Float64Array.of(1, 3, 4, 2);
    const density = heights(counts, "density");
    // Four bins from -1 to 1 are half wide.
    expect(density.reduce((sum, height) => sum + height * 0.5, 0)).toBeCloseTo(1, 12);
    expect(density[2]! / density[0]!).toBeCloseTo(4, 12);
    expect(heights(counts, "log")).toBe(counts);
    expect([...heights(new Float64Array(4), "density")]).toEqual([0, 0, 0, 0]);
  });

  it("say whether any pair points apart", () => {
    expect(isSigned(histogram("a"))).toBe(true);
    expect(isSigned(histogram("a", {}, { same: [0, 0, 1, 1], other: [0, 0, 0, 5] }))).toBe(false);
  });

  it("are said in words", () => {
    expect(inWords(histogram("a").header)).toBe("overlap 0.50 · 1,200 pairs");
    expect(inWords(histogram("a", { sampled: true, overlap: null }).header)).toBe("estimate from 1,200 pairs");
  });
});

it("asks the kernel for what is chosen, and shows it at once", () => {
  give(view, state(["a"]));
  choose("pairs", "one");
  choose("of", "layers");
  expect(wants).toEqual([
    ["settings", { ...SETTINGS, pairs: "one" }],
    ["settings", { ...SETTINGS, pairs: "one", of: "layers" }],
  ]);
  expect(find("layers-to-compare").hidden).toBe(false);
  // What the kernel says of the first click does not take the second back.
  give(view, state(["a"], { pairs: "one" }));
  expect(find("layers-to-compare").hidden).toBe(false);
});

it("draws densities or pairs without the kernel", () => {
  give(view, state(["a"]));
  give(view, histogram("a"));
  choose("heights", "log");
  expect(wants).toEqual([]);
  expect(find("histogram-numbers").textContent).toBe("overlap 0.50 · 1,200 pairs");
});

it("has a place for every chart, and says there that it is under way", () => {
  give(view, state(["a", ["a", 8]]));
  give(view, frame({ kind: "busy", scope: "similarity", label: "cosine similarity", fraction: 0.25 }));
  expect(all("similarity-chart")).toHaveLength(2);
  expect(all("under-way").map((one) => one.textContent)).toEqual(["under way", "under way"]);
  expect(find("work").textContent).toContain("cosine similarity · 25 %");
  find("stop").click();
  expect(wants).toEqual([["stop", "similarity"]]);
  give(view, frame({ kind: "busy", scope: "similarity", label: "", fraction: null, over: true }));
  expect(find("work").textContent).toContain("Stopped.");
  find("again").click();
  expect(wants.at(-1)).toEqual(["again", true]);
});

it("keeps a chart, dimmed, until its successor is there", () => {
  give(view, state(["a"]));
  give(view, histogram("a"));
  const [chart] = all("similarity-chart");
  expect(chart!.dataset.done).toBe("true");
  give(view, state(["a", "b"], {}, 2));
  expect(all("similarity-chart")[0]).toBe(chart);
  expect(chart!.hasAttribute("data-stale")).toBe(true);
  give(view, histogram("a", { run: 2 }));
  expect(chart!.hasAttribute("data-stale")).toBe(false);
});

it("shows what came before the list of charts, as when the page is opened again", () => {
  give(view, histogram("a"));
  give(view, state(["a"]));
  expect(find("similarity-chart").dataset.done).toBe("true");
});

it("says in a chart's place why there is none, as text", () => {
  give(view, state(["a"]));
  give(
    view,
    frame({ kind: "histogram", scope: "a", layer: "a", rank: null, run: 1, auc: null, note: "", error: "<b>no</b>" }),
  );
  expect(find("histogram-note").textContent).toBe("<b>no</b>");
});

it("takes no more layers than are shown at a time", () => {
  give(view, state(["a", "b"], { of: "layers" }));
  const boxes = [...find("layers-to-compare").querySelectorAll<HTMLInputElement>("input")];
  expect(boxes.map((box) => [box.checked, box.disabled])).toEqual([
    [true, false],
    [true, false],
    [false, true],
  ]);
  boxes[0]!.checked = false;
  boxes[0]!.dispatchEvent(new Event("change"));
  expect(wants).toEqual([["settings", { ...SETTINGS, of: "layers", layers: ["b"] }]]);
  expect(boxes[2]!.disabled).toBe(false);
});

it("goes back to what the kernel said when that refuses", () => {
  give(view, state(["a"]));
  choose("of", "ranks");
  give(view, state(["a"]));
  give(view, frame({ kind: "error", scope: "settings", message: "no", detail: "" }));
  expect(element.querySelector<HTMLSelectElement>("select[data-testid='of']")!.value).toBe("layer");
});
