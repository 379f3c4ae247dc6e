// The small pictures of a row: how the standard deviation went, and where the values lie.

const WIDTH = 96;
const HEIGHT = 20;

/** An SVG path of values over time, each row on its own scale; gaps where a value is no number. */
export function sparkPath(values: Float32Array, width = WIDTH, height = HEIGHT): string {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(low <= high)) return "";
  // What changes by less than a hundredth is drawn as steady.
  const span = Math.max(high - low, 0.01 * Math.max(Math.abs(high), Math.abs(low)), 1e-30);
  const base = (low + high - span) / 2;
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  let path = "";
  let pen = "M";
  for (const [i, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const x = (1 + i * step).toFixed(1);
    const y = (height - 2 - ((value - base) / span) * (height - 4)).toFixed(1);
    path += `${pen}${x} ${y}`;
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
