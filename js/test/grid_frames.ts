// Frames for tests, packed and unpacked by the real wire: values are coded as the kernel codes them.
import { type ChannelFrame, type GridFrame, typed } from "../src/frames";
import { decode, encode } from "../src/wire";

export type Channel = readonly (readonly number[])[]; // rows

const CODES = new Map<number, number>([
  [-Infinity, 253],
  [Infinity, 254],
]);

export function gridFrame(channels: readonly Channel[], header: Partial<GridFrame["header"]> = {}): GridFrame {
  const height = channels[0]?.length ?? 0;
  const width = channels[0]?.[0]?.length ?? 0;
  const count = channels.length;
  const tiles = new Uint8Array(count * height * width);
  const of = () => new Float32Array(count);
  const stats = { low: of(), high: of(), mean: of(), variance: of(), sparsity: of() };
  const nonfinite = new Uint32Array(count);
  channels.forEach((rows, c) => {
    const values = rows.flat();
    const finite = values.filter(Number.isFinite);
    const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    stats.low[c] = finite.length ? low : Number.NaN;
    stats.high[c] = finite.length ? high : Number.NaN;
    stats.mean[c] = mean;
    stats.variance[c] = finite.reduce((a, b) => a + (b - mean) ** 2, 0) / finite.length;
    stats.sparsity[c] = finite.filter((v) => v === 0).length / finite.length;
    nonfinite[c] = values.length - finite.length;
    values.forEach((v, i) => {
      const code = Number.isFinite(v) ? (high > low ? Math.round(((v - low) / (high - low)) * 252) : 0) : undefined;
      tiles[c * height * width + i] = code ?? CODES.get(v) ?? 255;
    });
  });
  const vector = Object.entries(stats).map(([name, data]) => [name, { shape: [count], data }]);
  const frame = encode(
    {
      kind: "grid",
      layer: "conv1",
      layerKind: "Conv2d",
      sample: 0,
      layout: "maps",
      shape: [count, height, width],
      full: [height, width],
      channelAxis: 0,
      slices: [],
      foldable: false,
      folded: false,
      extraLabels: [],
      nonfinite: nonfinite.reduce((a, b) => a + b, 0),
      note: "",
      ...header,
    },
    {
      tiles: { shape: [count, height, width], data: tiles },
      nonfinite: { shape: [count], data: nonfinite },
      ...Object.fromEntries(vector),
    },
  );
  return typed(decode(frame)) as GridFrame;
}

/** `count` channels of one size, each with its own gradient. */
export const ramps = (count: number, height: number, width: number): Channel[] =>
  Array.from({ length: count }, (_, c) =>
    Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => c + y * width + x)),
  );

export function channelFrame(channel: number | null, values: readonly number[][] = [[0]], sample = 0): ChannelFrame {
  const data = Float32Array.from(values.flat());
  const frame = encode(
    { kind: "channel", layer: "conv1", sample, channel, receptive: null, input: null, nonfinite: 0 },
    channel === null
      ? {}
      : {
          values: { shape: [values.length, values[0]!.length], data },
          edges: { shape: [3], data: Float32Array.of(0, 1, 2) },
          counts: { shape: [2], data: Uint32Array.of(3, 1) },
        },
  );
  return typed(decode(frame)) as ChannelFrame;
}
