// From the wire's pixels to a canvas.
import type { NdArray } from "../wire";

/**
 * Draw a picture `[H, W, C]`, or one of several `[N, H, W, C]`, at the canvas's own size: of three channels red, green
 * and blue, of one grey.
 */
export function paint(canvas: HTMLCanvasElement, { shape, data }: NdArray<Uint8Array>, index = 0): void {
  const [height = 1, width = 1, channels = 3] = shape.slice(-3);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const pixels = context.createImageData(width, height);
  const grey = channels === 1;
  let from = index * height * width * channels;
  for (let to = 0; to < pixels.data.length; to += 4, from += channels) {
    pixels.data[to] = data[from]!;
    pixels.data[to + 1] = data[grey ? from : from + 1]!;
    pixels.data[to + 2] = data[grey ? from : from + 2]!;
    pixels.data[to + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}
