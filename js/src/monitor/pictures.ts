// The small pictures of a row: how the standard deviation went, and where the values lie.

const WIDTH = 96;
const HEIGHT = 20;

const TOP = 254; // of a height; 255 means that there is none

/** An SVG path through heights from 0 to 254; gaps where there is none. */
export function sparkPath(heights: Uint8Array, width = WIDTH, height = HEIGHT): string {
  const step = heights.length > 1 ? (width - 2) / (heights.length - 1) : 0;
  let path = "";
  let pen = "M";
  for (const [i, value] of heights.entries()) {
    if (value > TOP) {
      pen = "M";
      continue;
    }
    path += `${pen}${(1 + i * step).toFixed(1)} ${(height - 2 - (value / TOP) * (height - 4)).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** Paint a strip of shares as columns of a canvas in one colour, the more the denser. */
export function paintStrip(canvas: HTMLCanvasElement, shares: Uint8Array): void {
  if (canvas.width !== shares.length) {
    canvas.width = shares.length;
    canvas.height = 1;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(shares.length, 1);
  for (const [i, share] of shares.entries()) image.data.set([70, 130, 200, share], 4 * i);
  context.putImageData(image, 0, 0);
}
