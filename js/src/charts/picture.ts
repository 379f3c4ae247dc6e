// The picture of a heat map: its codes as pixels, and where its columns stand.
import { colourAt } from "../ui/colormaps";
import { lowerBound } from "./join";
import { type Scene, xOf } from "./scene";
import type { HeatData, Values } from "./types";

/** Columns of a picture that are seen: places of a source in cells, and of a target in pixels of CSS. */
export interface Slice {
  readonly column: number;
  readonly from: number;
  readonly to: number;
}

/** A colour map with 0 clear: 256 times red, green, blue, alpha. */
export function palette(name: NonNullable<HeatData["colours"]>): Uint8ClampedArray {
  const table = new Uint8ClampedArray(4 * 256);
  for (let code = 1; code < 256; code++) table.set([...colourAt(name, (code - 1) / 254), 255], 4 * code);
  return table;
}

/** How many bins are shown. */
export const shownBins = ({ shown, bins }: HeatData): number => Math.max(0, shown ? shown[1] - shown[0] : bins);

/** The pixels of the bins that are shown, the highest in the first row: `[shown bins, columns]`, four bytes each. */
export function pixelsOf(heat: HeatData): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } {
  const columns = Math.max(0, heat.edges.length - 1);
  const last = heat.shown?.[1] ?? heat.bins;
  const height = shownBins(heat);
  const data = new Uint8ClampedArray(4 * columns * height);
  const table = palette(heat.colours ?? "viridis");
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < height; row++) {
      const code = heat.codes[column * heat.bins + last - 1 - row] ?? 0;
      if (code) data.set(table.subarray(4 * code, 4 * code + 4), 4 * (row * columns + column));
    }
  }
  return { width: columns, height, data };
}

/** Whether all columns are of one width. */
export function even(edges: Values): boolean {
  const width = (edges[edges.length - 1]! - edges[0]!) / (edges.length - 1);
  return Array.from(edges).every((edge, i) => Math.abs(edge - edges[0]! - i * width) < 1e-6 * width * (i + 1));
}

/** Where the columns stand that are seen; whole pixels, so that no seam shows between two of them. */
export function slicesOf(scene: Scene, ratio: number): Slice[] {
  const { heat, plot, x } = scene;
  if (!heat) return [];
  const { edges } = heat;
  const snap = (value: number): number => {
    const px = Math.min(Math.max(xOf(scene, value), plot.left), plot.left + plot.width);
    return Math.round(px * ratio) / ratio;
  };
  const slices: Slice[] = [];
  const last = Math.min(edges.length - 1, lowerBound(edges, x.high));
  for (let column = Math.max(0, lowerBound(edges, x.low) - 1); column < last; column++) {
    const [from, to] = [snap(edges[column]!), snap(edges[column + 1]!)];
    if (to > from) slices.push({ column, from, to });
  }
  return slices;
}

/** The pixels as a canvas; null where there is none to draw on. */
export function canvasOf(heat: HeatData): HTMLCanvasElement | null {
  const { width, height, data } = pixelsOf(heat);
  if (!width || !height) return null;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}
