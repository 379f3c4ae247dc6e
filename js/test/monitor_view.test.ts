// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { MonitorFinding, MonitorFrame } from "../src/frames";
import { COLOURS, heatOf, marksOf, ofLayers, ranges, shareOf, titleOf } from "../src/monitor/drawn";
import { sparkPath } from "../src/monitor/pictures";
import { clicked } from "../src/monitor/rows";
import { after } from "../src/monitor/run";
import { give, type View } from "../src/view";
import { create } from "../src/views/monitor_view";

const NAMES = ["conv1", "relu1", "conv2", "<b>fc</b>"];
const finding = (layer: string, changes: Partial<MonitorFinding> = {}): MonitorFinding => ({
  layer,
  kind: "dead",
  name: "dead units",
  evidence: "40 % of the units",
  suggestion: "a lower learning rate",
  source: "a paper",
  severity: 2,
  step: 10,
  since: 5,
  ...changes,
});
const f32 = (data: number[], shape = [data.length]) => ({ shape, data: new Float32Array(data) });
const choice = (layers: string[]): MonitorFrame["header"]["chosen"] => ({
  layers,
  channel: null,
  between: null,
  missing: "",
});
const monitor = (changes: Partial<MonitorFrame["header"]> = {}, names = NAMES): MonitorFrame => ({
  header: {
    kind: "monitor",
    follows: false,
    step: 1234,
    state: "training",
    live: true,
    budget: 0.02,
    overhead: 0.0142,
    recorded: 400,
    few: null,
    undo: "",
    metrics: ["loss", "lr"],
    tracks: [],
    rows: names.map((name) => [name, "Conv2d"]),
    findings: [],
    verdicts: {},
    chosen: choice(["conv1"]),
    can: { weights: true, compared: false, layers: 3 },
    ...changes,
  },
  arrays: {
    values: { shape: [2], data: new Float64Array([2.31, 0.01]) },
    mean: f32(names.map((_, i) => i)),
    std: f32(names.map((_, i) => (i === 2 ? Number.NaN : 0.5))),
    nearZeros: f32(names.map(() => 0.25)),
    dead: f32(names.map((_, i) => (i === 1 ? 0.5 : Number.NaN))),
    sparks: { shape: [names.length, 3], data: new Uint8Array(3 * names.length) },
    strips: { shape: [names.length, 2], data: new Uint8Array(2 * names.length) },
  },
});

let element: HTMLElement;
let view: View;
let wants: [string, unknown][];
let mounted: string[];
const find = <E extends HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
const rows = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>('[data-testid="monitor-row"]')];
const cell = (place: number, column: string): HTMLElement =>
  rows()[place]!.querySelector<HTMLElement>(`td[data-column="${column}"]`)!;
const selected = (): string[] =>
  rows()
    .filter((row) => row.getAttribute("aria-selected") === "true")
    .map((row) => row.dataset.layer!);
const click = (place: number, keys: MouseEventInit = {}): boolean =>
  rows()
    [place]!.querySelector("button")!
    .dispatchEvent(new MouseEvent("click", { bubbles: true, ...keys }));

beforeEach(() => {
  element = document.createElement("div");
  document.body.replaceChildren(element);
  wants = [];
  mounted = [];
  view = create(element, {
    want: (key, value) => wants.push([key, value]),
    upload: () => {},
    mount(panel) {
      mounted.push(panel);
      return { destroy: () => mounted.push(`${panel} gone`) };
    },
    lost: () => false,
  });
});
afterEach(() => view.destroy());

it("waits for the first step, then shows a row for each layer, with text as text", () => {
  give(view, monitor({}, []));
  expect(find("monitor-empty").hidden).toBe(false);
  give(view, monitor());
  expect(find("monitor-empty").hidden).toBe(true);
  expect(rows().map((row) => row.dataset.layer)).toEqual(NAMES);
  expect(element.querySelector("b")).toBeNull();
  expect(cell(0, "mean").textContent).toBe("0");
  expect(cell(0, "near").textContent).toBe("25.0 %");
  expect(cell(1, "dead").textContent).toBe("50.0 %");
  expect(cell(0, "dead").textContent).toBe("–");
  expect(cell(2, "std").textContent).toBe("–");
  expect(cell(2, "verdict").textContent).toBe("not called");
});

it("says where the run is and what recording takes", () => {
  give(view, monitor());
  expect(find("step").textContent).toBe("1,234");
  expect(find("overhead").textContent).toMatch(
    /^400 of [\d,]+ steps recorded, recording takes 1\.4 % of the training time$/,
  );
  expect(find("metrics").textContent).toBe("loss2.31learning rate0.01");
  const bad = monitor();
  bad.arrays.values.data[0] = Number.NaN;
  give(view, bad);
  expect(find("metrics").querySelector("[data-bad]")!.textContent).toBe("lossNaN");
});

it("pauses and resumes, sets the budget, undoes an action", () => {
  give(view, monitor());
  find("pause").click();
  expect(find("pause").textContent).toBe("Resume");
  give(view, monitor()); // not yet answered
  expect(find("pause").textContent).toBe("Resume");
  give(view, monitor({ state: "paused" }));
  find("pause").click();
  const budget = find<HTMLSelectElement>("budget");
  expect(budget.value).toBe("0.02");
  budget.value = "0.1";
  budget.dispatchEvent(new Event("change"));
  expect(find("undo").hidden).toBe(true);
  give(view, monitor({ undo: "learning rate halved" }));
  expect(find("undo").title).toContain("learning rate halved");
  find("undo").click();
  expect(wants).toEqual([
    ["paused", true],
    ["paused", false],
    ["budget", 0.1],
    ["undo", true],
  ]);
});

it("has nothing to control once the run has ended, and a budget without a limit is any", () => {
  give(view, monitor({ budget: null, recorded: 1234 }));
  expect(find("overhead").textContent).toBe("every step is recorded");
  give(view, monitor({ budget: null }));
  expect(find("overhead").textContent).toBe("400 of 1,234 steps recorded"); // it was paused for a while
  expect(find("overhead").title).toContain("1.4 %");
  expect(find<HTMLSelectElement>("budget").selectedOptions[0]!.textContent).toBe("any");
  give(view, monitor({ state: "ended" }));
  expect(find("pause").hidden).toBe(true);
});

it("chooses layers by click, Ctrl and Shift, and hears what Python chose", () => {
  give(view, monitor());
  expect(selected()).toEqual(["conv1"]);
  click(2);
  click(1, { ctrlKey: true });
  expect(selected()).toEqual(["relu1", "conv2"]);
  expect(rows()[1]!.style.getPropertyValue("--iv-line-colour")).toBe(COLOURS[1]);
  click(3, { shiftKey: true });
  expect(wants.at(-1)).toEqual(["layers", ["conv2", "<b>fc</b>"]]);
  give(view, monitor({ chosen: choice(["conv2", "<b>fc</b>"]) }));
  give(view, monitor({ chosen: choice(["relu1"]) }));
  expect(selected()).toEqual(["relu1"]);
});

it("keeps the last chosen layer, and the first one of too many", () => {
  const toggle = (chosen: string[], layer: string) => clicked(chosen, layer, NAMES, { toggle: true, most: 2 });
  expect(toggle(["a"], "a")).toEqual(["a"]);
  expect(toggle(["a", "b"], "b")).toEqual(["a"]);
  expect(toggle(["a", "b"], "c")).toEqual(["a", "c"]);
  expect(clicked(["conv2", "relu1"], "conv1", NAMES, { range: true, most: 2 })).toEqual(["conv2", "conv1"]);
});

it("lists findings, and keeps what is folded out while the evidence changes", () => {
  give(view, monitor({ findings: null }));
  expect(find("findings-title").textContent).toBe("");
  give(view, monitor());
  expect(find("findings-title").textContent).toBe("Nothing looks wrong");
  give(view, monitor({ findings: [], few: 6 }));
  expect(find("findings-title").textContent).toBe("Too few records to judge: 6 of each layer");
  const other = finding("", { kind: "chance", severity: 3 });
  give(view, monitor({ findings: [finding("relu1")] }));
  const item = find("finding");
  item.querySelector("details")!.open = true;
  give(view, monitor({ findings: [other, finding("relu1", { evidence: "<i>60 %</i>" })] }));
  const items = [...element.querySelectorAll<HTMLElement>('[data-testid="finding"]')];
  expect(items.map((one) => one.dataset.kind)).toEqual(["chance", "dead"]);
  expect(items[1]).toBe(item);
  expect(item.querySelector("details")!.open).toBe(true);
  expect(item.textContent).toContain("dead units");
  expect(item.textContent).toContain("<i>60 %</i>");
  expect(items[0]!.querySelector("button")!.hidden).toBe(true);
  item.querySelector("button")!.click();
  expect(wants).toEqual([["layers", ["relu1"]]]);
  give(view, monitor());
  expect(find("finding")).toBeNull();
});

it("shows an error and takes an unanswered pause back", () => {
  give(view, monitor());
  find("pause").click();
  give(view, { header: { kind: "error", scope: "paused", message: "no", detail: "" }, arrays: {} });
  expect(find("pause").textContent).toBe("Pause");
  expect(find("errors").textContent).toContain("no");
});

it("keeps its rows from frame to frame, 200 of them as well", () => {
  const names = Array.from({ length: 200 }, (_, i) => `layer${i}`);
  give(view, monitor({}, names));
  const first = rows()[0];
  give(view, monitor({}, names));
  expect(rows()[0]).toBe(first);
  expect(rows()).toHaveLength(200);
});

it("draws a line with gaps where there is no number", () => {
  expect(sparkPath(Uint8Array.of(0, 254, 255, 254, 0), 10, 10)).toBe("M1.0 8.0L3.0 2.0M7.0 2.0L9.0 8.0");
  expect(sparkPath(Uint8Array.of(255))).toBe("");
});

it("leaves nothing behind", () => {
  give(view, monitor());
  expect(element.dataset.step).toBe("1234");
  view.destroy();
  expect(element.innerHTML).toBe("");
  expect(element.dataset.step).toBeUndefined();
});

it("names its columns in words; symbols stand in the titles only", () => {
  const heads = [...element.querySelectorAll<HTMLElement>("thead th")];
  const names = heads.map((head) => head.textContent);
  expect(names).toContain("Standard deviation");
  expect(names.join(" ")).not.toMatch(/\bstd\b|\u03c3|\u03bc/i);
  expect(heads.filter((head) => head.title.includes("\u03c3")).length).toBe(2);
});

// --- the charts ------------------------------------------------------------------------------------------------------

const u32 = (data: number[]) => ({ shape: [data.length], data: Uint32Array.from(data) });
const EDGES = { shape: [5], data: Float64Array.of(-Infinity, -1, 0, 1, Infinity) }; // four bins
const piece = (
  name: string,
  from: number,
  steps: number[],
  std: number[],
  about: Record<string, unknown> = {},
  follows = true,
): MonitorFrame => {
  const frame = monitor({
    follows,
    tracks: [{ name, from, numbers: ["std", "mean"], bins: [1, 3], shown: [0, 4], ticks: [[2, "0"]], ...about }],
  });
  Object.assign(frame.arrays, {
    "0.steps": u32(steps),
    "0.numbers": f32([...std, ...std.map((value) => -value)], [2, std.length]),
    "0.codes": { shape: [steps.length, 2], data: Uint8Array.from(steps.flatMap((step) => [step + 1, 9])) },
    ...(follows ? {} : { edges: EDGES }),
  });
  return frame;
};

it("puts a course together from its pieces, the last record of which may still change", () => {
  let run = after(undefined, piece("layer conv1", 0, [0, 1, 2], [1, 2, 3], {}, false));
  run = after(run, piece("layer conv1", 2, [2, 3], [3.5, 4]));
  const track = run.tracks.get("layer conv1")!;
  expect([...track.steps]).toEqual([0, 1, 2, 3]);
  expect([...track.numbers.get("std")!]).toEqual([1, 2, 3.5, 4]);
  expect([...track.numbers.get("mean")!]).toEqual([-1, -2, -3.5, -4]);
  expect([...track.spans]).toEqual([1, 1, 1, 1]);
  // Codes of the bins that were sent, nothing in the others.
  expect([...track.codes]).toEqual([0, 1, 9, 0, 0, 2, 9, 0, 0, 3, 9, 0, 0, 4, 9, 0]);
  // What a frame leaves out is as it was.
  expect(run.said.rows).toHaveLength(NAMES.length);
  const { rows: _, ...rest } = monitor({ follows: true }).header;
  run = after(run, { header: { ...rest, gone: ["layer conv1"] }, arrays: monitor().arrays });
  expect(run.said.rows).toHaveLength(NAMES.length);
  expect(run.tracks.size).toBe(0);
  // One that does not follow begins anew.
  expect(after(run, monitor({ rows: [] })).said.told).toEqual([]);
});

it("draws the chosen layers, and the run compared with dashed", () => {
  let run = after(undefined, piece("layer conv1", 0, [0, 1], [1, 2], {}, false));
  run = after(run, piece("other layer conv1", 0, [0, 5], [3, 4], { anew: [1] }));
  const { series, title } = ofLayers(run, {
    what: "std",
    title: "standard deviation of the activations",
    y: { scale: "log" },
  });
  expect(title).toContain("standard deviation");
  expect(series.map((one) => [one.name, one.kind === "line" && one.dash])).toEqual([
    ["conv1, compared", "dashed"],
    ["conv1", undefined],
  ]);
  expect(series[0]!.kind === "line" && [...(series[0]!.anew as Uint8Array)]).toEqual([0, 1]);
});

it("leaves heat maps blank where nothing was recorded", () => {
  const run = after(undefined, piece("layer conv1", 0, [0, 1, 10, 11], [1, 1, 1, 1], { anew: [2] }, false));
  const drawn = heatOf(run, "layer conv1", "conv1", [])!;
  expect([...(drawn.edges as number[])]).toEqual([0, 1, 2, 10, 11, 12]);
  expect([...drawn.codes.subarray(8, 12)]).toEqual([0, 0, 0, 0]); // from 2 to 10
  expect(drawn.binText!(1)).toBe("\u22121 to 0");
  expect(heatOf(run, "layer nowhere", "", [])).toBeUndefined();
});

it("says what share of the values a code stands for", () => {
  for (const share of [1, 0.1, 0.001]) {
    const code = 1 + Math.round((254 * Math.log1p(1e4 * share)) / Math.log1p(1e4));
    expect(shareOf(code) / share).toBeCloseTo(1, 1);
  }
});

it("names a range by its channel, and cuts long names at their beginning", () => {
  const frame = piece("channel probe 0", 0, [0, 1], [1, 2], {}, false);
  frame.header.chosen = { ...choice(["0"])!, channel: 3 };
  expect(ranges(after(undefined, frame)).map((one) => one.title)).toEqual(["layer 0 channel 3, probe 0 · std dotted"]);
  expect(titleOf("a_feature_extractor_with_a_name_that_fits_no_chart.0", " channel 3")).toBe(
    "\u2026or_with_a_name_that_fits_no_chart.0 channel 3",
  );
});

it("ranks marks by what they tell", () => {
  const ranks = marksOf([
    [1, "epoch", ""],
    [2, "error", "error"],
    [3, "finding", "dead units"],
  ]).map(({ rank }) => rank);
  expect(ranks[1]!).toBeLessThan(ranks[2]!);
  expect(ranks[2]!).toBeLessThan(ranks[0]!);
});

it("asks for a channel, and says what is wrong with another word", () => {
  give(view, monitor());
  const field = find<HTMLInputElement>("channel");
  const type = (text: string): void => {
    field.value = text;
    field.dispatchEvent(new Event("change"));
  };
  type("many");
  expect(find("channel-error").textContent).toContain("“many” is not a channel");
  type("3");
  expect(find("channel-error").hidden).toBe(true);
  give(view, monitor({ chosen: { ...choice(["conv1"])!, channel: 3, missing: "conv1 has no channel 3" } }));
  expect(find("channel-error").textContent).toBe("conv1 has no channel 3");
  type("");
  expect(wants).toEqual([
    ["channel", 3],
    ["channel", null],
  ]);
});

it("shows the weights once they were asked for", () => {
  give(view, monitor());
  find("weights-now").click();
  expect(wants).toEqual([["weights", true]]);
  expect(mounted).toEqual([]);
  give(view, monitor({ weights: true }));
  give(view, monitor({ weights: true }));
  expect(mounted).toEqual(["weights"]);
  view.destroy();
  expect(mounted).toEqual(["weights", "weights gone"]);
});

it("shows an interval that Python or another page chose, and the way back", () => {
  give(view, monitor());
  expect(find("whole-run").hidden).toBe(true);
  give(view, monitor({ chosen: { ...choice(["conv1"])!, between: [5, 9] } }));
  expect(find("whole-run").hidden).toBe(false);
  find("whole-run").click();
  expect(wants).toEqual([["zoom", null]]);
  expect(find("whole-run").hidden).toBe(true);
});

it("tells the latest events as text", () => {
  give(view, monitor({ told: [[1200, "<b>rests</b>"]] }));
  expect(find("told").textContent).toBe("step 1,200: <b>rests</b>");
});
