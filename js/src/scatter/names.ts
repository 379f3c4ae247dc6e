// The names of classes at their clusters: which of them have room, and how they are written.
import { type Camera, type Size, toScreen } from "./camera";

export interface Label {
  readonly text: string;
  /** World coordinates. */
  readonly x: number;
  readonly y: number;
}
export interface Written extends Label {
  /** CSS pixels. */
  readonly left: number;
  readonly top: number;
}

export const FONT_PX = 13;
const GAP = 3;

/** Those that are in view and reach into none before them, at their places on the screen. */
export function fitting(
  labels: readonly Label[],
  camera: Camera,
  size: Size,
  widthOf: (text: string) => number,
): Written[] {
  const taken: [number, number, number, number][] = [];
  const found: Written[] = [];
  for (const label of labels) {
    const [x, y] = toScreen(camera, size, label.x, label.y);
    const [half, high] = [widthOf(label.text) / 2 + GAP, FONT_PX / 2 + GAP];
    const box: [number, number, number, number] = [x - half, y - high, x + half, y + high];
    if (box[0] < 0 || box[1] < 0 || box[2] > size.width || box[3] > size.height) continue;
    if (taken.some(([l, t, r, b]) => l < box[2] && r > box[0] && t < box[3] && b > box[1])) continue;
    taken.push(box);
    found.push({ ...label, left: x, top: y });
  }
  return found;
}

/** Write them, on a halo of the ground's colour: the points around have any. */
export function write(
  context: CanvasRenderingContext2D,
  labels: readonly Label[],
  camera: Camera,
  size: Size,
  { ink, ground, family }: { ink: string; ground: string; family: string },
): void {
  if (!labels.length) return;
  context.font = `600 ${FONT_PX}px ${family}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  for (const { text, left, top } of fitting(labels, camera, size, (one) => context.measureText(one).width)) {
    context.strokeStyle = ground;
    context.strokeText(text, left, top);
    context.fillStyle = ink;
    context.fillText(text, left, top);
  }
}
