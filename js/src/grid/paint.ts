// Paints the part of a scene that is in sight: the pixels of the tiles in one block, then lines, bars and marks over it.
import { fillTable } from "../ui/colormaps";
import { type Box, boxAt, inSight } from "./arrange";
import { paintBars, paintCaptions, paintLines, paintRowNumbers, type Theme } from "./marks";
import { silent } from "./picture";
import { type Column, drawColumns, drawTile, type Raster } from "./pixels";
import { codeRange, isDead, type Placed, type Sight, windowAt } from "./scene";

const DIMMED = 90; // of 255: dead channels step back

const deviceArea = (box: Box, { left, top, ratio }: Sight) => {
  const x = Math.round((box.x - left) * ratio);
  const y = Math.round((box.y - top) * ratio);
  return {
    x,
    y,
    width: Math.max(1, Math.round((box.x + box.width - left) * ratio) - x),
    height: Math.max(1, Math.round((box.y + box.height - top) * ratio) - y),
  };
};

/** The small squares below a tile that stand for class and register tokens, right-aligned. */
export function extraBoxes(placed: Placed, box: Box): Box[] {
  const { arrangement, picture } = placed;
  const count = picture.arrays.extra?.shape[1] ?? 0;
  if (!count || !arrangement.caption) return [];
  const size = Math.min(arrangement.caption >= 16 ? 10 : 6, Math.max(2, Math.floor(box.width / (2 * count)) - 1));
  return Array.from({ length: count }, (_, i) => ({
    x: box.x + box.width - (count - i) * (size + 2) + 2,
    y: box.y + box.height + 2,
    width: size,
    height: size,
  }));
}

function drawTiles(raster: Raster, placed: Placed, sight: Sight): void {
  const { picture, arrangement, order, ramp } = placed;
  const table = new Uint32Array(256);
  const extra = picture.arrays.extra;
  const [first, last] = inSight(arrangement, sight.top, sight.height);
  for (let at = first; at < last; at++) {
    const channel = order[at]!;
    const box = boxAt(arrangement, at);
    const alpha = isDead(placed, channel) ? DIMMED : 255;
    fillTable(table, ramp, codeRange(picture, channel), windowAt(placed, channel), alpha);
    drawTile(raster, deviceArea(box, sight), picture.tile(channel), picture.width, picture.height, table);
    extraBoxes(placed, box).forEach((cell, k) => {
      const code = extra!.data.subarray(channel * extra!.shape[1]! + k, channel * extra!.shape[1]! + k + 1);
      drawTile(raster, deviceArea(cell, sight), code, 1, 1, table);
    });
  }
}

function drawMatrix(raster: Raster, placed: Placed, sight: Sight): void {
  const { picture, arrangement: a, order, ramp } = placed;
  const first = Math.max(0, Math.floor((sight.left - a.left) / a.pitchX));
  const last = Math.min(a.count, Math.ceil((sight.left + sight.width - a.left) / a.pitchX));
  const columns: Column[] = [];
  for (let at = first; at < last; at++) {
    const channel = order[at]!;
    columns.push({
      codes: picture.tile(channel),
      range: codeRange(picture, channel),
      window: windowAt(placed, channel),
    });
  }
  const area = deviceArea({ x: a.left + first * a.pitchX, y: a.top, width: 1, height: a.boxHeight }, sight);
  drawColumns(raster, columns, { x: area.x, y: area.y, pitch: a.pitchX * sight.ratio, height: area.height }, ramp);
}

/**
 * A painter keeps its block of pixels between paintings of one size. It writes its numbers on a canvas off the page:
 * text on one of the page's canvases makes the browser lay the page out first, 5 ms of a click in JupyterLab.
 */
export function painter(context: CanvasRenderingContext2D) {
  const buffer = new OffscreenCanvas(1, 1);
  const off = buffer.getContext("2d") as OffscreenCanvasRenderingContext2D;
  let image: ImageData | undefined;
  let raster: Raster | undefined;

  return (placed: Placed, sight: Sight, theme: Theme): void => {
    const width = Math.max(1, Math.round(sight.width * sight.ratio));
    const height = Math.max(1, Math.round(sight.height * sight.ratio));
    for (const canvas of [context.canvas, buffer]) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    const { drawing } = placed.arrangement;
    off.setTransform(1, 0, 0, 1, 0, 0);
    if (drawing === "bars" || drawing === "lines") off.clearRect(0, 0, width, height);
    else {
      if (image?.width !== width || image.height !== height || !raster) {
        image = off.createImageData(width, height);
        raster = { width, height, data: new Uint32Array(image.data.buffer) };
      } else raster.data.fill(0);
      if (drawing === "matrix") drawMatrix(raster, placed, sight);
      else drawTiles(raster, placed, sight);
      off.putImageData(image, 0, 0);
    }
    off.setTransform(sight.ratio, 0, 0, sight.ratio, -sight.left * sight.ratio, -sight.top * sight.ratio);
    off.font = `11px ${theme.family}`;
    if (drawing === "bars") paintBars(off, placed, sight, theme);
    if (drawing === "lines") paintLines(off, placed, sight, theme);
    if (drawing === "tiles") paintCaptions(off, placed, sight, theme, (c) => silent(placed.picture, c));
    paintRowNumbers(off, placed, sight, theme);
    context.globalCompositeOperation = "copy";
    context.drawImage(buffer, 0, 0);
  };
}
