// The pixel codes of a tile: 0..252 are values from the channel's low to its high; the last three are what is no number.

export const TOP = 252;
export const NEGATIVE_INFINITY = 253;
export const POSITIVE_INFINITY = 254;
export const NAN = 255;

/** The value that a pixel stands for, to within half a step of (high - low) / 252. */
export function codeValue(code: number, low: number, high: number): number {
  if (code > TOP) return code === NAN ? Number.NaN : code === POSITIVE_INFINITY ? Infinity : -Infinity;
  return low + (code / TOP) * (high - low);
}

/** All values of one tile. */
export function decodeTile(pixels: Uint8Array, low: number, high: number): Float32Array {
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) values[i] = codeValue(pixels[i]!, low, high);
  return values;
}

export interface NonFinite {
  nan: number;
  positive: number;
  negative: number;
}

/** How many pixels are no finite number, by kind. */
export function countNonFinite(pixels: Uint8Array): NonFinite {
  const found = { nan: 0, positive: 0, negative: 0 };
  for (let i = 0; i < pixels.length; i++) {
    const code = pixels[i]!;
    if (code <= TOP) continue;
    if (code === NAN) found.nan++;
    else if (code === POSITIVE_INFINITY) found.positive++;
    else found.negative++;
  }
  return found;
}

/** The same, of values. */
export function countValues(values: Float32Array): NonFinite {
  const found = { nan: 0, positive: 0, negative: 0 };
  for (const value of values) {
    if (Number.isNaN(value)) found.nan++;
    else if (value === Infinity) found.positive++;
    else if (value === -Infinity) found.negative++;
  }
  return found;
}
