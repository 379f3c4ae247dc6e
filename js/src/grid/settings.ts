// How the user wants the channels drawn. Kept while layers and samples change; nothing here costs a round trip.
import { type MapName, makeRamp } from "../ui/colormaps";
import type { Layout, Picture, Statistic } from "./picture";

export type RangeKind = "tile" | "layer" | "fixed";
export type OrderKey = "index" | Statistic;
export type Size = "fit" | "s" | "m" | "l";

export interface Settings {
  map: "auto" | MapName;
  /** By layout: maps are read one by one, but tokens and vectors only in comparison. */
  range: Record<Layout, RangeKind>;
  /** The ends of the fixed range; null until it is first chosen. */
  fixed: [number, number] | null;
  gamma: number;
  /** 1 shows the range as it is, 2 its middle half, 0.5 twice its width. */
  contrast: number;
  order: OrderKey;
  descending: boolean;
  size: Size;
  strips: "heat" | "line";
  vector: "bars" | "heat";
}

export const defaults = (): Settings => ({
  map: "auto",
  range: { maps: "tile", strips: "tile", vector: "layer", tokens: "layer" },
  fixed: null,
  gamma: 1,
  contrast: 1,
  order: "index",
  descending: false,
  size: "fit",
  strips: "heat",
  vector: "bars",
});

/** The colour map in use: "auto" is signed when the layer has values below zero. */
export const mapOf = (settings: Settings, picture: Picture): MapName =>
  settings.map !== "auto" ? settings.map : picture.signed ? "signed" : "viridis";

/** Whether values are drawn as colours; bars and lines show them as lengths and heights. */
export const coloured = (settings: Settings, { layout }: Picture): boolean =>
  layout === "vector" ? settings.vector === "heat" : layout === "strips" ? settings.strips === "heat" : true;

/** The range in use: a single value has no range of its own, so vectors share the layer's. */
export function rangeKind(settings: Settings, picture: Picture): RangeKind {
  const kind = settings.range[picture.layout];
  return kind === "tile" && picture.layout === "vector" ? "layer" : kind;
}

/** The values at both ends of the colour map, for a channel (or, for colour bars of a shared range, without one). */
export function windowOf(settings: Settings, picture: Picture, channel?: number): [number, number] {
  const kind = rangeKind(settings, picture);
  let [from, to] = [picture.low, picture.high];
  if (kind === "fixed" && settings.fixed) [from, to] = settings.fixed;
  else if (kind === "tile" && channel !== undefined) {
    from = picture.arrays.low.data[channel]!;
    to = picture.arrays.high.data[channel]!;
  }
  if (mapOf(settings, picture) === "signed") {
    const reach = Math.max(Math.abs(from), Math.abs(to)) || 1;
    from = -reach;
    to = reach;
  }
  if (settings.contrast === 1) return [from, to];
  const middle = from / 2 + to / 2;
  const half = (to / 2 - from / 2) / settings.contrast;
  return [middle - half, middle + half];
}

/** The ramp of the settings; the same object while map and gamma stay, since each tile asks for it. */
export function rampMaker(): (settings: Settings, picture: Picture) => Uint32Array {
  let key = "";
  let ramp: Uint32Array = new Uint32Array();
  return (settings, picture) => {
    const name = mapOf(settings, picture);
    if (key !== `${name}/${settings.gamma}`) {
      ramp = makeRamp(name, settings.gamma);
      key = `${name}/${settings.gamma}`;
    }
    return ramp;
  };
}
