// What is drawn over the points: names and densities, the outline of a selection, a ring around a point, pictures in
// place of points.
import { type Camera, type Size, toScreen } from "./camera";
import type { Contours } from "./contour_picture";
import { type Label, write } from "./names";

export interface Thumbnail {
  x: number;
  y: number;
  image: HTMLCanvasElement;
  colour: string;
  dimmed: boolean;
}
export interface Scene {
  outline: readonly number[] | null;
  /** World coordinates. */
  hovered: readonly [number, number] | null;
  chosen: readonly [number, number] | null;
  thumbnails: readonly Thumbnail[];
  /** Names where they belong, the most important first. */
  labels: readonly Label[];
  /** Lines of equal density. */
  contours: Contours | null;
  /** The view is at rest. */
  still: boolean;
}

/** Side of a thumbnail in CSS pixels: the fewer, the larger. */
export const sideOf = (count: number): number => (count <= 40 ? 40 : count <= 80 ? 32 : 24);

const RING = 7;

export function drawOverlay(canvas: HTMLCanvasElement, size: Size, camera: Camera, scene: Scene): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = window.devicePixelRatio;
  const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  // In two parts: Chromium 156 without a GPU drops a frame that does nothing but clear the whole canvas.
  const half = Math.floor(size.height / 2);
  context.clearRect(0, 0, size.width, half);
  context.clearRect(0, half, size.width, size.height - half);
  const style = getComputedStyle(canvas);
  const ink = style.color;
  const accent = style.getPropertyValue("--iv-accent");
  const ground = style.getPropertyValue("--iv-surface");

  scene.contours?.draw(context, camera, size, [ground, ink], scene.still);
  const side = sideOf(scene.thumbnails.length);
  for (const { x, y, image, colour, dimmed } of scene.thumbnails) {
    const [px, py] = toScreen(camera, size, x, y);
    context.globalAlpha = dimmed ? 0.5 : 1;
    context.imageSmoothingEnabled = image.width > side * scale;
    context.drawImage(image, px - side / 2, py - side / 2, side, side);
    context.globalAlpha = 1;
    context.lineWidth = dimmed ? 1 : 3;
    context.strokeStyle = colour;
    context.strokeRect(px - side / 2 - 1, py - side / 2 - 1, side + 2, side + 2);
  }

  write(context, scene.labels, camera, size, { ink, ground, family: style.fontFamily });

  const ring = (point: readonly [number, number] | null, colour: string): void => {
    if (!point) return;
    context.beginPath();
    context.arc(...toScreen(camera, size, ...point), RING, 0, 2 * Math.PI);
    // On a ground of its own: the points around it have any colour.
    context.lineWidth = 5;
    context.strokeStyle = ground;
    context.stroke();
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke();
  };
  ring(scene.chosen, accent);
  ring(scene.hovered, ink);

  const { outline } = scene;
  if (!outline || outline.length < 4) return;
  context.beginPath();
  for (let i = 0; i < outline.length; i += 2) context.lineTo(outline[i]!, outline[i + 1]!);
  context.closePath();
  context.fillStyle = accent;
  context.globalAlpha = 0.12;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = accent;
  context.stroke();
}
