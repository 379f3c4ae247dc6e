// A signal as line plots, one below the other.
import { h, svg } from "../ui/dom";
import { count, number } from "../ui/format";
import { range } from "../ui/range";
import type { NdArray } from "../wire";

const WIDTH = 300; // units of the drawing; the lines keep their thickness when it is stretched
const MOST = 12;

/**
 * The path of a line over `width` x `height`. Of a long signal each column keeps its least and largest value, so that
 * no peak is lost. A value that is no finite number leaves a gap.
 */
export function linePath(
  values: Float32Array,
  [low, high]: readonly [number, number],
  [width, height]: readonly [number, number],
): string {
  const y = (value: number): string => (height * (high > low ? (high - value) / (high - low) : 0.5)).toFixed(2);
  const last = Math.max(1, values.length - 1);
  const parts: string[] = [];
  let open = false;
  const add = (x: number, value: number): void => {
    parts.push(`${open ? "L" : "M"}${x.toFixed(2)} ${y(value)}`);
    open = true;
  };
  if (values.length <= 2 * width) {
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i]!)) add((i / last) * width, values[i]!);
      else open = false;
    }
    return parts.join("");
  }
  for (let column = 0; column < width; column++) {
    const part = values.subarray(
      Math.floor((column * values.length) / width),
      Math.floor(((column + 1) * values.length) / width),
    );
    if (!part.some(Number.isFinite)) {
      open = false;
      continue;
    }
    const [least, most] = range(part);
    const rising = part[part.length - 1]! >= part[0]!;
    add(column + 0.5, rising ? least : most);
    if (most > least) add(column + 0.5, rising ? most : least);
  }
  return parts.join("");
}

/** The plots of a signal [channels, length], all on one scale, and the scale in words. */
export function signalPlot({ shape, data }: NdArray<Float32Array>): HTMLElement {
  const [channels = 1, length = data.length] = shape;
  const drawn = Math.min(channels, MOST);
  const ends = range(data);
  const lane = Math.max(14, Math.min(140, Math.floor(180 / drawn)));
  const lines = Array.from({ length: drawn }, (_, i) =>
    svg(
      "svg",
      {
        class: "iv-sample-line",
        viewBox: `0 -1 ${WIDTH} ${lane + 2}`,
        height: lane + 2,
        preserveAspectRatio: "none",
        "aria-hidden": "true",
      },
      svg("path", { d: linePath(data.subarray(i * length, (i + 1) * length), ends, [WIDTH, lane]) }),
    ),
  );
  const more = channels > drawn ? `, first ${drawn} of ${count(channels)} channels` : "";
  const text = `${count(length)} values from ${number(ends[0], 3)} to ${number(ends[1], 3)}${more}`;
  return h(
    "div",
    { class: "iv-sample-signal", role: "img", "aria-label": `Signal: ${text}` },
    ...lines,
    h("div", { class: "iv-muted" }, text),
  );
}
