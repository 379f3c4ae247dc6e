// Where the tiles go: sizes, columns, which are in sight, which is under the pointer. Plain arithmetic, in CSS pixels.
import type { Picture } from "./picture";
import type { Settings, Size } from "./settings";

export type Drawing = "tiles" | "strips" | "lines" | "bars" | "matrix";

export interface Arrangement {
  readonly drawing: Drawing;
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  /** Of the first tile. */
  readonly left: number;
  readonly top: number;
  /** From one tile to the next. */
  readonly pitchX: number;
  readonly pitchY: number;
  /** Of a tile's picture. For a matrix a tile is one column of it. */
  readonly boxWidth: number;
  readonly boxHeight: number;
  /** Height kept free below each picture for its number, and for class tokens; 0 when there is no room. */
  readonly caption: number;
  /** Of all of it. */
  readonly width: number;
  readonly height: number;
}

export interface Room {
  readonly width: number;
  readonly height: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const PAD = 8;
const GAP = 6;
const CAPTION = 16;
const CELLS = 8; // the caption of tiles too small for a number: class tokens alone
const CAPTIONED = 52; // width of a tile from which its number fits below it
const SCALE = 56; // left of bars: the numbers at their scale
const LEAST = 40;
const MOST = 400;
const MAP_WIDTH: Record<Size, number> = { fit: 0, s: 40, m: 88, l: 180 };
const CELL: Record<Size, number> = { fit: 0, s: 10, m: 18, l: 32 };
const STRIP: Record<Size, number> = { fit: 0, s: 8, m: 18, l: 44 };
const LINE: Record<Size, number> = { fit: 0, s: 24, m: 44, l: 88 };
const BAR: Record<Size, number> = { fit: 0, s: 4, m: 8, l: 16 };
const TOKEN: Record<Size, number> = { fit: 0, s: 3, m: 8, l: 16 };

// Rows of whole tens can be counted along.
const tens = (columns: number, count: number): number =>
  columns < count && columns > 20 ? columns - (columns % 10) : Math.max(1, columns);

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

type Grid = { columns: number; boxWidth: number; boxHeight: number; caption: number; gap: number };

const place = (drawing: Drawing, count: number, left: number, grid: Grid): Arrangement => {
  const columns = clamp(grid.columns, 1, Math.max(1, count));
  const rows = Math.ceil(count / columns);
  const pitchX = grid.boxWidth + grid.gap;
  const pitchY = grid.boxHeight + grid.caption + grid.gap;
  return {
    drawing,
    count,
    columns,
    rows,
    left,
    top: PAD,
    pitchX,
    pitchY,
    boxWidth: grid.boxWidth,
    boxHeight: grid.boxHeight,
    caption: grid.caption,
    width: left + columns * pitchX - grid.gap + PAD,
    height: PAD + rows * pitchY - grid.gap + PAD,
  };
};

function tiles(picture: Picture, size: Size, room: Room): Arrangement {
  const count = picture.channels;
  const width = Math.max(LEAST, room.width - 2 * PAD);
  const height = room.height - 2 * PAD;
  const aspect = clamp(picture.height / picture.width, 1 / 8, 4);
  const cells = picture.arrays.extra ? CELLS : 0;
  const grid = (columns: number, most: number): Grid => {
    const boxWidth = Math.max(1, Math.min(most, Math.floor((width + GAP) / columns) - GAP));
    const caption = boxWidth >= CAPTIONED ? CAPTION : cells;
    return { columns, boxWidth, boxHeight: Math.max(4, Math.round(boxWidth * aspect)), caption, gap: GAP };
  };
  const narrowest = Math.max(1, Math.floor((width + GAP) / (LEAST + GAP)));
  if (size === "fit") {
    // A tall map must not be larger than the room it is seen in.
    const most = Math.max(LEAST, Math.min(MOST, (height - CAPTION) / aspect));
    for (let columns = 1; columns < narrowest; columns++) {
      const made = place("tiles", count, PAD, grid(columns, most));
      if (made.height <= room.height) return made;
    }
    return place("tiles", count, PAD, grid(narrowest, MOST));
  }
  const wanted = MAP_WIDTH[size];
  const columns = Math.max(1, Math.floor((width + GAP) / (wanted + GAP)));
  return place("tiles", count, PAD, grid(columns, count < columns ? wanted : Infinity));
}

/** Width of the numbers at the left of rows. */
export const gutterOf = (largest: number): number => PAD + 8 + 7 * String(largest).length;

function strips(picture: Picture, settings: Settings, room: Room): Arrangement {
  const lines = settings.strips === "line";
  const gap = lines ? 6 : 3;
  const [least, most] = lines ? [36, 120] : [10, 48];
  const fit = Math.floor((room.height - 2 * PAD) / Math.max(1, picture.channels)) - gap;
  const left = gutterOf(picture.channels - 1);
  return place(lines ? "lines" : "strips", picture.channels, left, {
    columns: 1,
    boxWidth: Math.max(LEAST, room.width - left - PAD),
    boxHeight: (lines ? LINE : STRIP)[settings.size] || clamp(fit, least, most),
    caption: 0,
    gap,
  });
}

function vector(picture: Picture, settings: Settings, room: Room): Arrangement {
  const count = picture.channels;
  const left = settings.vector === "bars" ? SCALE : gutterOf(count - 1);
  const width = Math.max(LEAST, room.width - left - PAD);
  if (settings.vector === "bars") {
    const fit = count * BAR.s <= width ? Math.min(48, Math.floor(width / Math.max(1, count))) : BAR.s;
    const pitch = BAR[settings.size] || fit;
    const columns = tens(Math.floor(width / pitch), count);
    const gap = pitch >= 6 ? 2 : 1;
    const boxHeight = count <= columns ? clamp(room.height - 3 * PAD - CAPTION, 80, 240) : 80;
    const made = place("bars", count, left, { columns, boxWidth: pitch - gap, boxHeight, caption: CAPTION + GAP, gap });
    // The gap between bars is no gap between rows.
    return { ...made, pitchY: boxHeight + CAPTION + GAP, height: 2 * PAD + made.rows * (boxHeight + CAPTION + GAP) };
  }
  let pitch = (CELL[settings.size] || 48) + 1;
  const rows = (p: number): number => Math.ceil(count / Math.max(1, Math.floor(width / p)));
  if (settings.size === "fit") while (pitch > 11 && rows(pitch) * pitch > room.height - 2 * PAD) pitch--;
  const columns = tens(Math.floor(width / pitch), count);
  return place("tiles", count, left, { columns, boxWidth: pitch - 1, boxHeight: pitch - 1, caption: 0, gap: 1 });
}

function matrix(picture: Picture, size: Size, room: Room): Arrangement {
  const tokens = picture.width;
  const left = gutterOf(tokens - 1);
  const width = Math.max(LEAST, room.width - left - PAD);
  const columns = Math.max(1, picture.channels);
  const pitchX = TOKEN[size] || Math.min(24, width / columns);
  const boxHeight = tokens * (TOKEN[size] || clamp(Math.floor((room.height - 2 * PAD) / Math.max(1, tokens)), 1, 24));
  return place("matrix", picture.channels, left, { columns, boxWidth: pitchX, boxHeight, caption: 0, gap: 0 });
}

/** Lay a picture out in the room there is. */
export function arrange(picture: Picture, settings: Settings, room: Room): Arrangement {
  if (picture.layout === "strips") return strips(picture, settings, room);
  if (picture.layout === "vector") return vector(picture, settings, room);
  if (picture.layout === "tokens") return matrix(picture, settings.size, room);
  return tiles(picture, settings.size, room);
}

/** The picture of the tile at a place in the order. */
export const boxAt = (a: Arrangement, at: number): Box => ({
  x: a.left + (at % a.columns) * a.pitchX,
  y: a.top + Math.floor(at / a.columns) * a.pitchY,
  width: a.boxWidth,
  height: a.boxHeight,
});

/** The place in the order of the tile under a point of the content, or -1. A caption belongs to its tile. */
export function placeAt(a: Arrangement, x: number, y: number): number {
  const column = Math.floor((x - a.left) / a.pitchX);
  const row = Math.floor((y - a.top) / a.pitchY);
  if (column < 0 || column >= a.columns || row < 0 || row >= a.rows) return -1;
  // The gap right of a tile is nobody's; between bars and cells it is too thin to matter, so the bar is taken.
  if (x - a.left - column * a.pitchX >= a.boxWidth + (a.pitchX - a.boxWidth <= 2 ? 2 : 0)) return -1;
  if (y - a.top - row * a.pitchY >= a.boxHeight + a.caption) return -1;
  const at = row * a.columns + column;
  return at < a.count ? at : -1;
}

/** Places in the order, first to last + 1, of the tiles that show in a window of the content. */
export function inSight(a: Arrangement, scrollTop: number, height: number): [number, number] {
  const first = clamp(Math.floor((scrollTop - a.top) / a.pitchY), 0, Math.max(0, a.rows - 1));
  const last = clamp(Math.ceil((scrollTop + height - a.top) / a.pitchY), 0, a.rows);
  return [first * a.columns, Math.min(a.count, last * a.columns)];
}

/** The place that a key moves to from another one; undefined for a key that does not move. */
export function moved(a: Arrangement, at: number, key: string, height: number): number | undefined {
  const page = Math.max(1, Math.floor(height / a.pitchY)) * a.columns;
  const steps: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - a.columns,
    ArrowDown: at + a.columns,
    PageUp: at - page,
    PageDown: at + page,
    Home: 0,
    End: a.count - 1,
  };
  const to = steps[key];
  if (to === undefined) return undefined;
  // Up and down keep to the column: at the edge they stay where they are, but a page goes as far as it can.
  if (key === "ArrowUp" && to < 0) return at;
  if (key === "ArrowDown" && to >= a.count) {
    return Math.floor(at / a.columns) < a.rows - 1 ? a.count - 1 : at;
  }
  return clamp(to, 0, Math.max(0, a.count - 1));
}

/** The scroll position, nearest to the present one, at which a tile is in sight with its caption. */
export function scrolledTo(a: Arrangement, at: number, scroll: { left: number; top: number }, room: Room) {
  const box = boxAt(a, at);
  const near = (from: number, size: number, start: number, length: number): number => {
    // What is larger than the window shows its beginning.
    if (start - PAD < from || length + 2 * PAD > size) return Math.max(0, start - PAD);
    return start + length + PAD > from + size ? start + length + PAD - size : from;
  };
  return {
    left: near(scroll.left, room.width, box.x, box.width),
    top: a.rows === 1 ? scroll.top : near(scroll.top, room.height, box.y, box.height + a.caption),
  };
}
