// One grid frame, with what the drawing needs worked out once: how it is laid out, the layer's range, what is dead.
import type { GridFrame } from "../frames";
import { countNonFinite, type NonFinite } from "./codes";

export type Layout = GridFrame["header"]["layout"];
export type Statistic = "mean" | "high" | "variance" | "sparsity";

export interface Picture {
  readonly header: GridFrame["header"];
  readonly arrays: GridFrame["arrays"];
  /** How to draw it: maps of a single pixel are drawn as a vector. */
  readonly layout: Layout;
  readonly channels: number;
  /** Of a tile as sent; for tokens the height is 1 and the width their number. */
  readonly height: number;
  readonly width: number;
  /** Smallest and largest finite value of the layer. */
  readonly low: number;
  readonly high: number;
  /** Values on both sides of zero, or below it: a signed colour map suits. */
  readonly signed: boolean;
  readonly nonFinite: NonFinite & { total: number };
  /** The pixels of one channel. */
  tile(channel: number): Uint8Array;
}

export function makePicture({ header, arrays }: GridFrame): Picture {
  const [channels = 0, height = 0, width = 0] = arrays.tiles.shape;
  const size = height * width;
  let low = Infinity;
  let high = -Infinity;
  for (let c = 0; c < channels; c++) {
    // A channel without a finite value has no range of its own.
    if (Number(arrays.nonfinite.data[c]) >= header.full[0] * header.full[1]) continue;
    const [a, b] = [arrays.low.data[c]!, arrays.high.data[c]!];
    if (a < low) low = a;
    if (b > high) high = b;
  }
  if (low > high) low = high = 0;
  const none = { nan: 0, positive: 0, negative: 0 };
  return {
    header,
    arrays,
    channels,
    height,
    width,
    low,
    high,
    layout: header.layout === "maps" && size === 1 ? "vector" : header.layout,
    signed: low < 0,
    nonFinite: { ...(header.nonfinite ? countNonFinite(arrays.tiles.data) : none), total: header.nonfinite },
    tile: (channel) => arrays.tiles.data.subarray(channel * size, (channel + 1) * size),
  };
}

/** The statistic of a channel, NaN where the channel has no finite value. */
export const statistic = (picture: Picture, name: Statistic, channel: number): number =>
  picture.arrays[name].data[channel]!;

/** All values of the channel are equal for this sample, and there are several: it tells nothing about the image. */
export const silent = (picture: Picture, channel: number): boolean => {
  const { low, high, nonfinite } = picture.arrays;
  const several = picture.header.full[0] * picture.header.full[1] > 1;
  return several && !nonfinite.data[channel] && low.data[channel] === high.data[channel];
};

/** What is shown: a sample by its number, the user's own image, or what the kernel calls it. */
export const sampleText = ({ header }: Picture): string =>
  header.of ?? (header.sample === null ? "your image" : `sample ${header.sample}`);
