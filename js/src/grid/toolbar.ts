// The controls above the channels. Those of the drawing change settings; those of the reading ask the kernel.
import { SEQUENTIAL } from "../ui/colormaps";
import { type Choice, type Control, choice, indexSlider, powerSlider, segments } from "../ui/controls";
import { h, setText } from "../ui/dom";
import { counted, shapeText } from "../ui/format";
import { ASCENDING, DESCENDING, icon, RESET, SAVE } from "../ui/icons";
import { more } from "../ui/more";
import type { Callbacks } from "../view";
import { type Picture, sampleText } from "./picture";
import { coloured, defaults, type OrderKey, type RangeKind, rangeKind, type Settings, type Size } from "./settings";

export interface ToolbarEvents {
  settings(next: Settings): void;
  want: Callbacks<"channel_grid">["want"];
  save(): void;
}

export interface Toolbar {
  readonly title: HTMLElement;
  readonly tools: HTMLElement;
  show(picture: Picture, settings: Settings): void;
}

const MAPS: [Settings["map"], string][] = [
  ["auto", "auto"],
  ...SEQUENTIAL.map((name): [Settings["map"], string] => [name, name]),
  ["signed", "signed"],
];
const RANGES: [RangeKind, string][] = [
  ["tile", "each tile"],
  ["layer", "whole layer"],
  ["fixed", "fixed"],
];
const ORDERS: [OrderKey, string][] = [
  ["index", "number"],
  ["mean", "mean"],
  ["high", "max"],
  ["variance", "variance"],
  ["sparsity", "zeros"],
];
const SIZES: [Size, string, string][] = [
  ["fit", "Fit", "As large as fits"],
  ["s", "S", "Small"],
  ["m", "M", "Medium"],
  ["l", "L", "Large"],
];

const rangesOf = (picture: Picture): [RangeKind, string][] =>
  picture.layout === "vector"
    ? RANGES.slice(1)
    : picture.layout === "tokens"
      ? [["tile", "each feature"], ...RANGES.slice(1)]
      : RANGES;

export function createToolbar(events: ToolbarEvents): Toolbar {
  let settings = defaults();
  let picture: Picture | undefined;
  const change = (next: Partial<Settings>): void => events.settings({ ...settings, ...next });

  const map = choice("colours", "colours", MAPS, (value) => change({ map: value }));
  const range = choice("range", "range", RANGES, (kind) => {
    if (!picture) return;
    const fixed = settings.fixed ?? [picture.low, picture.high];
    change({ range: { ...settings.range, [picture.layout]: kind }, fixed });
  });
  const end = (which: 0 | 1): HTMLInputElement => {
    const name = which ? "Highest value" : "Lowest value";
    const input = h("input", {
      type: "number",
      step: "any",
      class: "iv-input iv-number",
      "aria-label": name,
      title: name,
      "data-testid": which ? "range-high" : "range-low",
      "data-lm-suppress-shortcuts": "true",
    });
    input.addEventListener("change", () => {
      const value = input.valueAsNumber;
      const fixed: [number, number] = [...(settings.fixed ?? [0, 1])];
      if (Number.isFinite(value)) fixed[which] = value;
      // Ends in the wrong order are taken as meant the other way round.
      change({ fixed: fixed[0] <= fixed[1] ? fixed : [fixed[1], fixed[0]] });
    });
    return input;
  };
  const ends = [end(0), end(1)] as const;
  const fixed = h("span", { class: "iv-control" }, ...ends);
  const gamma = powerSlider("gamma", "gamma", [0.25, 4], (value) => change({ gamma: value }));
  const contrast = powerSlider("contrast", "contrast", [0.25, 8], (value) => change({ contrast: value }));
  const order = choice("order", "order", ORDERS, (key) => change({ order: key, descending: key !== "index" }));
  const direction = h("button", {
    type: "button",
    class: "iv-button",
    "data-testid": "direction",
    onclick: () => change({ descending: !settings.descending }),
  });
  const size = segments("Size of the tiles", "size", SIZES, (value) => change({ size: value }));
  const strips = segments(
    "Drawing",
    "strips",
    [
      ["heat", "heat"],
      ["line", "lines"],
    ],
    (value) => change({ strips: value as Settings["strips"] }),
  );
  const vector = segments(
    "Drawing",
    "vector",
    [
      ["bars", "bars"],
      ["heat", "heat"],
    ],
    (value) => change({ vector: value as Settings["vector"] }),
  );
  const fold = segments(
    "Tokens",
    "fold",
    [
      ["maps", "maps"],
      ["tokens", "tokens"],
    ],
    (value) => {
      fold.set(value);
      events.want("folded", value === "maps");
    },
  );
  const axis: Choice<string> = choice("channels", "channel-axis", [], (value) =>
    events.want("channelAxis", Number(value)),
  );
  const slices = h("span", { class: "iv-slices" });
  const tool = (path: string, name: string, id: string, act: () => void): HTMLElement =>
    h(
      "button",
      { type: "button", class: "iv-button", title: name, "aria-label": name, onclick: act, "data-testid": id },
      icon(path),
    );

  const name = h("h3", { "data-testid": "layer" });
  const about = h("span", { class: "iv-muted", "data-testid": "layer-about" });
  const note = h("span", { class: "iv-note", "data-testid": "layer-note" });
  const title = h(
    "div",
    { class: "iv-title" },
    h("div", { class: "iv-naming" }, name, about, note),
    h("div", { class: "iv-readers" }, slices, fold.element),
    h(
      "span",
      { class: "iv-control iv-actions" },
      tool(RESET, "Reset the drawing", "reset", () => events.settings(defaults())),
      tool(SAVE, "Save all channels as PNG", "save", events.save),
    ),
  );
  const rarely = h(
    "div",
    { class: "iv-tools-more", "data-testid": "more-tools" },
    gamma.element,
    contrast.element,
    axis.element,
  );
  const tools = h(
    "div",
    { class: "iv-tools", role: "group", "data-testid": "tools" },
    strips.element,
    vector.element,
    size.element,
    h("span", { class: "iv-control" }, order.element, direction),
    map.element,
    range.element,
    fixed,
    more(rarely, "more", "Brightness of the colours, and along which axis the channels are read"),
    rarely,
  );

  // Sliders are rebuilt only when the axes change: one that is being dragged must stay.
  let axes = "";
  let sliders: Control<number>[] = [];
  let indices: number[] = [];
  const showSlices = ({ header }: Picture): void => {
    const now = JSON.stringify([header.layer, header.channelAxis, header.slices.map((s) => [s.name, s.size])]);
    if (now !== axes) {
      axes = now;
      sliders = header.slices.map((slice, i) =>
        indexSlider(slice.name, `slice-${i}`, slice.size, (value) => {
          indices = indices.map((old, k) => (k === i ? value : old));
          events.want("slices", indices);
        }),
      );
      slices.replaceChildren(...sliders.map((slider) => slider.element));
    }
    // An answer to an earlier position must not pull the slider back from under the hand.
    if (slices.querySelector("input:active")) return;
    indices = header.slices.map((slice) => slice.index);
    for (const [i, slider] of sliders.entries()) slider.set(indices[i]!);
  };

  return {
    title,
    tools,
    show(nextPicture, nextSettings) {
      picture = nextPicture;
      settings = nextSettings;
      const { header, layout } = picture;
      setText(name, header.layer);
      setText(about, [header.layerKind, shapeText(header.shape), sampleText(picture)].join(" · "));
      setText(note, header.note);
      title.title = [header.layer, about.textContent, header.note].filter(Boolean).join("\n");
      map.set(settings.map);
      map.element.hidden = gamma.element.hidden = !coloured(settings, picture);
      range.options(rangesOf(picture));
      range.set(rangeKind(settings, picture));
      fixed.hidden = rangeKind(settings, picture) !== "fixed";
      ends.forEach((input, i) => {
        const value = settings.fixed?.[i];
        // Seven digits say all that 32-bit values have.
        input.value = value === undefined ? "" : String(Number(value.toPrecision(7)));
      });
      gamma.set(settings.gamma);
      contrast.set(settings.contrast);
      order.set(settings.order);
      direction.replaceChildren(icon(settings.descending ? DESCENDING : ASCENDING));
      direction.title = settings.descending ? "Largest first" : "Smallest first";
      direction.setAttribute("aria-label", direction.title);
      size.set(settings.size);
      strips.element.hidden = layout !== "strips";
      strips.set(settings.strips);
      vector.element.hidden = layout !== "vector";
      vector.set(settings.vector);
      fold.element.hidden = !header.foldable;
      fold.set(header.folded ? "maps" : "tokens");
      // Weights are read in one way only.
      axis.element.hidden = header.shape.length < 2 || header.of !== undefined;
      axis.options(header.shape.map((n, i) => [String(i), `axis ${i} (${n})`]));
      axis.set(String(header.channelAxis));
      tools.setAttribute("aria-label", `Drawing of ${counted(picture.channels, "channel")}`);
      showSlices(picture);
    },
  };
}
