// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { MonitorFinding, MonitorFrame, View, ViewFrame } from "../src/frames";
import { sparkPath } from "../src/monitor/pictures";
import { clicked } from "../src/monitor/rows";
import { create } from "../src/views/monitor_table";

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
const monitor = (changes: Partial<MonitorFrame["header"]> = {}, names = NAMES): ViewFrame => ({
  header: {
    kind: "monitor",
    step: 1234,
    state: "training",
    live: true,
    budget: 0.02,
    overhead: 0.0142,
    recorded: 400,
    few: null,
    undo: "",
    metrics: ["loss", "lr"],
    rows: names.map((name) => ({ name, kind: "Conv2d", verdict: "", severity: 0 })),
    findings: [],
    chosen: ["conv1"],
    colours: ["red", "green", "blue"],
    choosable: 3,
    ...changes,
  },
  arrays: {
    values: { shape: [2], data: new Float64Array([2.31, 0.01]) },
    mean: f32(names.map((_, i) => i)),
    std: f32(names.map((_, i) => (i === 2 ? Number.NaN : 0.5))),
    nearZeros: f32(names.map(() => 0.25)),
    dead: f32(names.map((_, i) => (i === 1 ? 0.5 : Number.NaN))),
    sparks: f32(
      names.flatMap((_, i) => [0, i, 2 * i]),
      [names.length, 3],
    ),
    strips: { shape: [names.length, 2], data: new Uint8Array(2 * names.length) },
  },
});

let element: HTMLElement;
let view: View;
let wants: [string, unknown][];
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
  view = create(element, { want: (key, value) => wants.push([key, value]), upload: () => {} });
});
afterEach(() => view.destroy());

it("waits for the first step, then shows a row for each layer, with text as text", () => {
  view.update(monitor({}, []));
  expect(find("monitor-empty").hidden).toBe(false);
  view.update(monitor());
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
  view.update(monitor());
  expect(find("step").textContent).toBe("1,234");
  expect(find("overhead").textContent).toMatch(
    /^400 of [\d,]+ steps recorded, recording takes 1\.4 % of the training time$/,
  );
  expect(find("metrics").textContent).toBe("loss2.31learning rate0.01");
  const bad = monitor();
  (bad as MonitorFrame).arrays.values.data[0] = Number.NaN;
  view.update(bad);
  expect(find("metrics").querySelector("[data-bad]")!.textContent).toBe("lossNaN");
});

it("pauses and resumes, sets the budget, undoes an action", () => {
  view.update(monitor());
  find("pause").click();
  expect(find("pause").textContent).toBe("Resume");
  view.update(monitor()); // not yet answered
  expect(find("pause").textContent).toBe("Resume");
  view.update(monitor({ state: "paused" }));
  find("pause").click();
  const budget = find<HTMLSelectElement>("budget");
  expect(budget.value).toBe("0.02");
  budget.value = "0.1";
  budget.dispatchEvent(new Event("change"));
  expect(find("undo").hidden).toBe(true);
  view.update(monitor({ undo: "learning rate halved" }));
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
  view.update(monitor({ budget: null, recorded: 1234 }));
  expect(find("overhead").textContent).toBe("every step is recorded");
  view.update(monitor({ budget: null }));
  expect(find("overhead").textContent).toBe("400 of 1,234 steps recorded"); // it was paused for a while
  expect(find("overhead").title).toContain("1.4 %");
  expect(find<HTMLSelectElement>("budget").selectedOptions[0]!.textContent).toBe("any");
  view.update(monitor({ state: "ended" }));
  expect(find("pause").hidden).toBe(true);
});

it("chooses layers by click, Ctrl and Shift, and hears what Python chose", () => {
  view.update(monitor());
  expect(selected()).toEqual(["conv1"]);
  click(2);
  click(1, { ctrlKey: true });
  expect(selected()).toEqual(["relu1", "conv2"]);
  expect(rows()[1]!.style.getPropertyValue("--iv-line-colour")).toBe("green");
  click(3, { shiftKey: true });
  expect(wants.at(-1)).toEqual(["layers", ["conv2", "<b>fc</b>"]]);
  view.update(monitor({ chosen: ["conv2", "<b>fc</b>"] }));
  view.update(monitor({ chosen: ["relu1"] }));
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
  view.update(monitor({ findings: null }));
  expect(find("findings-title").textContent).toBe("");
  view.update(monitor());
  expect(find("findings-title").textContent).toBe("Nothing looks wrong");
  view.update(monitor({ findings: [], few: 6 }));
  expect(find("findings-title").textContent).toBe("Too few records to judge: 6 of each layer");
  const other = finding("", { kind: "chance", severity: 3 });
  view.update(monitor({ findings: [finding("relu1")] }));
  const item = find("finding");
  item.querySelector("details")!.open = true;
  view.update(monitor({ findings: [other, finding("relu1", { evidence: "<i>60 %</i>" })] }));
  const items = [...element.querySelectorAll<HTMLElement>('[data-testid="finding"]')];
  expect(items.map((one) => one.dataset.kind)).toEqual(["chance", "dead"]);
  expect(items[1]).toBe(item);
  expect(item.querySelector("details")!.open).toBe(true);
  expect(item.textContent).toContain("dead units");
  expect(item.textContent).toContain("<i>60 %</i>");
  expect(items[0]!.querySelector("button")!.hidden).toBe(true);
  item.querySelector("button")!.click();
  expect(wants).toEqual([["layers", ["relu1"]]]);
  view.update(monitor());
  expect(find("finding")).toBeNull();
});

it("shows an error and takes an unanswered pause back", () => {
  view.update(monitor());
  find("pause").click();
  view.update({ header: { kind: "error", scope: "paused", message: "no", detail: "" }, arrays: {} });
  expect(find("pause").textContent).toBe("Pause");
  expect(find("errors").textContent).toContain("no");
});

it("keeps its rows from frame to frame, 200 of them as well", () => {
  const names = Array.from({ length: 200 }, (_, i) => `layer${i}`);
  view.update(monitor({}, names));
  const first = rows()[0];
  view.update(monitor({}, names));
  expect(rows()[0]).toBe(first);
  expect(rows()).toHaveLength(200);
});

it("draws a line with gaps where there is no number", () => {
  const path = sparkPath(new Float32Array([0, 1, Number.NaN, 1, 0]), 10, 10);
  expect(path.match(/M/g)).toHaveLength(2);
  expect(path).toMatch(/^M1.0 8.0L3.0 2.0M7.0 2.0L9.0 8.0$/);
  expect(sparkPath(new Float32Array([Number.NaN]))).toBe("");
  // What is steady lies in the middle, not at the bottom.
  expect(sparkPath(new Float32Array([5, 5]), 10, 10)).toBe("M1.0 5.0L9.0 5.0");
});

it("leaves nothing behind", () => {
  view.update(monitor());
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
