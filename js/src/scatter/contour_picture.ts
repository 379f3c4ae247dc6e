// Lines of equal density as a picture: drawn when the view is at rest, and moved with the points until it is again.
import { type Camera, type Size, toScreen, unit } from "./camera";

export interface Contours {
  /** `still`: the view is at rest, so the lines are drawn anew, sharp. */
  draw(context: CanvasRenderingContext2D, camera: Camera, size: Size, colours: readonly string[], still: boolean): void;
}

/** Widths in CSS pixels of the strokes over each other: a light line on a dark one is seen on any colour. */
const STROKES = [2.5, 1];

/** Pieces [x, y, x, y] in world coordinates, of each level. */
export function contourPicture(levels: readonly Float32Array[]): Contours {
  const path = new Path2D();
  for (const pieces of levels)
    for (let i = 0; i < pieces.length; i += 4) {
      path.moveTo(pieces[i]!, pieces[i + 1]!);
      path.lineTo(pieces[i + 2]!, pieces[i + 3]!);
    }
  const canvas = new OffscreenCanvas(1, 1);
  const picture = canvas.getContext("2d");
  let at: Camera | undefined;
  let of = "";

  const render = (camera: Camera, size: Size, scale: number, colours: readonly string[]): void => {
    if (!picture) return;
    at = camera;
    canvas.width = Math.round(size.width * scale);
    canvas.height = Math.round(size.height * scale);
    const u = unit(camera, size);
    const [x, y] = toScreen(camera, size, 0, 0);
    picture.setTransform(scale * u, 0, 0, -scale * u, scale * x, scale * y);
    colours.forEach((colour, i) => {
      picture.lineWidth = STROKES[i]! / u;
      picture.strokeStyle = colour;
      picture.stroke(path);
    });
  };

  return {
    draw(context, camera, size, colours, still) {
      const scale = window.devicePixelRatio;
      const now = JSON.stringify([camera, size, scale, colours]);
      if (!at || (still && now !== of)) {
        render(camera, size, scale, colours);
        of = now;
      }
      if (!at) return;
      const zoom = camera.zoom / at.zoom;
      const [x, y] = toScreen(camera, size, at.x, at.y);
      context.save();
      context.setTransform(
        zoom,
        0,
        0,
        zoom,
        scale * (x - (zoom * size.width) / 2),
        scale * (y - (zoom * size.height) / 2),
      );
      context.drawImage(canvas, 0, 0);
      context.restore();
    },
  };
}
