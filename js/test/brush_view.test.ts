// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ContrastFrame, ViewFrame } from "../src/frames";
import { give, type View } from "../src/view";
import { create } from "../src/views/brush_panel";

type Contrast = ContrastFrame["header"];

const contrast = (changes: Partial<Contrast> = {}): ViewFrame => ({
  header: {
    kind: "contrast",
    layer: "conv1",
    selected: 3,
    rest: 7,
    classes: [
      { name: "<b>cat</b>", selected: 1, rest: 4 },
      { name: "dog", selected: 2, rest: 1 },
      { name: "owl", selected: 0, rest: 2 },
    ],
    channels: [
      { channel: 5, selected: 1.5, rest: 0.25, difference: 2 },
      { channel: 0, selected: 0.1, rest: 0.3, difference: -1 },
    ],
    channelCount: 40,
    note: "",
    ...changes,
  },
  arrays: {},
});
const brushed = (...indices: number[]): ViewFrame => ({
  header: { kind: "brushed", count: indices.length, total: 1797 },
  arrays: { indices: { shape: [indices.length], data: Uint32Array.from(indices) } },
});
const failed = (message: string): ViewFrame => ({
  header: { kind: "error", scope: "contrast", message, detail: "Traceback", over: !message },
  arrays: {},
});

let element: HTMLElement;
let view: View;
let wants: [string, unknown][];

const find = <E extends HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
const all = (id: string): HTMLElement[] => [...element.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];
const channels = (): string[] => all("brush-channel").map((row) => row.dataset.channel!);
const press = (key: string): KeyboardEvent => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  document.activeElement!.dispatchEvent(event);
  return event;
};
// What a reader sees: nothing inside an element that is hidden.
const visible = (id: string): boolean => find(id) !== null && find(id).closest("[hidden]") === null;

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

it("counts what is selected, with or without the indices", () => {
  give(view, contrast());
  expect(find("brush-count").textContent).toBe("3 selected of 10");
  give(view, brushed(1, 2, 3, 4));
  expect(find("brush-count").textContent).toBe("4 selected of 1,797");
});

it("says how to select when nothing is", () => {
  give(view, brushed());
  expect(visible("brush-count")).toBe(false);
  expect(find("brush-empty").textContent).toContain("lasso");
  expect(find("brush-empty").textContent).toContain("inspector.brush = [");
  give(view, brushed(1));
  expect(visible("brush-empty")).toBe(false);
  expect(visible("brush-count")).toBe(true);
});

it("shows the classes of the selected, the commonest first, with text as text", () => {
  give(view, contrast());
  expect(all("brush-class").map((row) => row.dataset.class)).toEqual(["dog", "<b>cat</b>"]);
  expect(all("brush-class")[1]!.textContent).toBe("<b>cat</b>14");
  expect(element.querySelector("b")).toBeNull();
  expect(all("brush-class")[0]!.title).toContain("2 of 3 selected (66.7 %)");
});

it("unfolds the classes of which none is selected, and keeps them open", () => {
  give(view, contrast());
  expect(find("brush-more-classes").textContent).toBe("+1 with none");
  find("brush-more-classes").click();
  expect(all("brush-class").map((row) => row.dataset.class)).toEqual(["dog", "<b>cat</b>", "owl"]);
  give(view, contrast({ selected: 2 }));
  expect(all("brush-class")).toHaveLength(3);
  find("brush-more-classes").click();
  expect(all("brush-class")).toHaveLength(2);
});

it("says so when there are no labels", () => {
  give(view, contrast({ classes: [] }));
  expect(visible("brush-no-labels")).toBe(true);
  expect(all("brush-class")).toEqual([]);
  give(view, contrast());
  expect(visible("brush-no-labels")).toBe(false);
});

it("asks for a channel at a click and by keys, and keeps its keys from the notebook", () => {
  give(view, contrast());
  all("brush-channel")[0]!.click();
  expect(wants).toEqual([["channel", 5]]);
  expect(document.activeElement).toBe(all("brush-channel")[0]);
  const outside = vi.fn();
  document.body.addEventListener("keydown", outside);
  expect(press("ArrowDown").defaultPrevented).toBe(true);
  expect(document.activeElement).toBe(all("brush-channel")[1]);
  press("ArrowDown"); // the last one
  press("Enter");
  expect(wants.at(-1)).toEqual(["channel", 0]);
  press("Home");
  press(" ");
  expect(wants.at(-1)).toEqual(["channel", 5]);
  expect(outside).not.toHaveBeenCalled();
  press("a");
  expect(outside).toHaveBeenCalledTimes(1);
  document.body.removeEventListener("keydown", outside);
});

it("marks the channel that is enlarged, wherever it was chosen, also among channels that come later", () => {
  const marked = (): (string | undefined)[] =>
    all("brush-channel")
      .filter((row) => row.getAttribute("aria-selected") === "true")
      .map((row) => row.dataset.channel);
  const current = (channel: number | null): void =>
    give(view, { header: { kind: "current", sample: 0, channel }, arrays: {} });
  current(0);
  give(view, contrast());
  expect(marked()).toEqual(["0"]);
  current(7); // not listed
  expect(marked()).toEqual([]);
  all("brush-channel")[0]!.click();
  expect(marked()).toEqual(["5"]); // before the kernel answers
  current(0); // it answers an earlier click
  expect(marked()).toEqual(["5"]);
  current(5);
  current(null);
  expect(marked()).toEqual([]);
  expect(wants).toEqual([["channel", 5]]);
});

it("is reached by Tab at one channel, and keeps the focus on it when it moves", () => {
  give(view, contrast());
  all("brush-channel")[1]!.focus();
  press("ArrowUp");
  press("ArrowDown");
  const { channels: list } = contrast().header as Contrast;
  give(view, contrast({ channels: [...list].reverse() }));
  expect((document.activeElement as HTMLElement).dataset.channel).toBe("0");
  expect(all("brush-channel").map((row) => row.tabIndex)).toEqual([0, -1]);
});

it("asks for more channels until all are there", () => {
  give(view, contrast());
  find("brush-more").click();
  expect(wants).toEqual([["more", 26]]);
  find("brush-more").click(); // on its way
  expect(wants).toHaveLength(1);
  give(view, contrast({ channelCount: 3 }));
  find("brush-more").click();
  expect(wants.at(-1)).toEqual(["more", 3]);
  give(view, failed("out of memory"));
  find("brush-more").click();
  expect(wants).toHaveLength(3);
  give(view, contrast({ channelCount: 2 }));
  expect(find("brush-more").hidden).toBe(true);
});

it("keeps the last channels, dimmed, while those of the new selection are computed", () => {
  give(view, contrast());
  give(view, contrast({ selected: 4, channels: [], channelCount: 0 }));
  expect(channels()).toEqual(["5", "0"]);
  const part = find("brush-more").parentElement!;
  expect(part.hasAttribute("data-waiting")).toBe(true);
  give(view, contrast({ selected: 4, channels: [{ channel: 9, selected: null, rest: 1, difference: null }] }));
  expect(channels()).toEqual(["9"]);
  expect(part.hasAttribute("data-waiting")).toBe(false);
});

it("shows no channels, and the reason, where there is nothing to compare", () => {
  give(view, contrast());
  give(view, contrast({ channels: [], channelCount: 0, note: "every sample looked at is selected" }));
  expect(channels()).toEqual([]);
  expect(visible("brush-more")).toBe(false);
  expect(find("brush-note").textContent).toBe("every sample looked at is selected");
  give(view, contrast());
  expect(visible("brush-note")).toBe(false);
});

it("clears the selection once, until the kernel has answered", () => {
  give(view, brushed(1, 2));
  const clear = find<HTMLButtonElement>("brush-clear");
  clear.click();
  clear.click();
  expect(wants).toEqual([["clear", true]]);
  give(view, failed("the kernel is busy"));
  expect(clear.disabled).toBe(false);
  clear.click();
  give(view, brushed());
  expect(visible("brush-clear")).toBe(false);
});

it("copies the selection for Python, and says so for a moment", async () => {
  vi.useFakeTimers();
  const writeText = vi.fn().mockResolvedValue(undefined);
  vi.spyOn(navigator.clipboard, "writeText").mockImplementation(writeText);
  give(view, contrast());
  const button = find<HTMLButtonElement>("brush-copy");
  expect(button.disabled).toBe(true); // the indices are not here yet
  give(view, brushed(4, 8));
  button.click();
  await vi.advanceTimersByTimeAsync(0);
  expect(writeText).toHaveBeenCalledWith("inspector.brush = [4, 8]");
  expect(button.textContent).toContain("Copied");
  await vi.advanceTimersByTimeAsync(5000);
  expect(button.textContent).not.toContain("Copied");
});

it("says so when the browser refuses to copy", async () => {
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("denied"));
  document.execCommand = () => false;
  give(view, brushed(4, 8));
  find("brush-copy").click();
  await vi.waitFor(() => expect(find("errors").textContent).toContain("inspector.brush"));
});

it("saves the selection as CSV", async () => {
  const files: Blob[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((file) => {
    files.push(file as Blob);
    return "blob:x";
  });
  const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  give(view, brushed(4, 8));
  find("brush-csv").click();
  expect(click).toHaveBeenCalledTimes(1);
  expect(await files[0]!.text()).toBe("sample\r\n4\r\n8\r\n");
});

it("shows an error and takes it away again", () => {
  give(view, failed("no such layer"));
  expect(find("errors").textContent).toContain("no such layer");
  give(view, failed(""));
  expect(find("errors").textContent).toBe("");
});

it("asks for nothing by itself, and leaves nothing behind", () => {
  give(view, brushed(1));
  give(view, contrast());
  expect(wants).toEqual([]);
  expect(element.dataset.painted).toBe("conv1/3");
  view.destroy();
  expect(element.innerHTML).toBe("");
  expect(element.dataset.painted).toBeUndefined();
});

it("names the columns in words that fit on one line; the unit is in the title", () => {
  give(view, contrast());
  const heads = [...element.querySelectorAll<HTMLElement>(".iv-brush-channels [role=columnheader]")];
  expect(heads.map((head) => head.textContent)).toEqual(["Channel", "Selected", "Rest", "Difference"]);
  expect(heads[3]!.title).toContain("standard deviations");
});
