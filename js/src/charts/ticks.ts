// Round numbers for axes.
import { number } from "../ui/format";
import type { Tick } from "./types";

/** A tick with its text. */
export interface Written {
  readonly at: number;
  readonly text: string;
}

const PARTS = [0.1, 0.2, 0.5, 1, 2, 5, 10];

/** At most `most` round numbers, evenly spaced, between two numbers. */
export function roundTicks(low: number, high: number, most: number): number[] {
  if (!(high > low)) return [];
  const power = 10 ** Math.floor(Math.log10(high - low));
  const counted = (step: number): number => Math.floor(high / step) - Math.ceil(low / step) + 1;
  const step = PARTS.map((part) => part * power).find((one) => counted(one) <= most) ?? 20 * power;
  const first = Math.ceil(low / step);
  // Whole multiples, rounded: 3 * 0.1 would be written with all its digits. Plus 0: there is no −0 on an axis.
  return Array.from({ length: Math.max(0, counted(step)) }, (_, i) => Number(((first + i) * step).toPrecision(12)) + 0);
}

const thin = (values: number[], most: number): number[] => {
  const stride = Math.ceil(values.length / most);
  return stride > 1 ? values.filter((_, i) => i % stride === 0) : values;
};

const LOG_PARTS = [[1, 2, 5], [1, 3], [1]];

/** At most `most` round numbers between two positive ones, spaced for a logarithmic scale. */
export function logTicks(low: number, high: number, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  let ticks: number[] = [];
  for (const parts of LOG_PARTS) {
    ticks = [];
    for (let power = first; power <= last; power++)
      // As text, since 10 ** -5 is not the nearest number to 1e-5 everywhere.
      for (const part of parts) ticks.push(Number(`${part}e${power}`));
    ticks = ticks.filter((tick) => low <= tick && tick <= high);
    if (ticks.length <= most) break;
  }
  return ticks.length > 1 ? thin(ticks, most) : roundTicks(low, high, most);
}

/** At most `most` powers of two between two positive numbers. */
export function powerTicks(low: number, high: number, most: number): number[] {
  const [first, last] = [Math.ceil(Math.log2(low) - 1e-9), Math.floor(Math.log2(high) + 1e-9)];
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 2 ** (first + i));
  return ticks.length > 1 ? thin(ticks, most) : roundTicks(low, high, most);
}

const MAKERS = { linear: roundTicks, log: logTicks, log2: powerTicks };

/**
 * The ticks of an axis whose texts do not meet: `room` says how many pixels a text takes along the axis, with what
 * keeps it apart from the next one; `place` where a value is.
 */
export function ticksOf(
  axis: { scale?: "linear" | "log" | "log2"; ticks?: readonly Tick[]; format?: (value: number) => string },
  [low, high]: readonly [number, number],
  most: number,
  place: (value: number) => number,
  room: (text: string) => number,
): Written[] {
  const format = axis.format ?? number;
  if (axis.ticks) {
    const within = axis.ticks.filter(({ at }) => low <= at && at <= high);
    return apart(within.map(({ at, text }) => ({ at, text: text ?? format(at) })).sort((a, b) => a.at - b.at));
  }
  const make = MAKERS[axis.scale ?? "linear"];
  for (let count = Math.max(2, most); count > 2; count--) {
    const ticks = make(low, high, count).map((at) => ({ at, text: format(at) }));
    // Numbers that the format writes alike are too close to each other.
    if (new Set(ticks.map(({ text }) => text)).size === ticks.length && apart(ticks).length === ticks.length)
      return ticks;
  }
  return apart(make(low, high, 2).map((at) => ({ at, text: format(at) })));

  function apart(ticks: Written[]): Written[] {
    let [end, side] = [Number.NEGATIVE_INFINITY, 0];
    return ticks.filter(({ at, text }) => {
      const [middle, half] = [place(at), room(text) / 2];
      if (Math.abs(middle - end) < half + side) return false;
      [end, side] = [middle, half];
      return true;
    });
  }
}
