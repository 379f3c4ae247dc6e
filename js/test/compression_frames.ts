// Frames of a compressed layer for tests: coded as the kernel codes them, from the values before and after.
import { type CompressedFrame, typed } from "../src/frames";
import { decode, encode } from "../src/wire";
import { type Channel, gridFrame } from "./grid_frames";

export function compressedFrame(
  before: readonly Channel[],
  after: readonly Channel[],
  changes: Partial<CompressedFrame["header"]> = {},
): CompressedFrame {
  const difference = after.map((rows, c) => rows.map((row, y) => row.map((value, x) => value - before[c]![y]![x]!)));
  const parts = { before: gridFrame(before), after: gridFrame(after), difference: gridFrame(difference) };
  const { header } = parts.before;
  const arrays = Object.entries(parts).flatMap(([name, frame]) =>
    Object.entries(frame.arrays).map(([part, array]) => [`${name}.${part}`, array]),
  );
  const nonfinite = Object.fromEntries(Object.entries(parts).map(([name, frame]) => [name, frame.header.nonfinite]));
  const { arrays: _, ...rest } = { arrays: null, ...header } as typeof header & { arrays: unknown };
  const made = { ...rest, kind: "compressed", basis: "pca", axis: "channels", rank: 4, nonfinite, ...changes };
  const frame = encode(made, Object.fromEntries(arrays));
  return typed(decode(new DataView(frame.buffer, frame.byteOffset, frame.byteLength))) as CompressedFrame;
}
