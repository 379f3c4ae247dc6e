// From a position of a map to the part of the input it sees, and back.
import type { ChannelFrame } from "../frames";
import type { Pixel } from "./describe";
import type { Area } from "./pixels";

export interface Geometry {
  /** Of the channel. */
  readonly map: readonly [height: number, width: number];
  /** Of the input, in the pixels that the receptive field counts in. */
  readonly input: readonly [height: number, width: number];
  readonly receptive: ChannelFrame["header"]["receptive"];
}

/**
 * The box on the input that a position of the map sees. It may reach past the input's edges: there the layer sees
 * padding. Without a known receptive field, the part of the input at the same place.
 */
export function seenBy({ map, input, receptive }: Geometry, { row, column }: Pixel): Area {
  if (receptive) {
    const { size, stride, origin } = receptive;
    return { x: origin[1] + column * stride[1], y: origin[0] + row * stride[0], width: size[1], height: size[0] };
  }
  const [height, width] = [input[0] / map[0], input[1] / map[1]];
  return { x: column * width, y: row * height, width, height };
}

/** The position of the map whose box has its middle nearest to a point of the input. */
export function seeing({ map, input, receptive }: Geometry, x: number, y: number): Pixel {
  const nearest = (axis: 0 | 1, at: number): number => {
    // Where every position sees the whole input (stride 0) none is nearer than another: go by proportion.
    const found = receptive?.stride[axis]
      ? Math.round((at - receptive.origin[axis] - receptive.size[axis] / 2) / receptive.stride[axis])
      : Math.floor((at / input[axis]) * map[axis]);
    return Math.min(map[axis] - 1, Math.max(0, found));
  };
  return { row: nearest(0, y), column: nearest(1, x) };
}

/** What a position sees, in words: first and last row and column of the input, counted from 0. */
export function seenText(geometry: Geometry, at: Pixel): string {
  if (!geometry.receptive) return "Receptive field not known: the box is the same place of the input, in proportion.";
  const { x, y, width, height } = seenBy(geometry, at);
  const span = (start: number, size: number, limit: number): string => {
    const [first, last] = [Math.max(0, Math.floor(start)), Math.min(limit, Math.ceil(start + size)) - 1];
    return last > first ? `s ${first} to ${last}` : ` ${first}`;
  };
  const padding = x < 0 || y < 0 || x + width > geometry.input[1] || y + height > geometry.input[0];
  const rows = span(y, height, geometry.input[0]);
  const columns = span(x, width, geometry.input[1]);
  return `sees row${rows}, column${columns} of the input${padding ? ", and padding beyond its edge" : ""}`;
}
