// A page with an embedding scatter for its tests: frames in, what it asks for out.
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { EmbeddingSettings, ViewFrame } from "../src/frames";
import { fromArrays } from "../src/selected";
import { give } from "../src/view";
import { create } from "../src/views/embedding_scatter";
import type { NdArray } from "../src/wire";

export let element: HTMLElement;
export let wants: [string, unknown][];
export let uploads: number[][];
export let view: ReturnType<typeof create>;

export const find = <E extends HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
export const text = (id: string): string => find(id).textContent ?? "";
export const send = (header: Record<string, unknown>, arrays: Record<string, NdArray> = {}): void =>
  give(view, { header, arrays } as unknown as ViewFrame);
export const u32 = (...values: number[]): NdArray => ({ shape: [values.length], data: Uint32Array.from(values) });

export const settings: EmbeddingSettings = {
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
export const embedding = (changes: Record<string, unknown> = {}): void =>
  send({
    kind: "embedding",
    layer: "fc",
    settings,
    tokens: 0,
    maps: false,
    running: false,
    paused: false,
    estimate: { tsne: 6 },
    steps: ["now"],
    step: "now",
    correctOnly: "",
    ...changes,
  });
export const points = (changes: Record<string, unknown> = {}, indices: NdArray | null = u32(10, 11, 12, 13)): void =>
  send(
    {
      kind: "points",
      run: "a",
      layer: "fc",
      model: "",
      step: "now",
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
export const labels = (): void =>
  send(
    { kind: "labels", classes: ["cat", "dog"], total: 20 },
    { labels: u32(...Array.from({ length: 20 }, (_, i) => i % 2)) },
  );
export const press = (id: string, init: MouseEventInit = {}): boolean =>
  find(id).dispatchEvent(new MouseEvent("click", { bubbles: true, ...init }));
export const pick = (name: string, init: MouseEventInit = {}): void => {
  element
    .querySelector(`[data-testid="legend-class"][data-name="${name}"]`)!
    .dispatchEvent(new MouseEvent("click", { bubbles: true, ...init }));
};
export const change = (id: string, value: string): void => {
  const control = find<HTMLSelectElement | HTMLInputElement>(id);
  control.value = value;
  control.dispatchEvent(new Event("change"));
};
export const search = (query: string, init: KeyboardEventInit = {}): void => {
  find<HTMLInputElement>("find").value = query;
  find("find").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ...init }));
};

/** A fresh page before each test of the file that calls this, none after it. */
export function freshPage(): void {
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
        uploads.push([...fromArrays(arrays)]);
      },
    });
  });
  afterEach(() => {
    view.destroy();
    vi.useRealTimers();
  });
}
