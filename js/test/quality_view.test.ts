// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { QualityFrame, QualityRow, ViewFrame } from "../src/frames";
import { give, type View } from "../src/view";
import { create } from "../src/views/quality_table";

const row = (layer: string, changes: Partial<QualityRow> = {}): QualityRow => ({
  layer,
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
const ROWS = [
  row("fc1", { sameClass: 0.5 }),
  row("fc2", { sameClass: null, note: "all <i>samples</i> are the same" }),
  row("<b>fc3</b>", { sameClass: 0.25, method: "own space", trustworthiness: null }),
];
const quality = (rows: QualityRow[], changes: Partial<QualityFrame["header"]> = {}): ViewFrame => ({
  header: { kind: "quality", rows, k: 10, noLabels: "", latex: "\\begin{tabular}", ...changes },
  arrays: {},
});
const selected = (layer: string | null): ViewFrame => ({ header: { kind: "selected", layer }, arrays: {} });
const busy = (label: string, fraction: number | null): ViewFrame => ({
  header: { kind: "busy", scope: "measure", label, fraction, over: !label },
  arrays: {},
});
const failed = (message: string): ViewFrame => ({
  header: { kind: "error", scope: "measure", message, detail: "Traceback", over: !message },
  arrays: {},
});

let element: HTMLElement;
let view: View;
let wants: [string, unknown][];

const find = <E extends HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
const rows = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>('[data-testid="quality-row"]')];
const layers = (): string[] => rows().map((one) => one.dataset.layer!);
const header = (column: string): HTMLElement => element.querySelector<HTMLElement>(`th[data-column="${column}"]`)!;
const sortBy = (column: string): void => header(column).querySelector("button")!.click();
const cell = (place: number, column: string): HTMLElement =>
  rows()[place]!.querySelector<HTMLElement>(`td[data-column="${column}"]`)!;
const current = (): string[] =>
  rows()
    .filter((one) => one.getAttribute("aria-current") === "true")
    .map((one) => one.dataset.layer!);
const stop = (): HTMLButtonElement => find<HTMLButtonElement>("stop");

beforeEach(() => {
  element = document.createElement("div");
  document.body.replaceChildren(element);
  wants = [];
  view = create(element, { want: (key, value) => wants.push([key, value]), upload: () => {} });
});
afterEach(() => {
  view.destroy();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("measures the layers and spaces that are chosen", () => {
  find("measure").click();
  find("layers-all").click();
  find("space-umap").click();
  find("space-pca").click();
  find("measure").click();
  expect(wants).toEqual([
    ["measure", { layers: "chosen", methods: ["own space", "pca"] }],
    ["measure", { layers: "all", methods: ["own space", "umap"] }],
  ]);
  expect(find("layers-all").getAttribute("aria-pressed")).toBe("true");
});

it("cannot measure in no space, and says so", () => {
  find("space-own space").click();
  find("space-pca").click();
  const button = find<HTMLButtonElement>("measure");
  expect(button.disabled).toBe(true);
  expect(button.title).toContain("at least one");
  find("space-tsne").click();
  expect(button.disabled).toBe(false);
  expect(button.title).toBe("");
});

it("stops what is being measured, and tells how far it is", () => {
  expect(find("work").hidden).toBe(true);
  find("measure").click();
  give(view, busy("fc1, t-SNE", 0.42));
  expect(find("work").textContent).toContain("fc1, t-SNE · 42 %");
  give(view, quality(ROWS)); // a row is done, others follow
  expect(find("work").hidden).toBe(false);
  expect(find("quality-known").hidden).toBe(true);
  stop().click();
  expect(wants.at(-1)).toEqual(["stop", "measure"]);
  give(view, busy("", null));
  expect(find("work").hidden).toBe(true);
  expect(find("quality-known").textContent).toBe("3 rows");
});

it("has nothing to stop after an error", () => {
  find("measure").click();
  give(view, failed("no layer is chosen"));
  expect(find("errors").textContent).toContain("no layer is chosen");
  expect(find("work").hidden).toBe(true);
});

it("shows a row for each result, with text as text", () => {
  give(view, quality([]));
  expect(find("quality-empty").hidden).toBe(false);
  give(view, quality(ROWS));
  expect(find("quality-empty").hidden).toBe(true);
  expect(layers()).toEqual(["fc1", "fc2", "<b>fc3</b>"]);
  expect(rows()[2]!.querySelector("th")!.textContent).toBe("<b>fc3</b>");
  expect(element.querySelector("b, i")).toBeNull();
  expect(cell(0, "sameClass").textContent).toBe("0.5000");
});

it("says why there is no value", () => {
  give(view, quality(ROWS));
  expect(cell(1, "sameClass").textContent).toBe("–");
  expect(cell(1, "sameClass").title).toBe("all <i>samples</i> are the same");
  expect(cell(2, "trustworthiness").title).toContain("nothing to be compared with");
  give(view, quality(ROWS, { noLabels: "no labels, so no classes" }));
  expect(find("quality-no-labels").textContent).toBe("no labels, so no classes");
  expect(header("sameClass").hasAttribute("data-without-labels")).toBe(true);
  expect(header("trustworthiness").hasAttribute("data-without-labels")).toBe(false);
});

it("marks the best of a column", () => {
  give(view, quality(ROWS));
  expect(cell(2, "sameClass").hasAttribute("data-best")).toBe(true);
  expect(cell(2, "sameClass").textContent).toContain("best");
  expect(cell(0, "sameClass").hasAttribute("data-best")).toBe(false);
  expect(element.querySelectorAll("[data-best]")).toHaveLength(1); // the others are all equal
});

it("draws bars as long as the values", () => {
  give(view, quality(ROWS));
  const part = (place: number, column: string): string =>
    cell(place, column).style.getPropertyValue("--iv-part").trim();
  expect([part(0, "sameClass"), part(1, "sameClass"), part(2, "sameClass")]).toEqual(["100.00%", "", "50.00%"]);
  expect(part(0, "knnAccuracy")).toBe("90.00%");
});

it("sorts by a click on a header, and stays sorted when rows come", () => {
  give(view, quality(ROWS));
  sortBy("sameClass");
  expect(layers()).toEqual(["<b>fc3</b>", "fc1", "fc2"]);
  expect(header("sameClass").getAttribute("aria-sort")).toBe("ascending");
  give(view, quality([...ROWS, row("fc4", { sameClass: 0.3 })]));
  expect(layers()).toEqual(["<b>fc3</b>", "fc4", "fc1", "fc2"]);
  sortBy("sameClass");
  expect(layers()).toEqual(["fc1", "fc4", "<b>fc3</b>", "fc2"]);
  expect(header("sameClass").getAttribute("aria-sort")).toBe("descending");
  sortBy("sameClass");
  expect(layers()).toEqual(["fc1", "fc2", "<b>fc3</b>", "fc4"]);
  expect(header("sameClass").getAttribute("aria-sort")).toBe("none");
});

it("has a column of models when there are two", () => {
  give(view, quality(ROWS));
  expect(header("model").hidden).toBe(true);
  expect(rows()[0]!.children).toHaveLength(10);
  give(view, quality([row("fc1", { model: "trained" }), row("fc1", { model: "untrained" })]));
  expect(header("model").hidden).toBe(false);
  expect([cell(0, "model").textContent, cell(1, "model").textContent]).toEqual(["trained", "untrained"]);
});

it("chooses the layer of a row, by mouse and by keyboard, once", () => {
  give(view, quality([...ROWS, row("fc1", { method: "tsne" })]));
  give(view, selected("fc2"));
  expect(current()).toEqual(["fc2"]);
  cell(0, "sameClass").click();
  expect(current()).toEqual(["fc1", "fc1"]);
  expect(wants).toEqual([["layer", "fc1"]]);
  cell(0, "sameClass").click();
  expect(wants).toHaveLength(1);
  give(view, selected("fc1"));
  give(view, selected(null));
  expect(current()).toEqual([]);
  rows()[2]!.querySelector("button")!.click();
  expect(wants.at(-1)).toEqual(["layer", "<b>fc3</b>"]);
});

it("does not choose a layer while text is being selected", () => {
  give(view, quality(ROWS));
  vi.spyOn(window, "getSelection").mockReturnValue({ toString: () => "0.5000" } as unknown as Selection);
  cell(0, "sameClass").click();
  expect(wants).toEqual([]);
});

it("keeps the focus on a row when others come, it moves, or is measured again", () => {
  const focused = () => document.activeElement?.closest("tr")?.dataset.layer;
  give(view, quality(ROWS));
  rows()[1]!.querySelector("button")!.focus();
  give(view, quality([row("fc0"), ...ROWS]));
  expect(focused()).toBe("fc2");
  give(view, quality([ROWS[1]!, row("fc0"), ROWS[0]!, row("fc2", { method: "tsne" })]));
  expect(focused()).toBe("fc2");
  give(view, quality([row("fc2", { sameClass: 0.7 })]));
  expect(focused()).toBe("fc2");
});

it("keeps the rows that stay as they are, and what it says of them up to date", () => {
  give(view, quality(ROWS));
  const [first, , third] = rows();
  expect(third!.querySelector("[data-best]")).not.toBeNull();
  give(view, quality([...ROWS, row("fc4", { sameClass: 0.1 })]));
  expect(rows()[0]).toBe(first);
  expect(rows()[2]).toBe(third);
  expect(third!.querySelector("[data-best]")).toBeNull();
  expect(cell(2, "sameClass").textContent).toBe("0.2500");
  expect(cell(3, "sameClass").textContent).toContain("best");
  give(view, quality([ROWS[2]!]));
  expect(layers()).toEqual(["<b>fc3</b>"]);
});

it("copies the table as LaTeX and, as it is sorted, as text", async () => {
  const copied: string[] = [];
  vi.spyOn(navigator.clipboard, "writeText").mockImplementation(async (text) => void copied.push(text));
  expect(find<HTMLButtonElement>("copy-latex").disabled).toBe(true);
  give(view, quality(ROWS));
  sortBy("sameClass");
  find("copy-latex").click();
  find("copy-text").click();
  await vi.waitFor(() => expect(copied).toHaveLength(2));
  expect(copied[0]).toBe("\\begin{tabular}");
  expect(copied[1]!.split("\n").map((line) => line.split("\t")[0])).toEqual(["Layer", "<b>fc3</b>", "fc1", "fc2"]);
});

it("asks for nothing by itself, and leaves nothing behind", () => {
  give(view, quality(ROWS));
  give(view, selected("fc1"));
  expect(wants).toEqual([]);
  expect(element.dataset.painted).toBe("3");
  view.destroy();
  expect(element.innerHTML).toBe("");
  expect(element.dataset.painted).toBeUndefined();
});
