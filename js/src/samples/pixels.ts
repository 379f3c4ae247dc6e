// From the wire's pixels to a canvas.

/** Draw RGB pixels, from the `offset`-th number on, at the canvas's own size. */
export function paintRgb(
  canvas: HTMLCanvasElement,
  rgb: Uint8Array,
  offset: number,
  width: number,
  height: number,
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(rgba(rgb, offset, width * height), width, height), 0, 0);
}

/** RGB numbers as opaque RGBA. */
export function rgba(rgb: Uint8Array, offset: number, pixels: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(new ArrayBuffer(4 * pixels));
  for (let i = 0, from = offset, to = 0; i < pixels; i++, to += 4) {
    out[to] = rgb[from++]!;
    out[to + 1] = rgb[from++]!;
    out[to + 2] = rgb[from++]!;
    out[to + 3] = 255;
  }
  return out;
}
