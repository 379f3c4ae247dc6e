// What is compared with what, and how the histograms are drawn.
import type { SimilarityFrame, SimilaritySettings } from "../frames";
import { choice as sentChoice } from "../ui/choice";
import { choice } from "../ui/controls";
import { h, setText } from "../ui/dom";
import { count } from "../ui/format";
import type { Measure } from "./histogram";

const PAIRS = [
  ["all", "all pairs"],
  ["one", "the chosen sample with all"],
] as const;
const OF = [
  ["layer", "the chosen layer"],
  ["layers", "several layers"],
  ["ranks", "its PCA, rank by rank"],
] as const;
const MEASURES = [
  ["density", "density"],
  ["pairs", "pairs"],
  ["log", "pairs, logarithmic"],
] as const;

export interface Controls {
  readonly element: HTMLElement;
  show(header: SimilarityFrame["header"]): void;
  /** The kernel refused: back to what it said. */
  release(): void;
  destroy(): void;
}

export function controls(events: { settings(next: SimilaritySettings): void; measure(next: Measure): void }): Controls {
  let header: SimilarityFrame["header"] | undefined;
  const chosen = sentChoice<string>(() => draw());
  const now = (): SimilaritySettings | undefined => (chosen.shown === undefined ? undefined : JSON.parse(chosen.shown));
  const change = (part: Partial<SimilaritySettings>): void => {
    const settings = now();
    if (!settings) return;
    const next = { ...settings, ...part };
    if (chosen.ask(JSON.stringify(next))) events.settings(next);
    draw();
  };

  const pairs = choice("Compare", "pairs", PAIRS, (value) => change({ pairs: value }));
  const of = choice("of", "of", OF, (value) => change({ of: value }));
  const measure = choice("as", "heights", MEASURES, (value) => events.measure(value));
  const samples = h("input", {
    type: "number",
    class: "iv-input iv-similarity-samples",
    min: 2,
    step: 1,
    "data-testid": "samples",
    "data-lm-suppress-shortcuts": "true",
    onchange: () => {
      const value = Math.round(Number(samples.value));
      if (Number.isFinite(value) && value >= 2) change({ samples: Math.min(value, header?.total ?? value) });
      draw();
    },
  });
  const correct = h("input", {
    type: "checkbox",
    "data-testid": "correct-only",
    onchange: () => change({ correctOnly: correct.checked }),
  });
  const correctLabel = h("label", { class: "iv-check" }, correct, h("span", null, "only correctly classified"));

  const list = h("div", { class: "iv-similarity-list", role: "group", "aria-label": "Layers" });
  const summary = h("summary", { class: "iv-button" });
  const layers = h("details", { class: "iv-similarity-layers", "data-testid": "layers-to-compare" }, summary, list);
  const boxes = new Map<string, HTMLInputElement>();
  const tick = (): void => {
    const next = [...boxes].filter(([, box]) => box.checked).map(([name]) => name);
    change({ layers: next });
  };
  const offer = (names: readonly string[]): void => {
    if (names.length === boxes.size && names.every((name) => boxes.has(name))) return;
    boxes.clear();
    list.replaceChildren(
      ...names.map((name) => {
        const box = h("input", { type: "checkbox", "data-layer": name, onchange: tick });
        boxes.set(name, box);
        return h("label", { class: "iv-check" }, box, h("span", { title: name }, name));
      }),
    );
  };

  const element = h(
    "div",
    { class: "iv-similarity-controls" },
    pairs.element,
    of.element,
    layers,
    measure.element,
    h("label", { class: "iv-control" }, h("span", { class: "iv-name" }, "Samples"), samples),
    correctLabel,
  );

  const draw = (): void => {
    const settings = now();
    if (!settings || !header) return;
    pairs.set(settings.pairs);
    of.set(settings.of);
    if (document.activeElement !== samples || !samples.validity.valid) samples.value = String(settings.samples);
    samples.max = String(header.total);
    samples.title = `Samples that are compared, of ${count(header.total)}`;
    correct.checked = settings.correctOnly;
    correct.disabled = header.noLabels !== "";
    correctLabel.title = header.noLabels;
    layers.hidden = settings.of !== "layers";
    setText(summary, `${count(settings.layers.length)} of ${count(header.choices.length)} layers`);
    const full = settings.layers.length >= header.mostLayers;
    for (const [name, box] of boxes) {
      box.checked = settings.layers.includes(name);
      box.disabled = full && !box.checked;
    }
    list.title = full ? `At most ${header.mostLayers} layers are shown at a time` : "";
  };

  return {
    element,
    show(next) {
      header = next;
      offer(next.choices);
      chosen.hear(JSON.stringify(next.settings));
      draw();
    },
    release: () => chosen.release(),
    destroy: () => chosen.destroy(),
  };
}
