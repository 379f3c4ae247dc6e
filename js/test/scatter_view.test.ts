// @vitest-environment happy-dom
// The embedding scatter around its plot. There is no WebGL here: what is drawn is tested in a real browser.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EmbeddingSettings, ViewFrame } from "../src/frames";
import { create } from "../src/views/embedding_scatter";
import type { NdArray } from "../src/wire";

let element: HTMLElement;
let wants: [string, unknown][];
let uploads: number[][];
let view: ReturnType<typeof create>;

const find = <E extends HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
const text = (id: string): string => find(id).textContent ?? "";
const send = (header: Record<string, unknown>, arrays: Record<string, NdArray> = {}): void =>
  view.update({ header, arrays } as unknown as ViewFrame);
const u32 = (...values: number[]): NdArray => ({ shape: [values.length], data: Uint32Array.from(values) });

const settings: EmbeddingSettings = {
  method: "pca",
  dimensions: 2,
  pool: "all",
  samples: 5000,
  correctOnly: false,
  perplexity: 30,
  neighbours: 15,
  distance: 0.1,
  seed: 0,
};
const embedding = (changes: Record<string, unknown> = {}): void =>
  send({
    kind: "embedding",
    layer: "fc",
    settings,
    tokens: 0,
    maps: false,
    running: false,
    paused: false,
    estimate: { tsne: 6 },
    correctOnly: "",
    ...changes,
  });
const points = (changes: Record<string, unknown> = {}, indices: NdArray | null = u32(10, 11, 12, 13)): void =>
  send(
    {
      kind: "points",
      run: "a",
      layer: "fc",
      model: "",
      method: "pca",
      stage: "",
      fraction: null,
      final: true,
      note: "8 elements each",
      total: 20,
      ...changes,
    },
    {
      points: { shape: [4, 2], data: Float32Array.of(0, 0, 1, 0, 0, 1, 1, 1) },
      ...(indices && { indices }),
    },
  );
const labels = (): void =>
  send(
    { kind: "labels", classes: ["cat", "dog"], total: 20 },
    { labels: u32(...Array.from({ length: 20 }, (_, i) => i % 2)) },
  );
const press = (id: string, init: MouseEventInit = {}): boolean =>
  find(id).dispatchEvent(new MouseEvent("click", { bubbles: true, ...init }));
const pick = (name: string, init: MouseEventInit = {}): void => {
  element
    .querySelector(`[data-testid="legend-class"][data-name="${name}"]`)!
    .dispatchEvent(new MouseEvent("click", { bubbles: true, ...init }));
};
const change = (id: string, value: string): void => {
  const control = find<HTMLSelectElement | HTMLInputElement>(id);
  control.value = value;
  control.dispatchEvent(new Event("change"));
};
const search = (query: string, init: KeyboardEventInit = {}): void => {
  find<HTMLInputElement>("find").value = query;
  find("find").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ...init }));
};

beforeEach(() => {
  vi.useFakeTimers();
  element = document.createElement("div");
  document.body.replaceChildren(element);
  wants = [];
  uploads = [];
  view = create(element, {
    want: (key, value) => wants.push([key, value]),
    upload(header, arrays) {
      expect(header).toEqual({ kind: "brush" });
      expect(arrays.indices!.data).toBeInstanceOf(Uint32Array);
      expect(arrays.indices!.shape).toEqual([arrays.indices!.data.length]);
      uploads.push([...arrays.indices!.data]);
    },
  });
});
afterEach(() => {
  view.destroy();
  vi.useRealTimers();
});

describe("the points", () => {
  it("are counted, named and described", () => {
    points();
    expect(text("point-count")).toBe("4 points");
    expect(text("selection-count")).toBe("0 selected");
    expect(text("scatter-layer")).toBe("fc");
    expect(text("scatter-note")).toBe("PCA \u00b7 8 elements each");
  });

  it("say first which of two models they come from", () => {
    points();
    expect(find("scatter-model").hidden).toBe(true);
    points({ model: "untrained" });
    expect(find("scatter-model").hidden).toBe(false);
    expect(text("scatter-model")).toBe("untrained");
    expect(text("scatter-note")).not.toContain("untrained");
  });

  it("mark the sample that is shown elsewhere, as long as it is among them, and ask for nothing", () => {
    const marked = (): string | undefined => element.querySelector<HTMLElement>("[data-current]")?.dataset.current;
    send({ kind: "current", sample: 11, channel: null });
    expect(marked()).toBe("");
    points();
    expect(marked()).toBe("11");
    points({ run: "b" }, u32(1, 2, 3, 4));
    expect(marked()).toBe("");
    send({ kind: "current", sample: 3, channel: null });
    expect(marked()).toBe("3");
    send({ kind: "current", sample: null, channel: null });
    expect(marked()).toBe("");
    expect(wants).toEqual([]);
  });

  it("say so where the browser cannot draw them", () => {
    expect(text("no-webgl")).toContain("no WebGL");
    expect(find("no-webgl").hidden).toBe(false);
  });

  it("keep their samples through the frames of a run", () => {
    labels();
    points();
    points({ stage: "iteration 2" }, null);
    pick("dog");
    expect(uploads).toEqual([[11, 13]]);
  });

  it("wait, in a view opened within a run, for a frame that names their samples", () => {
    points({}, null);
    expect(text("point-count")).toBe("0 points");
    points({ total: 4 }, null); // all of them: in their own order
    expect(text("point-count")).toBe("4 points");
  });
});

describe("the selection", () => {
  beforeEach(() => {
    labels();
    points();
  });

  it("is a class after a click on it; shift adds, alt takes away", () => {
    pick("cat");
    expect(text("selection-count")).toBe("2 selected");
    pick("dog", { shiftKey: true });
    pick("cat", { altKey: true });
    expect(uploads).toEqual([
      [10, 12],
      [10, 11, 12, 13],
      [11, 13],
    ]);
  });

  it("is all, the others, none", () => {
    press("select-all");
    expect(text("selection-count")).toBe("4 selected");
    pick("cat");
    press("invert");
    press("clear");
    expect(uploads.slice(2)).toEqual([[11, 13], []]);
    expect(find<HTMLButtonElement>("clear").disabled).toBe(true);
  });

  it("is what a text finds, and the text says when that is nothing", () => {
    search("11-12");
    search("dog", { shiftKey: true });
    expect(uploads).toEqual([
      [11, 12],
      [11, 12, 13],
    ]);
    search("horse");
    expect(text("selection-word")).toContain("cat, dog");
    expect(uploads.length).toBe(2);
    search("13");
    expect(text("selection-word")).toBe("");
  });

  it("comes from elsewhere without being sent back, and counts what is not shown here", () => {
    send({ kind: "brushed", count: 3, total: 20 }, { indices: u32(3, 11, 12) });
    expect(text("selection-count")).toBe("3 selected (1 not shown)");
    vi.runAllTimers();
    expect(uploads).toEqual([]);
    expect(wants).toEqual([]);
  });

  it("is not taken back by the answer to an earlier gesture", () => {
    pick("cat");
    press("clear");
    send({ kind: "brushed", count: 2, total: 20 }, { indices: u32(10, 12) });
    expect(text("selection-count")).toBe("0 selected");
    send({ kind: "brushed", count: 0, total: 20 }, { indices: u32() });
    send({ kind: "brushed", count: 1, total: 20 }, { indices: u32(11) });
    expect(text("selection-count")).toBe("1 selected");
  });

  it("outlives a change of the points", () => {
    pick("cat");
    points({ run: "b" }, u32(1, 10, 3, 4));
    expect(text("selection-count")).toBe("2 selected (1 not shown)");
    expect(uploads.length).toBe(1);
  });
});

describe("the settings", () => {
  const last = (): EmbeddingSettings => wants.at(-1)![1] as EmbeddingSettings;

  it("are sent whole at each change, shown at once, and two quick changes add up", () => {
    embedding();
    change("method", "tsne");
    expect(wants).toEqual([["settings", { ...settings, method: "tsne" }]]);
    change("perplexity", "12");
    expect(last()).toEqual({ ...settings, method: "tsne", perplexity: 12 });
    embedding({ settings: { ...settings, method: "tsne" } }); // the answer to the first one
    expect(find<HTMLInputElement>("perplexity").value).toBe("12");
  });

  it("hold what fits the method only", () => {
    embedding();
    const shown = (id: string): boolean => !find(id).closest<HTMLElement>(".iv-control")!.hidden;
    expect([shown("perplexity"), shown("neighbours")]).toEqual([false, false]);
    change("method", "umap");
    expect([shown("perplexity"), shown("neighbours"), shown("distance")]).toEqual([false, true, true]);
  });

  it("are hidden in part until asked for; Escape hides them again, and goes no further", () => {
    embedding();
    const more = find("more");
    const outside = vi.fn();
    document.body.addEventListener("keydown", outside);
    const leave = (): boolean =>
      find("seed").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    press("more");
    expect(more.getAttribute("aria-expanded")).toBe("true");
    expect(find("more-settings").closest("[data-open]")).not.toBeNull();
    leave();
    expect(more.getAttribute("aria-expanded")).toBe("false");
    expect(find("more-settings").closest("[data-open]")).toBeNull();
    expect(document.activeElement).toBe(more);
    expect(outside).not.toHaveBeenCalled();
    leave();
    expect(outside).toHaveBeenCalledTimes(1);
    document.body.removeEventListener("keydown", outside);
  });

  it("refuse what is no number and stay within limits", () => {
    embedding();
    change("seed", "");
    expect(wants).toEqual([]);
    expect(find<HTMLInputElement>("seed").value).toBe("0");
    change("neighbours", "1");
    expect(last().neighbours).toBe(2);
  });

  it("offer tokens, and number them", () => {
    embedding({ tokens: 3 });
    change("vectors", "2");
    expect(last().pool).toBe(2);
    change("vectors", "mean");
    expect(last().pool).toBe("mean");
  });

  it("say why only correct samples cannot be had", () => {
    embedding({ correctOnly: "The data has no labels." });
    const box = find<HTMLInputElement>("correct-only");
    expect(box.disabled).toBe(true);
    expect(box.closest("label")!.title).toBe("The data has no labels.");
  });
});

describe("a computation", () => {
  it("starts by its button only, with its cost beside it; PCA needs none", () => {
    embedding();
    expect(find("run").closest<HTMLElement>("[hidden]")).not.toBeNull();
    change("method", "tsne");
    expect(text("run")).toBe("Run t-SNE");
    expect(text("estimate")).toBe("about 6 s");
    expect(wants.map(([key]) => key)).toEqual(["settings"]);
    press("run");
    expect(wants.at(-1)).toEqual(["run", true]);
  });

  it("shows how far it is, is paused, resumed and stopped", () => {
    embedding({ running: true, settings: { ...settings, method: "tsne" } });
    points({ method: "tsne", stage: "iteration 120 of 750", fraction: 0.16, final: false });
    expect(text("stage")).toBe("iteration 120 of 750");
    expect(element.querySelector(".iv-scatter-bar")!.getAttribute("aria-valuenow")).toBe("16");
    press("pause");
    press("pause");
    press("stop");
    expect(wants).toEqual([
      ["pause", true],
      ["pause", false],
      ["stop", true],
    ]);
    embedding({ settings: { ...settings, method: "tsne" } });
    expect(find("progress").hidden).toBe(true);
  });
});

describe("the colours", () => {
  const option = (value: string): HTMLOptionElement =>
    element.querySelector<HTMLOptionElement>(`[data-testid="colour-by"] option[value="${value}"]`)!;

  it("are asked for, and a late answer to an earlier choice is kept but not shown", () => {
    labels();
    points();
    change("colour-by", "prediction");
    change("colour-by", "class");
    expect(wants).toEqual([
      ["colour", "prediction"],
      ["colour", "class"],
    ]);
    const header = { kind: "colours", by: "prediction", label: "predicted class", names: ["x", "y"], low: 0, high: 0 };
    const codes = u32(...Array.from({ length: 20 }, () => 1));
    send({ ...header, unavailable: {} }, { codes });
    expect(text("legend")).toContain("cat");
    change("colour-by", "prediction");
    expect(text("legend")).toBe("x0y4");
  });

  it("name what cannot be had, and why", () => {
    const reason = "No channel is chosen.";
    send({ kind: "colours", by: "class", label: "", names: [], low: 0, high: 0, unavailable: { channel: reason } });
    expect(option("channel").disabled).toBe(true);
    expect(option("channel").title).toBe(reason);
    expect(option("loss").disabled).toBe(false);
  });

  it("stay what they were when the kernel refuses", () => {
    labels();
    points();
    change("colour-by", "channel");
    expect(element.querySelector<HTMLElement>(".iv-scatter")!.dataset.colouredBy).toBe("");
    send({ kind: "error", scope: "colours", message: "click a channel first", detail: "" });
    expect(find<HTMLSelectElement>("colour-by").value).toBe("class");
    expect(text("legend")).toContain("cat");
  });

  it("show the range of values in place of classes", () => {
    labels();
    points();
    change("colour-by", "loss");
    const values = { shape: [20], data: Float32Array.from({ length: 20 }, (_, i) => i) };
    send({ kind: "colours", by: "loss", label: "loss", names: [], low: 0, high: 19, unavailable: {} }, { values });
    expect(find("legend").hidden).toBe(true);
    expect(text("legend-scale")).toBe("019");
  });
});

it("shows an error of the kernel, and takes it away", () => {
  send({ kind: "error", scope: "embed", message: "fewer points than the perplexity needs", detail: "" });
  expect(text("errors")).toContain("perplexity");
  send({ kind: "error", scope: "embed", message: "", detail: "", over: true });
  expect(text("errors")).toBe("");
});

it("leaves nothing behind", () => {
  points();
  const other = document.createElement("div");
  const second = create(other, { want() {}, upload() {} });
  view.destroy();
  expect(element.childElementCount).toBe(0);
  expect(other.childElementCount).toBe(1);
  second.destroy();
});
