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

// All tiles of a layer are of one size: what was worked out for one serves the next.
const remembered = (make: (from: number, to: number) => Uint16Array) => {
  const known = new Map<number, Uint16Array>();
  return (from: number, to: number): Uint16Array => {
    const key = from * 65536 + to;
    let found = known.get(key);
    if (!found) {
      if (known.size > 16) known.clear();
      found = make(from, to);
      known.set(key, found);
    }
    return found;
  };
};

/** Where each of `to` parts of `from` pixels begins, and where the last one ends. */
const parts = remembered((from, to) => Uint16Array.from({ length: to + 1 }, (_, i) => Math.floor((i * from) / to)));

/** Which of `from` pixels each of `to` pixels shows. */
const nearest = remembered((from, to) =>
  Uint16Array.from({ length: to }, (_, i) => Math.floor(((i + 0.5) * from) / to)),
);

/** A tile with more pixels than there is room for: block averages, in which what is no number is never lost. */
export function shrink(tile: Uint8Array, width: number, height: number, toWidth: number, toHeight: number): Uint8Array {
  if (scratch.length < toWidth * toHeight) scratch = new Uint8Array(toWidth * toHeight);
  const small = scratch;
  const xs = parts(width, toWidth);
  const ys = parts(height, toHeight);
  // First down each column, then along the row: twice as fast as block by block.
  const sums = new Int32Array(width);
  const odd = new Uint8Array(width);
  for (let row = 0; row < toHeight; row++) {
    const y1 = ys[row + 1]!;
    let anyOdd = false;
    sums.fill(0);
    for (let y = ys[row]!; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        const code = tile[i]!;
        if (code > 252) {
          if (!anyOdd) odd.fill(0);
          anyOdd = true;
          if (code > odd[x]!) odd[x] = code;
        } else sums[x]! += code;
      }
    }
    const tall = 1 / (y1 - ys[row]!);
    let x0 = 0;
    for (let column = 0, out = row * toWidth; column < toWidth; column++, out++) {
      const x1 = xs[column + 1]!;
      let sum = sums[x0]!;
      for (let x = x0 + 1; x < x1; x++) sum += sums[x]!;
      small[out] = ((x1 - x0 === 1 ? sum : sum / (x1 - x0)) * tall + 0.5) | 0;
      if (anyOdd) small[out] = odd.subarray(x0, x1).reduce((a, b) => Math.max(a, b)) || small[out]!;
      x0 = x1;
    }
  }
  return small;
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
  const { data } = raster;
  const from = nearest(columns, width);
  const down = nearest(rows, height);
  const shift = x0 - x;
  const count = x1 - x0;
  let drawn = -1;
  for (let at = y0; at < y1; at++) {
    const row = down[at - y]!;
    const start = at * raster.width + x0;
    // An enlarged row repeats: copying it is much faster than looking it up again.
    if (row === drawn) data.copyWithin(start, start - raster.width, start - raster.width + count);
    else {
      const base = row * columns;
      for (let i = 0; i < count; i++) data[start + i] = table[source[base + from[i + shift]!]!]!;
    }
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
