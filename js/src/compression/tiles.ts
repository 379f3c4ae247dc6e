// One sample's tiles before and after, on one scale, and their difference; the three scroll together.
import type { CompressedFrame, CompressionPart, GridFrame } from "../frames";
import { nonFiniteTexts } from "../grid/legend";
import { orderOf } from "../grid/order";
import { makePicture, type Picture } from "../grid/picture";
import { defaults, type Settings } from "../grid/settings";
import { createStage } from "../grid/stage";
import { gradient, type MapName, makeRamp } from "../ui/colormaps";
import { h, setText } from "../ui/dom";
import { number } from "../ui/format";

export interface Tiles {
  readonly element: HTMLElement;
  show(frame: CompressedFrame): void;
  destroy(): void;
}

const PARTS: readonly CompressionPart[] = ["before", "after", "difference"];
// A difference smaller than this part of the values is drawn small: rounding must not look like a loss.
const LEAST = 0.05;

/** One of the three as a picture of the grid. */
export function pictureOf({ header, arrays }: CompressedFrame, part: CompressionPart): Picture {
  const names = ["tiles", "low", "high", "mean", "variance", "sparsity", "nonfinite", "extra"] as const;
  const found = names.flatMap((name) => (arrays[`${part}.${name}`] ? [[name, arrays[`${part}.${name}`]!]] : []));
  return makePicture({
    header: {
      ...header,
      kind: "grid",
      nonfinite: header.nonfinite[part],
      foldable: false,
      folded: header.extraLabels.length > 0,
      note: "",
    },
    arrays: Object.fromEntries(found) as unknown as GridFrame["arrays"],
  });
}

export interface Scale {
  readonly map: MapName;
  readonly window: [number, number];
}

/** One scale for before and after, and one around zero for the difference. */
export function scalesOf(before: Picture, after: Picture, difference: Picture): { values: Scale; difference: Scale } {
  const [low, high] = [Math.min(before.low, after.low), Math.max(before.high, after.high)];
  const signed = before.signed;
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const lost = Math.max(Math.abs(difference.low), Math.abs(difference.high), LEAST * reach);
  return {
    values: { map: signed ? "signed" : "viridis", window: signed ? [-reach, reach] : [low, high] },
    difference: { map: "signed", window: [-lost, lost] },
  };
}

const settingsOf = ({ map, window }: Scale): Settings => ({
  ...defaults(),
  map,
  range: { maps: "fixed", strips: "fixed", vector: "fixed", tokens: "fixed" },
  fixed: window,
});

export function tiles(painted: (frame: CompressedFrame) => void): Tiles {
  let shown: CompressedFrame | undefined;
  let order: Uint32Array = new Uint32Array();
  const legend = () => {
    const [low, bar, high] = [h("span", null), h("span", { class: "iv-colour-bar" }), h("span", null)];
    return {
      element: h("span", { class: "iv-bar-group" }, low, bar, high),
      show({ map, window }: Scale): void {
        setText(low, number(window[0], 3));
        setText(high, number(window[1], 3));
        bar.style.background = gradient(makeRamp(map));
      },
    };
  };
  const [values, lost] = [legend(), legend()];
  const odd = h("span", { class: "iv-odd", "data-testid": "non-finite" });

  let selected: number | null = null;
  const choose = (channel: number | null): void => {
    selected = channel;
    for (const { stage } of parts) stage.select(channel, false);
  };
  const parts = PARTS.map((name) => {
    const stage = createStage({
      open: (channel) => choose(channel === selected ? null : channel),
      escape() {
        if (selected === null) return false;
        choose(null);
        return true;
      },
      painted() {
        if (name === "difference" && shown) painted(shown);
      },
    });
    stage.element.dataset.part = name;
    return { name, stage };
  });
  for (const { stage } of parts) {
    stage.scroller.addEventListener("scroll", () => {
      for (const { stage: other } of parts) {
        if (other === stage) continue;
        const { scrollLeft, scrollTop } = stage.scroller;
        if (other.scroller.scrollTop !== scrollTop || other.scroller.scrollLeft !== scrollLeft)
          other.scroller.scrollTo({ left: scrollLeft, top: scrollTop, behavior: "instant" });
      }
    });
  }
  const figure = (name: string, stage: HTMLElement, ...below: HTMLElement[]): HTMLElement =>
    h("figure", { class: "iv-compression-figure" }, h("figcaption", null, name, ...below), stage);
  const [before, after, difference] = parts.map(({ stage }) => stage.element);

  return {
    element: h(
      "div",
      { class: "iv-compression-tiles", "data-testid": "tiles" },
      figure("Before", before!, values.element),
      figure("After", after!, h("span", { class: "iv-muted" }, "same scale"), odd),
      figure("Difference", difference!, lost.element),
    ),
    show(frame) {
      const pictures = PARTS.map((name) => pictureOf(frame, name));
      const [first, second, third] = pictures as [Picture, Picture, Picture];
      const scales = scalesOf(first, second, third);
      if (!shown || shown.header.layer !== frame.header.layer) selected = null;
      shown = frame;
      if (order.length !== first.channels) order = orderOf(first, "index", false);
      // Bars have their numbers beside them, and one colour.
      values.element.hidden = lost.element.hidden = first.layout === "vector";
      values.show(scales.values);
      lost.show(scales.difference);
      odd.replaceChildren(
        ...nonFiniteTexts(second.nonFinite).map(({ colour, text }) =>
          h("span", null, h("i", { class: "iv-swatch", style: `background:${colour}` }), text),
        ),
      );
      parts.forEach(({ name, stage }, i) => {
        const scale = name === "difference" ? scales.difference : scales.values;
        stage.select(selected, false);
        stage.show({
          picture: pictures[i]!,
          settings: settingsOf(scale),
          order,
          ramp: makeRamp(scale.map),
          dead: null,
        });
        stage.scroller.setAttribute("aria-label", `${name}: channels of ${frame.header.layer}`);
      });
    },
    destroy() {
      for (const { stage } of parts) stage.destroy();
    },
  };
}
