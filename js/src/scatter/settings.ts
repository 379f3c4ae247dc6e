// What to embed and how: method, dimensions, vectors, samples; and behind "More" what is rarely changed.
import type { EmbeddingFrame, EmbeddingSettings, Method } from "../frames";
import { choice as agreed } from "../ui/choice";
import { check, choice, segments } from "../ui/controls";
import { h } from "../ui/dom";
import { count } from "../ui/format";
import { more } from "../ui/more";

export const METHODS: readonly (readonly [Method, string])[] = [
  ["pca", "PCA"],
  ["tsne", "t-SNE"],
  ["umap", "UMAP"],
];
export const methodName = (method: Method): string => METHODS.find(([name]) => name === method)?.[1] ?? method;

/** "All samples", as a number of samples: more than any data has. */
export const ALL = 2 ** 31 - 1;
const SAMPLES = [500, 1000, 2000, 5000, 10_000];

/** What can be chosen as number of samples; the present one is among it whatever it is. */
export function sampleChoices(total: number, present: number): [string, string][] {
  const all = total ? `all ${count(total)}` : "all";
  const numbers = new Set(SAMPLES.filter((n) => !total || n < total));
  if (present !== ALL && (!total || present < total)) numbers.add(present);
  const list = [...numbers].sort((a, b) => a - b).map((n): [string, string] => [String(n), count(n)]);
  return [...list, [String(ALL), all]];
}

/** What can be chosen as the vector of a sample. */
export function vectorChoices(tokens: number, maps: boolean): [string, string][] {
  const list: [string, string][] = [["all", "all elements"]];
  if (maps || tokens > 0) list.push(["mean", tokens > 0 ? "mean over tokens" : "mean over positions"]);
  // A list of thousands helps nobody, and nobody looks for token 700 of a text.
  for (let i = 0; i < Math.min(tokens, 256); i++) list.push([String(i), `token ${i}`]);
  return list;
}

export interface SettingsBar {
  readonly element: HTMLElement;
  readonly shown: EmbeddingSettings | undefined;
  show(header: EmbeddingFrame["header"]): void;
  total(samples: number): void;
  /** The kernel refused. */
  release(): void;
  destroy(): void;
}

export function settingsBar(changed: (settings: EmbeddingSettings) => void): SettingsBar {
  let header: EmbeddingFrame["header"] | undefined;
  let total = 0;
  const chosen = agreed<string>(() => draw());
  const shown = (): EmbeddingSettings | undefined =>
    chosen.shown === undefined ? undefined : (JSON.parse(chosen.shown) as EmbeddingSettings);

  const change = (part: Partial<EmbeddingSettings>): void => {
    const now = shown();
    if (!now) return;
    const next = { ...now, ...part };
    if (!chosen.ask(JSON.stringify(next))) return;
    draw();
    changed(next);
  };

  const method = choice("Method", "method", METHODS, (value) => change({ method: value }));
  const dimensions = segments<"2" | "3">(
    "Dimensions",
    "dimensions",
    [
      ["2", "2-D"],
      ["3", "3-D", "Three dimensions: drag with the right button, or the rotate tool, to turn"],
    ],
    (value) => change({ dimensions: value === "2" ? 2 : 3 }),
  );
  const vectors = choice<string>("Vectors", "vectors", [], (value) =>
    change({ pool: value === "all" || value === "mean" ? value : Number(value) }),
  );
  const samples = choice<string>("Samples", "samples", [], (value) =>
    change({ samples: Number(value) === ALL && total ? total : Number(value) }),
  );

  const numeric = (
    name: string,
    id: string,
    key: "perplexity" | "neighbours" | "distance" | "seed",
    limits: { min: number; max: number; step: number },
    title: string,
  ) => {
    const input = h("input", {
      type: "number",
      class: "iv-input",
      "data-testid": id,
      "data-lm-suppress-shortcuts": "true",
      ...limits,
    });
    input.addEventListener("change", () => {
      const value = Number(input.value);
      const whole = limits.step === 1;
      if (input.value.trim() === "" || !Number.isFinite(value)) draw();
      else change({ [key]: Math.min(limits.max, Math.max(limits.min, whole ? Math.round(value) : value)) });
    });
    const element = h("label", { class: "iv-control", title }, h("span", { class: "iv-name" }, name), input);
    return { element, input, key };
  };
  const perplexity = numeric(
    "Perplexity",
    "perplexity",
    "perplexity",
    { min: 2, max: 500, step: 1 },
    "t-SNE: about how many neighbours each point keeps close",
  );
  const neighbours = numeric(
    "Neighbours",
    "neighbours",
    "neighbours",
    { min: 2, max: 500, step: 1 },
    "UMAP: neighbours of each point; more show the whole, fewer the detail",
  );
  const distance = numeric(
    "Least distance",
    "distance",
    "distance",
    { min: 0, max: 0.99, step: 0.05 },
    "UMAP's min_dist: how tightly points may be packed",
  );
  const seed = numeric(
    "Seed",
    "seed",
    "seed",
    { min: 0, max: 4294967295, step: 1 },
    "The same seed gives the same picture",
  );
  const numbers = [perplexity, neighbours, distance, seed];

  const correct = check("only correctly classified", "correct-only", (on) => change({ correctOnly: on }));

  const rarely = h("div", { class: "iv-scatter-more", "data-testid": "more-settings" });
  rarely.append(...numbers.map(({ element }) => element), correct.element);
  // The style decides where these are: in the bar, or, where that has no room, all of them behind "More".
  const panel = h(
    "div",
    { class: "iv-scatter-panel" },
    h("div", { class: "iv-scatter-often" }, dimensions.element, vectors.element, samples.element),
    rarely,
  );
  const opener = more(panel, "more", "What is embedded, and how: perplexity, neighbours, seed, which samples");
  const element = h("div", { class: "iv-scatter-settings" }, method.element, panel, opener);
  const draw = (): void => {
    const now = shown();
    if (!header || !now) return;
    method.set(now.method);
    dimensions.set(now.dimensions === 2 ? "2" : "3");
    vectors.options(vectorChoices(header.tokens, header.maps));
    vectors.set(String(now.pool));
    const everything = total > 0 && now.samples >= total;
    samples.options(sampleChoices(total, now.samples));
    samples.set(String(everything ? ALL : now.samples));
    for (const { input, key } of numbers) input.value = String(now[key]);
    perplexity.element.hidden = now.method !== "tsne";
    neighbours.element.hidden = distance.element.hidden = now.method !== "umap";
    correct.set(now.correctOnly);
    correct.refuse(header.correctOnly);
  };

  return {
    element,
    get shown() {
      return shown();
    },
    show(next) {
      header = next;
      chosen.hear(JSON.stringify(next.settings));
      draw();
    },
    total(value) {
      if (value === total) return;
      total = value;
      draw();
    },
    release: chosen.release,
    destroy: chosen.destroy,
  };
}
