// Pictures to keep: all channels, or the chosen one, as PNG.
import { STEPS } from "../ui/colormaps";
import { download } from "../ui/download";
import { counted, number, shapeText } from "../ui/format";
import { arrange, type Room } from "./arrange";
import { countValues } from "./codes";
import { channelName } from "./describe";
import { endsOf, nonFiniteTexts } from "./legend";
import { type Theme, themeOf } from "./marks";
import { painter } from "./paint";
import { sampleText } from "./picture";
import { drawValues } from "./pixels";
import type { Scene } from "./scene";
import { windowAt } from "./scene";

const MARGIN = 16;
const HEAD = 48;
const FOOT = 40;
const LEAST_WIDTH = 560; // the colour bar with all its words
// What browsers can hold in one canvas, with room to spare.
const MOST_SIDE = 16_000;
const MOST_PIXELS = 100_000_000;

/** Of a whole drawing: as wide as on the page, or wider when it would become too tall a picture. */
function wholeRoom(scene: Scene, room: Room): Room {
  let { width } = room;
  for (;;) {
    const { height } = arrange(scene.picture, scene.settings, { ...room, width });
    if (height <= 2 * width || width >= 8000) return { width, height: room.height };
    width = Math.ceil(width * 1.25);
  }
}

function heading(context: CanvasRenderingContext2D, theme: Theme, title: string, about: string): void {
  context.fillStyle = theme.ink;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.font = `600 14px ${theme.family}`;
  context.fillText(title, MARGIN, 22);
  context.fillStyle = theme.faint;
  context.font = `12px ${theme.family}`;
  context.fillText(about, MARGIN, 40);
}

function colourBar(
  context: CanvasRenderingContext2D,
  theme: Theme,
  { ramp, odd }: { ramp: Uint32Array; odd: readonly { colour: string; text: string }[] },
  y: number,
  [low, high]: readonly [string, string],
): void {
  context.font = `11px ${theme.family}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = theme.ink;
  context.fillText(low, MARGIN, y + 6);
  const left = MARGIN + context.measureText(low).width + 8;
  const length = 160;
  for (let i = 0; i < length; i++) {
    const c = ramp[Math.round((i / (length - 1)) * STEPS)]!;
    context.fillStyle = `rgb(${c & 255} ${(c >> 8) & 255} ${(c >> 16) & 255})`;
    context.fillRect(left + i, y, 1.5, 12);
  }
  context.fillStyle = theme.ink;
  context.fillText(high, left + length + 8, y + 6);
  let x = left + length + 24 + context.measureText(high).width;
  for (const { colour, text } of odd) {
    context.fillStyle = colour;
    context.fillRect(x, y + 1, 10, 10);
    context.fillStyle = theme.ink;
    context.fillText(text, x + 14, y + 6);
    x += 30 + context.measureText(text).width;
  }
}

const canvasOf = (width: number, height: number, ratio: number) => {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context) throw new Error(`the browser has no memory for a picture of ${canvas.width} x ${canvas.height} pixels`);
  return { canvas, context };
};

function page(width: number, height: number, ratio: number, theme: Theme) {
  const made = canvasOf(width, height, ratio);
  made.context.scale(ratio, ratio);
  made.context.fillStyle = theme.surface;
  made.context.fillRect(0, 0, width, height);
  return made;
}

const aboutOf = ({ picture }: Scene): string =>
  [picture.header.layerKind, shapeText(picture.header.shape), sampleText(picture)].join(" · ");

/** All channels in the present order and settings, with a title and a colour bar. */
export function gridPicture(scene: Scene, room: Room, element: Element): HTMLCanvasElement {
  const theme = themeOf(element);
  const arrangement = arrange(scene.picture, scene.settings, wholeRoom(scene, room));
  const [width, height] = [Math.max(LEAST_WIDTH, arrangement.width), arrangement.height];
  const total = HEAD + height + FOOT;
  const most = Math.min(MOST_SIDE / width, MOST_SIDE / total, Math.sqrt(MOST_PIXELS / (width * total)));
  // Twice as fine as the page, so that it can be printed.
  const ratio = Math.min(2, most);
  const { canvas, context } = page(width, total, ratio, theme);
  heading(
    context,
    theme,
    scene.picture.header.layer,
    `${aboutOf(scene)} · ${counted(scene.picture.channels, "channel")}`,
  );
  const inner = canvasOf(arrangement.width, height, ratio);
  painter(inner.context)(
    { ...scene, arrangement },
    { left: 0, top: 0, width: arrangement.width, height, ratio },
    theme,
  );
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(inner.canvas, 0, Math.round(HEAD * ratio));
  context.restore();
  const [low, high, of] = endsOf(scene);
  colourBar(context, theme, { ramp: scene.ramp, odd: nonFiniteTexts(scene.picture.nonFinite) }, HEAD + height + 14, [
    low,
    `${high} ${of}`.trim(),
  ]);
  return canvas;
}

/** One channel, enlarged so that each of its pixels stays sharp. */
export function channelPicture(
  scene: Scene,
  channel: number,
  { values, height, width }: { values: Float32Array; height: number; width: number },
  element: Element,
): HTMLCanvasElement {
  const theme = themeOf(element);
  const scale = Math.max(1, Math.floor(640 / Math.max(height, width)));
  const tall = Math.max(scale * height, 24); // a signal of one row is drawn as a band
  const full = Math.max(LEAST_WIDTH, scale * width + 2 * MARGIN);
  const { canvas, context } = page(full, HEAD + tall + FOOT, 2, theme);
  heading(context, theme, `${scene.picture.header.layer}, ${channelName(scene.picture, channel)}`, aboutOf(scene));
  const small = canvasOf(width, height, 1);
  const [from, to] = windowAt(scene, channel);
  const pixels = drawValues(values, scene.ramp, [from, to]);
  small.context.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer as ArrayBuffer), width, height), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small.canvas, MARGIN, HEAD, scale * width, tall);
  colourBar(context, theme, { ramp: scene.ramp, odd: nonFiniteTexts(countValues(values)) }, HEAD + tall + 14, [
    number(from),
    number(to),
  ]);
  return canvas;
}

/** A name that every file system takes. */
export const fileName = (...parts: readonly (string | number | null)[]): string =>
  `${["innerview", ...parts].map((part) => String(part ?? "own").replace(/[^\w.-]+/g, "_")).join("-")}.png`;

/** Hand a canvas to the user as a file. */
export function saveCanvas(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((blob) => blob && download(blob, name), "image/png");
}
