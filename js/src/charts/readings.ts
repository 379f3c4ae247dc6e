// What is under the crosshair, in words.
import { lowerBound, valueAt } from "./join";
import { exactly, nameOf } from "./scales";
import { type Scene, scaleAt, xOf } from "./scene";
import type { HeatData, Series } from "./types";

export interface Reading {
  /** None for what is said of a heat map. */
  readonly series: Series | null;
  /** The index of its value; −1 where it has none. */
  readonly index: number;
  readonly name: string;
  readonly value: string;
}

export interface Readings {
  readonly x: string;
  readonly rows: readonly Reading[];
  /** Marks at the crosshair that have a word. */
  readonly marks: readonly { readonly word: string; readonly colour: string }[];
}

const NOTHING = "–";
const NEAR = 5; // pixels, from a mark to the crosshair that tells of it

/** The height of what a series draws at a value: NaN for a gap, or a band alone. */
export function heightAt(series: Series, index: number): number {
  if (index < 0) return Number.NaN;
  if (series.kind === "line") return series.y[index]!;
  return series.kind === "bars" ? series.heights[index]! : Number.NaN;
}

/** A value of a series as its axis writes it, with its band. */
export function valueText(series: Series, index: number, write: (value: number) => string): string {
  if (index < 0) return NOTHING;
  const text = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value) ? NOTHING : write(value);
  if (series.kind === "band") {
    const [low, high] = [text(series.low[index]), text(series.high[index])];
    return low === NOTHING && high === NOTHING ? NOTHING : `${low} to ${high}`;
  }
  const value = text(heightAt(series, index));
  if (series.kind === "bars" || !series.low || !series.high) return value;
  const [low, high] = [text(series.low[index]), text(series.high[index])];
  return low === NOTHING || high === NOTHING ? value : `${value} (${low} to ${high})`;
}

/** The column of a heat map at an x; −1 beyond its ends. */
export function columnAt({ edges }: HeatData, at: number): number {
  const columns = edges.length - 1;
  if (columns < 1 || !(at >= edges[0]! && at <= edges[columns]!)) return -1;
  const next = lowerBound(edges, at);
  return Math.min(columns - 1, edges[next] === at ? next : next - 1);
}

/** The lowest bin of a column that is not empty, the fullest and the highest; null for an empty column. */
export function binsOf(heat: HeatData, column: number): { low: number; most: number; high: number } | null {
  let [low, most, high, best] = [-1, -1, -1, 0];
  for (let bin = 0; bin < heat.bins; bin++) {
    const code = heat.codes[column * heat.bins + bin] ?? 0;
    if (!code) continue;
    if (low < 0) low = bin;
    high = bin;
    if (code > best) [best, most] = [code, bin];
  }
  return low < 0 ? null : { low, most, high };
}

export const binText = (heat: HeatData, bin: number): string => heat.binText?.(bin) ?? `bin ${bin}`;

function heatRows(heat: HeatData, at: number, height: number | null): Reading[] {
  const row = (name: string, value: string): Reading => ({ series: null, index: -1, name, value });
  const column = columnAt(heat, at);
  const bins = column < 0 ? null : binsOf(heat, column);
  if (!bins) return [row("values", "none recorded")];
  const rows = [row("most frequent", binText(heat, bins.most))];
  const bin = height === null ? -1 : Math.floor(height);
  if (bin < 0 || bin >= heat.bins) return rows;
  const code = heat.codes[column * heat.bins + bin] ?? 0;
  const share = heat.codeText?.(code) ?? (code ? `${code} of 255` : "none");
  return [row(binText(heat, bin), share), ...rows];
}

/** What there is at an x; `height` is where the pointer is on the y axis, if it is in this chart. */
export function readingsOf(scene: Scene, at: number, height: number | null = null): Readings {
  const { x, series, heat, marks } = scene;
  const write = exactly(x.axis);
  let place = write(at);
  const bars = series.find((one) => one.kind === "bars");
  const bar = bars?.kind === "bars" ? valueAt(bars, at) : -1;
  if (bars?.kind === "bars" && bar >= 0) place = `${write(bars.edges[bar]!)} to ${write(bars.edges[bar + 1]!)}`;
  const rows = series.map((one): Reading => {
    const index = valueAt(one, at);
    const side = one.kind === "bars" ? "left" : (one.side ?? "left");
    return { series: one, index, name: one.name, value: valueText(one, index, exactly(scaleAt(scene, side).axis)) };
  });
  const middle = xOf(scene, at);
  const near = marks.filter((mark) => mark.word && Math.abs(xOf(scene, mark.x) - middle) <= NEAR);
  return {
    x: `${nameOf(x.axis, "x")} ${place}`,
    rows: heat ? heatRows(heat, at, height) : rows,
    marks: [...new Map(near.map((mark) => [mark.word, mark])).values()],
  };
}

/** The same as one sentence, for screen readers. */
export const spoken = ({ x, rows, marks }: Readings): string =>
  `${[x, ...marks.map(({ word }) => word)].join(", ")}: ${rows.map(({ name, value }) => `${name} ${value}`).join(", ")}`;
