// @vitest-environment happy-dom
// What the view says and asks for. What it paints is seen in a real browser only: here nothing has a size.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AccuracyFrame, CompressionFrame, DecidedFrame, ProjectionFrame, ViewFrame } from "../src/frames";
import { give, type View } from "../src/view";
import { create } from "../src/views/compression_panel";
import { compressedFrame } from "./compression_frames";
import { ramps } from "./grid_frames";

const SETTING = { layer: "conv1", basis: "pca", axis: "channels", rank: 4 } as const;
const state = (changes: Partial<CompressionFrame["header"]> = {}): ViewFrame => ({
  header: { kind: "compression", ...SETTING, full: 16, labels: true, also: [], pinned: false, ...changes },
  arrays: {},
});
const projection = (changes: Partial<ProjectionFrame["header"]> = {}): ViewFrame => ({
  header: {
    kind: "projection",
    ...SETTING,
    matrix: [16, 4],
    parameters: 80,
    bytes: [4096, 1024],
    samples: 100,
    note: "",
    ...changes,
  },
  arrays: { curve: { shape: [16], data: Float32Array.from({ length: 16 }, (_, i) => (i + 1) / 16) } },
});
const accuracy = (changes: Partial<AccuracyFrame["header"]> = {}): ViewFrame => ({
  header: {
    kind: "accuracy",
    ...SETTING,
    also: [],
    accuracy: 0.9,
    low: 0.85,
    high: 0.94,
    baseline: 0.95,
    change: -0.05,
    changeLow: -0.091,
    changeHigh: -0.009,
    agreement: 0.92,
    evaluated: 64,
    total: 200,
    note: "",
    ...changes,
  },
  arrays: {},
});
const decided = (classes: DecidedFrame["header"]["classes"], notClassifier = ""): ViewFrame => ({
  header: { kind: "decided", layer: "conv1", sample: 0, label: "cat", classes, notClassifier },
  arrays: {},
});
const tiles = (changes: object = {}): ViewFrame => compressedFrame(ramps(16, 2, 2), ramps(16, 2, 2), changes);
const working = (scope: string, over = false): ViewFrame => ({
  header: {
    kind: "busy",
    scope,
    label: over ? "" : "accuracy of conv1 by rank, pca",
    fraction: over ? null : 0.4,
    over,
  },
  arrays: {},
});

let element: HTMLElement;
let view: View;
let wants: [string, unknown][];

const find = <E extends HTMLElement = HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
const text = (id: string): string => find(id).textContent ?? "";
const pressed = (id: string): boolean => find(id).getAttribute("aria-pressed") === "true";
const drag = (place: number): void => {
  const input = find<HTMLInputElement>("rank");
  input.value = String(place);
  input.dispatchEvent(new Event("input"));
};

beforeEach(() => {
  vi.useFakeTimers();
  element = document.createElement("div");
  document.body.replaceChildren(element);
  wants = [];
  view = create(element, { want: (key, value) => wants.push([key, value]), upload: () => {} });
});
afterEach(() => {
  view.destroy();
  vi.useRealTimers();
});

it("says what to do before a layer is chosen", () => {
  expect(find("empty").hidden).toBe(false);
  expect(text("empty")).toContain("Choose a layer");
});

it("shows the setting, what it costs and what is left, and when it is another layer's no more", () => {
  for (const frame of [state(), projection(), tiles(), accuracy()]) give(view, frame);
  expect([pressed("basis-pca"), pressed("basis-off"), pressed("axis-channels")]).toEqual([true, false, true]);
  expect(find<HTMLInputElement>("rank-number").value).toBe("4");
  expect(text("full")).toBe("of 16");
  expect(["explained", "matrix", "parameters", "bytes"].map(text)).toEqual(["25.0 %", "16 × 4", "80", "4.1 kB → 1 kB"]);
  expect(["accuracy", "interval", "baseline", "evaluated", "agreement"].map(text)).toEqual([
    "90.0 %",
    "85.0 % to 94.0 %",
    "95.0 % without compression, on the same 64 samples",
    "on 64 of 200 samples",
    "92.0 % predicted as before",
  ]);
  expect(find("baseline").title).toContain("other samples");
  expect(find("accuracy-block").dataset.done).toBe("false");
  give(view, accuracy({ evaluated: 200 }));
  expect(["baseline", "evaluated"].map(text)).toEqual([
    "95.0 % without compression, on the same 200 samples",
    "on all 200 samples",
  ]);
  expect(find("baseline").title).toBe("");
  expect(find("accuracy-block").dataset.done).toBe("true");
  give(view, state({ layer: "conv2" }));
  expect(text("matrix")).toBe("–");
  expect(text("accuracy")).toBe("–");
  expect(find("tiles").closest<HTMLElement>("[hidden]")).not.toBeNull();
});

it("asks for each rank of a drag, and for the accuracy once it rests", () => {
  give(view, state());
  give(view, projection());
  for (const place of [0.6, 0.61, 0.75, 1]) drag(place);
  expect(wants).toEqual([
    ["rank", 5],
    ["rank", 8],
    ["rank", 16],
  ]);
  expect(text("explained")).toBe("100 %"); // without waiting for the kernel
  vi.advanceTimersByTime(99);
  expect(wants).toHaveLength(3);
  vi.advanceTimersByTime(1);
  expect(wants.at(-1)).toEqual(["evaluate", true]);
  find("rank").dispatchEvent(new Event("change"));
  vi.advanceTimersByTime(1000);
  expect(wants).toHaveLength(4); // once
});

it("asks at once when the slider is let go", () => {
  give(view, state());
  drag(1);
  find("rank").dispatchEvent(new Event("change"));
  expect(wants).toEqual([
    ["rank", 16],
    ["evaluate", true],
  ]);
});

it("takes keys and exact numbers", () => {
  give(view, state());
  find("rank").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", cancelable: true }));
  const number = find<HTMLInputElement>("rank-number");
  number.value = "99";
  number.dispatchEvent(new Event("change"));
  expect(wants).toEqual([
    ["rank", 5],
    ["rank", 16],
    ["evaluate", true],
  ]);
  expect(number.value).toBe("16");
});

it("leaves a number alone that is being typed", () => {
  give(view, state());
  find<HTMLInputElement>("rank-number").value = "12";
  give(view, accuracy());
  give(view, state());
  expect(find<HTMLInputElement>("rank-number").value).toBe("12");
  give(view, state({ rank: 7 }));
  expect(find<HTMLInputElement>("rank-number").value).toBe("7");
});

it("is not moved back by an answer to where the slider was", () => {
  give(view, state());
  drag(1);
  give(view, state({ rank: 8 }));
  expect(find<HTMLInputElement>("rank-number").value).toBe("16");
  give(view, state({ rank: 16 }));
  give(view, state({ rank: 3 })); // from Python, or a point of the curve
  expect(find<HTMLInputElement>("rank-number").value).toBe("3");
});

it("says that an accuracy is of another rank, until the new one comes", () => {
  give(view, state());
  give(view, accuracy());
  drag(1);
  expect(find("accuracy-block").hasAttribute("data-stale")).toBe(true);
  expect(find("accuracy-block").dataset.done).toBe("false");
  give(view, accuracy({ rank: 16, accuracy: 0.95 }));
  expect(find("accuracy-block").hasAttribute("data-stale")).toBe(false);
});

it("shows the agreement alone where there are no labels", () => {
  give(view, state({ labels: false }));
  give(view, accuracy({ accuracy: null, low: null, high: null, baseline: null }));
  expect(text("accuracy")).toBe("92.0 %");
  expect(find("accuracy-block").textContent).toContain("Agreement");
  expect(text("agreement")).toContain("no labels");
});

it("says when the prediction changes, and when there is none", () => {
  give(view, state());
  give(view, tiles());
  give(view, decided([{ label: "cat", before: 0.9, after: 0.8 }]));
  expect(text("verdict")).toBe("stays");
  give(
    view,
    decided([
      { label: "cat", before: 0.9, after: 0.2 },
      { label: "<b>dog</b>", before: 0.1, after: 0.8 },
    ]),
  );
  expect(text("verdict")).toBe("changes from cat to <b>dog</b>");
  expect(element.querySelector("b")).toBeNull();
  give(view, decided([], "no class probabilities: the model's output is [1, 1]"));
  expect(text("not-classifier")).toContain("no class probabilities");
});

it("needs no rank when it is off", () => {
  give(view, state());
  find("basis-off").click();
  expect(wants).toEqual([["basis", "off"]]);
  expect(find<HTMLInputElement>("rank").disabled).toBe(true);
  expect(find<HTMLButtonElement>("curve").disabled).toBe(true);
  expect(text("baseline")).toContain("nothing is compressed");
});

it("counts bits when it quantises", () => {
  give(view, state({ basis: "quantise", full: 32 }));
  expect(element.querySelector(".iv-rank-exact")!.textContent).toContain("bits");
});

it("keeps a layer compressed beside others, and lets it go", () => {
  const other = { ...SETTING, layer: "<i>conv0</i>" };
  give(view, state());
  give(view, accuracy());
  find("pin").click();
  give(view, state({ pinned: true }));
  expect(pressed("pin")).toBe(true);
  find("pin").click();
  give(view, state({ also: [other] }));
  expect(text("also")).toBe("<i>conv0</i> · PCA 4");
  expect(find("accuracy-block").hasAttribute("data-stale")).toBe(true); // it was of this layer alone
  give(view, accuracy({ also: [other] }));
  expect(find("accuracy-block").hasAttribute("data-stale")).toBe(false);
  find("also").querySelector("button")!.click();
  expect(wants).toEqual([
    ["pin", true],
    ["unpin", "conv1"],
    ["unpin", "<i>conv0</i>"],
  ]);
});

it("copies the kernel's table", async () => {
  const taken = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText: taken } });
  give(view, state());
  expect(find<HTMLButtonElement>("copy").disabled).toBe(true);
  give(view, { header: { kind: "studied", ranks: 2, text: "a\tb" }, arrays: {} });
  find("copy").click();
  expect(taken).toHaveBeenCalledWith("a\tb");
  vi.unstubAllGlobals();
});

it("draws a curve, says how far it is, and stops", () => {
  give(view, state());
  expect(find("work").hidden).toBe(true);
  find("curve").click();
  give(view, working("curve"));
  expect(text("work")).toContain("accuracy of conv1 by rank, pca · 40 %");
  find("work").querySelector<HTMLElement>("[data-testid=stop]")!.click();
  give(view, working("curve", true));
  expect(find("work").hidden).toBe(true);
  expect(wants).toEqual([
    ["curve", true],
    ["stop", "curve"],
  ]);
});

it("shows errors where the user looks, as text", () => {
  give(view, state());
  const header = { kind: "error", scope: "tiles", message: "no <b>floats</b>", detail: "Traceback" } as const;
  give(view, { header, arrays: {} });
  expect(find("errors").querySelector("[role=alert]")!.textContent).toContain("no <b>floats</b>");
  give(view, { header: { ...header, over: true }, arrays: {} });
  expect(find("errors").querySelector("[role=alert]")).toBeNull();
});

it("says the change against the same samples, with its interval", () => {
  give(view, state());
  give(view, accuracy());
  expect(text("change")).toBe("\u22125.0 points (\u22129.1 to \u22120.9)");
  give(view, accuracy({ change: null, changeLow: null, changeHigh: null }));
  expect(text("change")).toBe("");
});

it("says how long a curve will still take", () => {
  const at = (fraction: number): ViewFrame => {
    const frame = working("curve");
    Object.assign(frame.header, { fraction });
    return frame;
  };
  give(view, state());
  give(view, at(0.1));
  expect(text("work")).toContain("accuracy of conv1 by rank, pca · 10 %");
  vi.advanceTimersByTime(2000);
  give(view, at(0.3));
  expect(text("work")).toContain("accuracy of conv1 by rank, pca · 30 % · about 7 s left");
});

it("compares every block, and a row chooses one", () => {
  const row = { layer: "block.1", full: 64, rank: 8, kept: true, evaluated: 96, total: 1000 };
  const change = { change: -0.005, low: -0.02, high: 0.01 };
  const other = { ...row, layer: "<b>", kept: false, rank: 32, change: null, low: null, high: null };
  give(view, state());
  expect(find("compared").hidden).toBe(true);
  find("blocks").click();
  expect(wants).toEqual([["blocks", true]]);
  const rows = [{ ...row, ...change }, other];
  give(view, { header: { kind: "compared", rows, tolerated: 0.01 }, arrays: {} });
  const cells = [...find("compared").querySelectorAll("tbody tr")].map((line) =>
    [...line.children].map((cell) => cell.textContent),
  );
  expect(cells).toEqual([
    ["block.1", "8", "13 %", "\u22120.5 (\u22122.0 to +1.0)", "96 of 1,000"],
    ["<b>", "more than 32", "> 50 %", "\u2013", "96 of 1,000"],
  ]);
  expect(find("compared").querySelector("caption")?.textContent).toContain("no more than 1.0 points");
  find("compared").querySelector("button")!.click();
  expect(wants[1]).toEqual(["block", { layer: "block.1", rank: 8 }]);
  expect(find<HTMLButtonElement>("clear").disabled).toBe(false);
  give(view, { header: { kind: "compared", rows: [], tolerated: 0 }, arrays: {} });
  expect(find("compared").hidden).toBe(true);
});

const curve = (scope: string, changes: Record<string, unknown> = {}): ViewFrame =>
  ({
    header: {
      kind: "curve",
      scope,
      of: "rank",
      name: scope,
      hue: 0,
      dash: "solid",
      baseline: 0.9,
      fewest: 32,
      most: 500,
      total: 1000,
      ...changes,
    },
    arrays: Object.fromEntries(
      Object.entries({ ranks: [1, 4], values: [0.5, 0.8], low: [0.4, 0.7], high: [0.6, 0.9] }).map(([name, values]) => [
        name,
        { shape: [2], data: Float64Array.from(values) },
      ]),
    ),
  }) as unknown as ViewFrame;

it("has a chart of the curves by rank and one of the blocks, each while there is something in it", () => {
  give(view, state());
  const charts = (): boolean[] => [...element.querySelectorAll<HTMLElement>(".iv-curves")].map((one) => !one.hidden);
  expect(charts()).toEqual([false, false]);
  give(view, curve("a"));
  give(view, curve("b", { of: "block" }));
  expect(charts()).toEqual([true, true]);
  expect(element.textContent).toContain("32 to 500 of 1,000 samples");
  give(view, { header: { kind: "curve", scope: "a", over: true }, arrays: {} } as unknown as ViewFrame);
  expect(charts()).toEqual([false, true]);
});

it("asks for the similarity of samples, and says when what is shown is of another rank", () => {
  give(view, state());
  find<HTMLInputElement>("similarity").click();
  expect(wants).toEqual([["similarity", true]]);
  const header = { kind: "histogram", scope: "similarity", layer: "conv1", rank: 4, run: 0, auc: 0.7, overlap: 0.5 };
  const counts = { shape: [4], data: Float64Array.of(0, 0, 2, 1) };
  give(view, {
    header: { ...header, pairs: 6, sampled: false, note: "", error: "" },
    arrays: { same: counts, other: counts },
  } as unknown as ViewFrame);
  expect(find("similarity-chart").hidden).toBe(false);
  expect(find("similarity-chart").hasAttribute("data-stale")).toBe(false);
  give(view, state({ rank: 5 }));
  expect(find("similarity-chart").hasAttribute("data-stale")).toBe(true);
});
