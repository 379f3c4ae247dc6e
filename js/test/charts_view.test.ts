// @vitest-environment happy-dom
// Charts on a page without a canvas: legend, crosshair, keys, pointer, menu, table.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Chart, chart, group, type Heat, heat, type Interval, legend } from "../src/charts";

const curve = (name: string, x: number[], y: number[]) => ({
  kind: "line" as const,
  name,
  colour: "red",
  x,
  y,
  dots: true,
});
const data = {
  title: "accuracy of <b>conv1</b>",
  about: "two curves",
  series: [curve("pca", [1, 2, 4], [0.2, 0.5, 0.9]), curve("random", [1, 4], [0.1, Number.NaN])],
  x: { name: "rank", low: 0, high: 5 },
  y: { low: 0, high: 1 },
};

let charts: (Chart | Heat)[];
let zooms: (Interval | null)[];
let clicks: number[][];
const shared = () => group({ zoomed: (interval) => zooms.push(interval) });
const make = (options: Parameters<typeof chart>[0] = {}): Chart => {
  const made = chart({ height: 200, clicked: (series, index) => clicks.push([series, index]), ...options });
  document.body.append(made.element);
  charts.push(made);
  made.show(data);
  return made;
};
const part = (of: { element: HTMLElement }, id: string): HTMLElement =>
  of.element.querySelector<HTMLElement>(`[data-testid="chart-${id}"]`)!;
const press = (of: { element: HTMLElement }, key: string): boolean =>
  part(of, "surface").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const said = (of: { element: HTMLElement }): string => part(of, "said").textContent!;
const pointer = (of: { element: HTMLElement }, type: string, [x, y]: readonly [number, number], buttons = 1): void => {
  const init = { clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", button: 0, buttons, bubbles: true };
  part(of, "surface").dispatchEvent(new PointerEvent(type, init));
};

/** What happy-dom does not do: an element as large as its style says, and pointers that are captured. */
const layOut = (surface: HTMLElement): [number, number] => {
  const [width, height] = [Number.parseFloat(surface.style.width), Number.parseFloat(surface.style.height)];
  Object.defineProperty(surface, "clientWidth", { value: width });
  surface.setPointerCapture = () => {};
  return [width, height];
};

beforeEach(() => {
  charts = [];
  zooms = [];
  clicks = [];
  document.body.replaceChildren();
});
afterEach(() => {
  for (const made of charts) made.destroy();
});

it("has a name, and a legend of what it shows; what users wrote is text", () => {
  const { element } = make();
  expect(part({ element }, "title").textContent).toBe("accuracy of <b>conv1</b>");
  expect(part({ element }, "surface").getAttribute("aria-label")).toMatch(/^accuracy of <b>conv1<\/b>\. two curves\. /);
  expect(element.querySelector("b")).toBeNull();
  expect([...element.querySelectorAll(".iv-chart-legend .iv-chart-name")].map((name) => name.textContent)).toEqual([
    "pca",
    "random",
  ]);
});

it("follows the arrow keys from value to value, and says each", () => {
  const made = make();
  expect(press(made, "ArrowRight")).toBe(false); // handled
  expect(said(made)).toBe("rank 1: pca 0.2, random 0.1");
  press(made, "ArrowRight");
  expect(said(made)).toBe("rank 2: pca 0.5, random 0.1");
  press(made, "End");
  expect(said(made)).toBe("rank 4: pca 0.9, random –");
  expect(part(made, "readout").textContent).toBe("rank 4pca0.9random–");
  press(made, "ArrowDown");
  expect(said(made)).toBe("pca 0.9, rank 4");
  press(made, "Escape");
  expect(part(made, "readout").parentElement!.hidden).toBe(true);
  expect(press(made, "Escape")).toBe(true); // left to the page
});

it("chooses a dot with the keyboard", () => {
  const made = make();
  press(made, "Enter");
  expect(clicks).toEqual([]);
  press(made, "ArrowRight");
  press(made, "Enter");
  press(made, "ArrowDown");
  press(made, "ArrowDown");
  press(made, "Enter");
  expect(clicks).toEqual([
    [0, 0],
    [1, 0],
  ]);
});

it("shares its crosshair with its group, and not with other charts", () => {
  const together = shared();
  const [one, two, other] = [make({ group: together }), make({ group: together }), make()];
  press(one, "ArrowRight");
  // The line stands in all charts of the group, the words where one points.
  const lines = [one, two, other].map((made) => !made.element.querySelector<HTMLElement>(".iv-chart-over")!.hidden);
  expect(lines).toEqual([true, true, false]);
  expect([part(one, "readout").hidden, part(two, "readout").hidden]).toEqual([false, true]);
  expect(said(two)).toBe(""); // announced once
  expect(part(other, "readout").textContent).toBe("");
  part(one, "surface").dispatchEvent(new FocusEvent("blur"));
  expect(together.at).toBeNull();
});

it("keeps the crosshair where it is while new numbers come", () => {
  const made = make();
  press(made, "Home");
  made.show({ ...data, series: [curve("pca", [1, 2], [0.7, 0.8])] });
  expect(part(made, "readout").textContent).toBe("rank 1pca0.7");
});

it("zooms by the keyboard and back, with all of its group", () => {
  const together = shared();
  const [one, two] = [make({ group: together }), make({ group: together })];
  expect(part(two, "whole").hidden).toBe(true);
  press(one, "Home");
  press(one, "+");
  expect(zooms).toEqual([[0.5, 3]]);
  expect(part(two, "whole").hidden).toBe(false);
  press(one, "End");
  expect(said(one)).toBe("rank 2: pca 0.5, random 0.1"); // the last that is shown
  press(two, "Escape");
  expect(zooms.at(-1)).toBeNull();
  together.show([1, 2]);
  part(one, "whole").click();
  expect(zooms.at(-1)).toBeNull();
  expect(together.interval).toBeNull();
});

it("follows an interval that is brushed, and a double click back; a click is no interval", () => {
  const together = shared();
  const made = make({ group: together });
  const surface = part(made, "surface");
  const [width] = layOut(surface);
  pointer(made, "pointerdown", [0.2 * width, 50]);
  pointer(made, "pointermove", [0.5 * width, 50]);
  expect(surface.querySelector<HTMLElement>(".iv-chart-brush")!.hidden).toBe(false);
  pointer(made, "pointerup", [0.6 * width, 50]);
  expect(zooms).toEqual([[expect.closeTo(1), expect.closeTo(3)]]);
  expect(surface.querySelector<HTMLElement>(".iv-chart-brush")!.hidden).toBe(true);
  surface.dispatchEvent(new MouseEvent("dblclick"));
  expect(zooms.at(-1)).toBeNull();
  pointer(made, "pointerdown", [10, 50]);
  pointer(made, "pointerup", [11, 50]);
  expect(zooms).toHaveLength(2);
  // Beyond the end is the end; Escape lets go.
  pointer(made, "pointerdown", [0.8 * width, 50]);
  pointer(made, "pointermove", [5000, 50]);
  press(made, "Escape");
  pointer(made, "pointerup", [5000, 50]);
  expect(zooms).toHaveLength(2);
});

it("keeps saying what a finger pointed at, and forgets what a mouse did", () => {
  const made = make();
  const [width] = layOut(part(made, "surface"));
  const tap = (pointerType: string): void => {
    const init = { clientX: (2 / 5) * width, clientY: 20, pointerId: 1, pointerType, button: 0 };
    for (const type of ["pointerdown", "pointerup", "pointerleave"])
      part(made, "surface").dispatchEvent(new PointerEvent(type, init));
  };
  const shown = (): boolean => !part(made, "readout").parentElement!.hidden;
  tap("touch");
  expect([shown(), part(made, "readout").textContent]).toEqual([true, "rank 2pca0.5random0.1"]);
  tap("mouse");
  expect(shown()).toBe(false);
});

it("tells which dot was clicked", () => {
  const made = make();
  const surface = part(made, "surface");
  const [width, height] = layOut(surface);
  const at = [(2 / 5) * width, 0.5 * height] as const; // pca at rank 2
  pointer(made, "pointermove", at, 0);
  expect(surface.style.cursor).toBe("pointer");
  pointer(made, "pointerdown", at);
  pointer(made, "pointerup", at, 0);
  pointer(made, "pointerdown", [at[0], 0.1 * height]);
  pointer(made, "pointerup", [at[0], 0.1 * height], 0);
  expect(clicks).toEqual([[0, 1]]);
});

it("switches a series off and on in all charts of a group, by the legend of one or of all", () => {
  const together = shared();
  const [one, two] = [make({ group: together }), make({ group: together, legend: false })];
  const names = legend(together);
  names.show(data.series);
  const button = (of: HTMLElement): HTMLElement => of.querySelector<HTMLElement>('button[data-name="random"]')!;
  button(one.element).click();
  expect(button(names.element).getAttribute("aria-pressed")).toBe("false");
  press(two, "Home");
  expect(said(two)).toBe("rank 1: pca 0.2");
  button(names.element).click();
  expect(button(one.element).getAttribute("aria-pressed")).toBe("true");
  names.destroy();
});

it("keeps the buttons of its legend while numbers change", () => {
  const made = make();
  const before = made.element.querySelector("button[data-name]");
  made.show({ ...data, series: data.series.map((series) => ({ ...series, y: [0, 0, 0] })) });
  expect(made.element.querySelector("button[data-name]")).toBe(before);
});

it("shows its numbers as a table, which follows a training in its own time", () => {
  vi.useFakeTimers();
  const made = make();
  part(made, "menu").click();
  part(made, "table-toggle").click();
  const cells = (): string[] =>
    [...part(made, "table").querySelectorAll("tbody tr:first-child > *")].map((cell) => cell.textContent!);
  expect(cells()).toEqual(["1", "0.2", "0.1"]);
  made.show({ ...data, series: [curve("pca", [3], [0.3])] });
  expect(cells()).toEqual(["1", "0.2", "0.1"]);
  vi.runAllTimers();
  expect(cells()).toEqual(["3", "0.3"]);
  part(made, "menu").click();
  expect(part(made, "table-toggle").getAttribute("aria-checked")).toBe("true");
  part(made, "table-toggle").click();
  expect(part(made, "table")).toBeNull();
  vi.useRealTimers();
});

it("has a menu for the keyboard", () => {
  const made = make();
  const [button, list] = [part(made, "menu"), made.element.querySelector<HTMLElement>('[role="menu"]')!];
  const key = (name: string): boolean =>
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  button.click();
  expect([list.hidden, document.activeElement!.textContent]).toEqual([false, "Table"]);
  key("ArrowDown");
  expect(document.activeElement!.textContent).toBe("Save as PNG");
  key("End");
  key("ArrowDown");
  expect(document.activeElement!.textContent).toBe("Table");
  key("Escape");
  expect([list.hidden, document.activeElement === button]).toEqual([true, true]);
  button.click();
  document.body.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  expect(list.hidden).toBe(true);
});

it("writes the words of marks once for a group", () => {
  const together = shared();
  const marked = { ...data, marks: [{ x: 2, word: "paused", colour: "red" }] };
  const all = [make({ group: together }), make({ group: together })];
  for (const made of all) made.show(marked);
  expect(all.map((made) => made.svg().includes(">paused</text>"))).toEqual([true, false]);
  press(all[1]!, "Home");
  press(all[1]!, "ArrowRight");
  expect(part(all[1]!, "readout").textContent).toContain("paused");
  const other = make({ group: together, words: true });
  other.show(marked);
  expect(other.svg()).toContain(">paused</text>");
});

it("draws a heat map on the axis of its group", () => {
  const together = shared();
  const [lines, map] = [make({ group: together }), heat({ group: together, height: 200 })];
  charts.push(map);
  document.body.append(map.element);
  map.show({ title: "conv1", edges: [0, 2, 4], codes: Uint8Array.of(0, 7, 9, 0), bins: 2 });
  press(lines, "ArrowRight");
  expect(part(map, "readout").hidden).toBe(true);
  press(map, "Home");
  expect(part(map, "readout").textContent).toBe("x 1most frequentbin 1");
  press(map, "ArrowRight");
  expect(said(map)).toBe("x 3: most frequent bin 0");
});

it("leaves nothing behind", () => {
  const together = shared();
  const made = chart({ group: together });
  document.body.append(made.element);
  made.show(data);
  const listeners: string[] = [];
  const [add, remove] = [vi.spyOn(document, "addEventListener"), vi.spyOn(document, "removeEventListener")];
  part(made, "menu").click();
  made.destroy();
  for (const [type] of add.mock.calls) listeners.push(type);
  for (const [type] of remove.mock.calls) listeners.splice(listeners.indexOf(type), 1);
  expect(listeners).toEqual([]);
  expect(document.body.children).toHaveLength(0);
  together.point(3);
  together.show([1, 2]);
  add.mockRestore();
  remove.mockRestore();
});
