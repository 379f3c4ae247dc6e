// Drawing tiles into a block of pixels, without a canvas: one table lookup a pixel, nearest neighbour when enlarged.
import { colourOf, fillTable, STEPS, stepOf } from "../ui/colormaps";
import { codeValue } from "./codes";

/** Packed colours, row by row, as ImageData holds them. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint32Array;
}

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const makeRaster = (width: number, height: number): Raster => ({
  width,
  height,
  data: new Uint32Array(width * height),
});

let scratch = new Uint8Array(0);

/** A tile with more pixels than there is room for: block averages, in which what is no number is never lost. */
export function shrink(tile: Uint8Array, width: number, height: number, toWidth: number, toHeight: number): Uint8Array {
  if (scratch.length < toWidth * toHeight) scratch = new Uint8Array(toWidth * toHeight);
  for (let row = 0; row < toHeight; row++) {
    const y0 = Math.floor((row * height) / toHeight);
    const y1 = Math.floor(((row + 1) * height) / toHeight);
    for (let column = 0; column < toWidth; column++) {
      const x0 = Math.floor((column * width) / toWidth);
      const x1 = Math.floor(((column + 1) * width) / toWidth);
      let sum = 0;
      let odd = 0;
      for (let y = y0; y < y1; y++) {
        for (let i = y * width + x0; i < y * width + x1; i++) {
          const code = tile[i]!;
          if (code > 252) odd = Math.max(odd, code);
          else sum += code;
        }
      }
      scratch[row * toWidth + column] = odd || Math.round(sum / ((y1 - y0) * (x1 - x0)));
    }
  }
  return scratch;
}

/** Draw a tile over an area of the raster; what lies outside of the raster is cut off. */
export function drawTile(
  raster: Raster,
  { x, y, width, height }: Area,
  tile: Uint8Array,
  tileWidth: number,
  tileHeight: number,
  table: Uint32Array,
): void {
  const x0 = Math.max(0, x);
  const x1 = Math.min(raster.width, x + width);
  const y0 = Math.max(0, y);
  const y1 = Math.min(raster.height, y + height);
  if (x0 >= x1 || y0 >= y1) return;
  let source = tile;
  let columns = tileWidth;
  let rows = tileHeight;
  if (width < tileWidth || height < tileHeight) {
    columns = Math.min(width, tileWidth);
    rows = Math.min(height, tileHeight);
    source = shrink(tile, tileWidth, tileHeight, columns, rows);
  }
  const from = new Uint16Array(x1 - x0);
  for (let i = 0; i < from.length; i++) from[i] = Math.floor(((x0 - x + i + 0.5) * columns) / width);
  let drawn = -1;
  for (let at = y0; at < y1; at++) {
    const row = Math.floor(((at - y + 0.5) * rows) / height);
    const start = at * raster.width + x0;
    // An enlarged row repeats: copying it is much faster than looking it up again.
    if (row === drawn) raster.data.copyWithin(start, start - raster.width, start - raster.width + from.length);
    else
      for (let i = 0, base = row * columns; i < from.length; i++)
        raster.data[start + i] = table[source[base + from[i]!]!]!;
    drawn = row;
  }
}

/** One column of a matrix: a channel's values from top to bottom, and how their codes are to be read. */
export interface Column {
  readonly codes: Uint8Array;
  readonly range: readonly [number, number];
  readonly window: readonly [number, number];
}

/**
 * Draw columns side by side, `pitch` device pixels each (a fraction when there are more columns than pixels), from
 * (x, y) on. Columns that share a pixel are averaged after normalisation.
 */
export function drawColumns(
  raster: Raster,
  columns: readonly Column[],
  { x, y, pitch, height }: { x: number; y: number; pitch: number; height: number },
  ramp: Uint32Array,
): void {
  const tokens = columns[0]?.codes.length ?? 0;
  const table = new Uint32Array(256);
  if (pitch >= 1) {
    columns.forEach(({ codes, range, window }, i) => {
      const left = Math.round(x + i * pitch);
      fillTable(table, ramp, range, window);
      drawTile(raster, { x: left, y, width: Math.round(x + (i + 1) * pitch) - left, height }, codes, 1, tokens, table);
    });
    return;
  }
  const line = new Uint32Array(tokens);
  const identity = new Uint8Array(1);
  for (let at = 0; at < Math.ceil(columns.length * pitch); at++) {
    const group = columns.slice(
      Math.floor(at / pitch),
      Math.max(Math.floor(at / pitch) + 1, Math.floor((at + 1) / pitch)),
    );
    for (let token = 0; token < tokens; token++) {
      let sum = 0;
      let odd: number | undefined;
      for (const { codes, range, window } of group) {
        const value = codeValue(codes[token]!, range[0], range[1]);
        if (Number.isFinite(value)) sum += stepOf(value, window[0], window[1]);
        else odd = colourOf(value, ramp, 0, 1);
      }
      line[token] = odd ?? ramp[Math.min(STEPS, Math.round(sum / group.length))]!;
    }
    for (let token = 0; token < tokens; token++) {
      table[0] = line[token]!;
      const top = Math.round(y + (token * height) / tokens);
      const bottom = Math.round(y + ((token + 1) * height) / tokens);
      drawTile(raster, { x: x + at, y: top, width: 1, height: bottom - top }, identity, 1, 1, table);
    }
  }
}

/** Any values, finite or not, as packed colours: the enlarged channel. */
export function drawValues(
  values: Float32Array,
  ramp: Uint32Array,
  [from, to]: readonly [number, number],
): Uint32Array {
  const data = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = colourOf(values[i]!, ramp, from, to);
  return data;
}
