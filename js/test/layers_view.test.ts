// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LayerRow, ViewFrame } from "../src/frames";
import { give, type View } from "../src/view";
import { create } from "../src/views/layer_picker";

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
const ROWS = [
  row("stem"),
  row("blocks", { kind: "ModuleList", status: "never called", shape: null, size: null, note: "only holds others" }),
  row("blocks.0", { kind: "Block" }),
  row("blocks.0.<b>conv</b>"),
  row("head", { kind: "Linear", shape: [10], size: 10 }),
];
const layers = (rows: LayerRow[]): ViewFrame => ({
  header: { kind: "layers", model: "Net", parameters: 1, rows },
  arrays: {},
});
const selected = (layer: string | null): ViewFrame => ({ header: { kind: "selected", layer }, arrays: {} });
const failed = (scope: string, message: string): ViewFrame => ({
  header: { kind: "error", scope, message, detail: "Traceback", over: !message },
  arrays: {},
});

let element: HTMLElement;
let view: View;
let wants: [string, unknown][];

const $ = <T extends HTMLElement = HTMLElement>(selector: string): T => element.querySelector<T>(selector)!;
const rowOf = (name: string): HTMLElement =>
  [...element.querySelectorAll<HTMLElement>("[role=row][data-layer]")].find((e) => e.dataset.layer === name)!;
const listed = (): string[] =>
  [...element.querySelectorAll<HTMLElement>("[role=row][data-layer]")]
    .sort((a, b) => Number(a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex")))
    .map((e) => e.dataset.layer!);
const chosen = (): string[] =>
  [...element.querySelectorAll<HTMLElement>("[aria-selected=true]")].map((e) => e.dataset.layer!);
const press = (key: string, on: Element = document.activeElement!, more: KeyboardEventInit = {}): void => {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
};
const search = (text: string): void => {
  const input = $<HTMLInputElement>("[data-testid=layer-search]");
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
};

beforeEach(() => {
  element = document.createElement("div");
  document.body.append(element);
  wants = [];
  view = create(element, { want: (key, value) => wants.push([key, value]), upload: () => {} });
});
afterEach(() => {
  view.destroy();
  element.remove();
  vi.useRealTimers();
});

it("chooses a layer at a click, at once, and asks the kernel for it", () => {
  give(view, layers(ROWS));
  give(view, selected("stem"));
  expect(chosen()).toEqual(["stem"]);
  rowOf("head").click();
  expect(wants).toEqual([["layer", "head"]]);
  expect(chosen()).toEqual(["head"]);
  give(view, selected("stem")); // an answer to an earlier click
  expect(chosen()).toEqual(["head"]);
  give(view, selected("head"));
  give(view, selected("stem")); // now someone else chose
  expect(chosen()).toEqual(["stem"]);
  expect(wants).toHaveLength(1);
});

it("follows a choice made elsewhere right after a click on the row that is chosen already", () => {
  give(view, layers(ROWS));
  give(view, selected("stem"));
  rowOf("stem").click(); // the kernel has nothing to answer
  give(view, selected("head"));
  expect(chosen()).toEqual(["head"]);
  expect(wants).toEqual([]);
});

it("shows what the kernel said last when the answer to a click does not come", () => {
  vi.useFakeTimers();
  give(view, layers(ROWS));
  give(view, selected("stem"));
  rowOf("head").click();
  rowOf("stem").click(); // both clicks may reach the kernel as one, which changes nothing
  give(view, selected("blocks.0"));
  expect(chosen()).toEqual(["stem"]);
  vi.runAllTimers();
  expect(chosen()).toEqual(["blocks.0"]);
  expect($("[data-testid=busy]").hidden).toBe(true);
});

it("keeps a click that a busy kernel has not answered, and then takes its word", () => {
  vi.useFakeTimers();
  give(view, layers(ROWS));
  give(view, selected("stem"));
  rowOf("head").click();
  rowOf("head").click();
  expect(wants).toHaveLength(1);
  vi.runAllTimers();
  expect(chosen()).toEqual(["head"]);
  expect($("[data-testid=busy]").hidden).toBe(false);
  rowOf("head").click(); // the first may be lost
  expect(wants).toHaveLength(2);
  vi.runAllTimers();
  give(view, selected("blocks.0"));
  expect(chosen()).toEqual(["blocks.0"]);
});

it("says the kind behind a label that is a number, and begins where the header does in a model without folders", () => {
  give(view, layers([row("0"), row("1", { kind: "<b>ReLU</b>" }), row("head", { kind: "Linear" })]));
  expect(element.querySelector(".iv-layer b")).toBeNull();
  expect([...element.querySelectorAll(".iv-layer-inline-kind[data-number]")].map((e) => e.textContent)).toEqual([
    "Conv2d",
    "<b>ReLU</b>",
  ]);
  expect($("[data-testid=layer-list]").hasAttribute("data-flat")).toBe(true);
  give(view, layers(ROWS));
  expect($("[data-testid=layer-list]").hasAttribute("data-flat")).toBe(false);
});

it("takes the choice back when the kernel refuses it, and says why until there is an answer", () => {
  give(view, layers(ROWS));
  give(view, selected("stem"));
  rowOf("head").click();
  give(view, failed("layer", "head cannot be shown"));
  expect(chosen()).toEqual(["stem"]);
  expect($("[role=alert]").textContent).toContain("head cannot be shown");
  give(view, failed("layer", ""));
  expect($("[role=alert]")).toBeNull();
});

it("tells why a row cannot be chosen, folds it instead, and asks for nothing", () => {
  give(view, layers(ROWS));
  rowOf("blocks").click();
  expect(wants).toEqual([]);
  expect($("[data-testid=layer-note]").textContent).toBe("Cannot be shown: only holds others.");
  expect(rowOf("blocks").getAttribute("aria-expanded")).toBe("false");
  expect(listed()).toEqual(["stem", "blocks", "head"]);
});

it("unfolds what holds a layer that was chosen elsewhere, also when that came first", () => {
  give(view, selected("blocks.0.<b>conv</b>"));
  give(view, layers(ROWS));
  expect(chosen()).toEqual(["blocks.0.<b>conv</b>"]);
  rowOf("blocks").click();
  expect(chosen()).toEqual([]);
  give(view, selected("stem"));
  give(view, selected("blocks.0.<b>conv</b>"));
  expect(chosen()).toEqual(["blocks.0.<b>conv</b>"]);
});

it("shows names as text and marks what was searched", () => {
  give(view, layers(ROWS));
  search("CONV</b>");
  expect(element.querySelector(".iv-layer b")).toBeNull();
  expect([...element.querySelectorAll(".iv-layer-label mark")].map((mark) => mark.textContent)).toEqual(["conv</b>"]);
  expect(listed()).toEqual(["blocks", "blocks.0", "blocks.0.<b>conv</b>"]);
  expect($("[data-testid=layer-count]").textContent).toBe("1 of 5");
  search("nothing of the kind");
  expect($("[data-testid=no-match]").hidden).toBe(false);
  press("Escape", $("[data-testid=layer-search]"));
  expect(listed()).toHaveLength(5);
  expect($("[data-testid=layer-count]").textContent).toBe("5 layers");
});

it("filters by kind", () => {
  give(view, layers(ROWS));
  const chip = $(".iv-kind[data-kind=Linear]");
  chip.click();
  expect(listed()).toEqual(["head"]);
  expect(chip.getAttribute("aria-pressed")).toBe("true");
  $(".iv-kind[data-kind=Block]").click();
  expect(listed()).toEqual(["blocks", "blocks.0", "head"]);
  chip.click();
  expect(listed()).toEqual(["blocks", "blocks.0"]);
});

it("is worked by keys alone", () => {
  give(view, layers(ROWS));
  give(view, selected("stem"));
  rowOf("stem").focus();
  press("ArrowDown");
  press("ArrowLeft");
  expect(listed()).toEqual(["stem", "blocks", "head"]);
  press("ArrowDown");
  expect(document.activeElement).toBe(rowOf("head"));
  press("Enter");
  expect(wants).toEqual([["layer", "head"]]);
  press("Home");
  press(" ");
  expect(wants.at(-1)).toEqual(["layer", "stem"]);
  press("/");
  expect(document.activeElement).toBe($("[data-testid=layer-search]"));
  search("head");
  press("Enter");
  expect(wants.at(-1)).toEqual(["layer", "head"]);
  press("ArrowDown");
  expect(document.activeElement).toBe(rowOf("head"));
  expect([...element.querySelectorAll(".iv-layer[tabindex='0']")]).toEqual([rowOf("head")]);
});

it("keeps its keys from the page around it, and leaves it all others", () => {
  give(view, layers(ROWS));
  const outside = vi.fn();
  element.addEventListener("keydown", (event) => outside(event.key));
  rowOf("stem").focus();
  for (const key of ["ArrowDown", "ArrowRight", "Enter", "a"]) press(key);
  press("ArrowDown", document.activeElement!, { ctrlKey: true });
  expect(outside.mock.calls).toEqual([["a"], ["ArrowDown"]]);
});

it("copies the full name", async () => {
  give(view, layers(ROWS));
  const written = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  rowOf("blocks.0.<b>conv</b>").querySelector<HTMLElement>("[data-testid=copy]")!.click();
  await vi.waitFor(() => expect($("[data-testid=copied]").textContent).toBe("Copied blocks.0.<b>conv</b>"));
  expect(written).toHaveBeenCalledWith("blocks.0.<b>conv</b>");
  expect(wants).toEqual([]);
  written.mockRestore();
});

it("makes elements only for rows in sight", () => {
  give(view, layers(Array.from({ length: 3000 }, (_, i) => row(`layer_${i}`))));
  expect(element.querySelectorAll(".iv-layer").length).toBeLessThan(100);
  expect($("[role=treegrid]").getAttribute("aria-rowcount")).toBe("3001");
  press("End", rowOf("layer_0"));
  expect((document.activeElement as HTMLElement).dataset.layer).toBe("layer_2999");
});

it("says so when the model has no layers", () => {
  give(view, layers([]));
  expect($("[data-testid=empty]").textContent).toContain("Net has no modules inside it");
});

it("leaves nothing behind", () => {
  give(view, layers(ROWS));
  view.destroy();
  expect(element.children).toHaveLength(0);
});
