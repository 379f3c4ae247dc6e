// @vitest-environment happy-dom
// The bar of the embedding scatter: what is to be embedded, and the computation.
import { describe, expect, it, vi } from "vitest";
import type { EmbeddingSettings } from "../src/frames";
import { change, element, embedding, find, freshPage, points, press, settings, text, wants } from "./scatter_page";

freshPage();

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
      ["stop", "points"],
    ]);
    embedding({ settings: { ...settings, method: "tsne" } });
    expect(find("progress").hidden).toBe(true);
  });
});
