// The selected samples as they cross the wire: a list of numbers, or a bit for each sample of the data where that is
// shorter. Its twin is src/innerview/widgets/frames.py.
import type { NdArray } from "./wire";

type Arrays = Readonly<Record<string, NdArray>>;

/** Of samples numbered below `total`, ascending. */
export function toArrays(samples: Uint32Array, total: number): Record<string, NdArray> {
  const bytes = Math.ceil(total / 8);
  if (!total || samples.byteLength <= bytes) return { indices: { shape: [samples.length], data: samples } };
  const mask = new Uint8Array(bytes);
  for (let i = 0; i < samples.length; i++) mask[samples[i]! >> 3]! |= 1 << (samples[i]! & 7);
  return { mask: { shape: [bytes], data: mask } };
}

/** Ascending. */
export function fromArrays({ indices, mask }: Arrays): Uint32Array {
  if (!mask) return (indices?.data as Uint32Array | undefined) ?? new Uint32Array(0);
  const bits = mask.data;
  const found = new Uint32Array(8 * bits.length);
  let count = 0;
  for (let byte = 0; byte < bits.length; byte++) {
    const eight = bits[byte]!;
    if (!eight) continue;
    for (let bit = 0; bit < 8; bit++) if (eight & (1 << bit)) found[count++] = 8 * byte + bit;
  }
  return found.slice(0, count);
}
