// @vitest-environment happy-dom
// The embedding scatter around its plot. There is no WebGL here: what is drawn is tested in a real browser.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { create } from "../src/views/embedding_scatter";
import {
  change,
  element,
  embedding,
  find,
  freshPage,
  labels,
  pick,
  points,
  press,
  search,
  send,
  text,
  u32,
  uploads,
  view,
  wants,
} from "./scatter_page";

freshPage();

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

it("leaves no word of work behind that goes on under the words of a run", () => {
  embedding();
  send({ kind: "busy", scope: "points", label: "embedding of fc", fraction: null });
  expect(find("work").hidden).toBe(false);
  embedding({ running: true });
  send({ kind: "busy", scope: "points", label: "", fraction: null, over: true });
  expect(find("work").hidden).toBe(true);
});

describe("a search that needs the predictions", () => {
  const told = { kind: "colours", scope: "know", by: "prediction", label: "", names: ["cat", "dog"], low: 0, high: 0 };
  const predictions = (): void =>
    send({ ...told, unavailable: {} }, { codes: u32(...Array.from({ length: 20 }, () => 1)) });
  const waiting = { kind: "busy", scope: "know", label: "predictions" };

  beforeEach(() => {
    labels();
    points();
  });

  it("asks for them, shows how far they are, and then selects what was asked for", () => {
    search("label:cat predicted:dog");
    expect(wants).toEqual([["know", "prediction"]]);
    expect(text("selection-word")).toBe("Predicting…");
    send({ ...waiting, fraction: 0.4 });
    vi.advanceTimersByTime(60_000);
    expect(text("selection-word")).toBe("Predicting… 40 %");
    predictions();
    expect(uploads).toEqual([[10, 12]]);
    expect(text("selection-word")).toBe("");
    search("wrong");
    expect(wants.length).toBe(1);
    expect(find<HTMLSelectElement>("colour-by").value).toBe("class");
    expect(text("legend")).toBe("cat2dog2");
  });

  it("is given up when it is emptied, or when another gesture selects", () => {
    search("wrong");
    find("find").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    predictions();
    expect(uploads).toEqual([]);
    send({ ...told, over: true, unavailable: {} });
    search("wrong");
    pick("dog");
    predictions();
    expect(uploads).toEqual([[11, 13]]);
  });

  it("says why there can be none", () => {
    search("wrong");
    send({ kind: "error", scope: "know", message: "the model is no classifier", detail: "" });
    expect(text("errors")).toContain("no classifier");
    expect(text("selection-word")).toBe("");
    predictions();
    expect(uploads).toEqual([]);
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
    expect(element.textContent).not.toContain("logarithmic");
  });

  it("say that a wide range is shown by powers of ten, and which", () => {
    labels();
    points();
    const values = { shape: [20], data: Float32Array.from({ length: 20 }, (_, i) => 10 ** (i / 3 - 6)) };
    send({ kind: "colours", by: "loss", label: "loss", names: [], low: 1e-6, high: 2, unavailable: {} }, { values });
    expect(element.textContent).toContain("loss, on a logarithmic scale");
    expect(find("legend-ticks").childElementCount).toBeGreaterThan(2);
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
