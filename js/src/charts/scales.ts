// From values to places on an axis, and back.
import { number } from "../ui/format";
import type { Axis } from "./types";

/** An axis with its ends. */
export interface Ruler {
  readonly kind: "linear" | "log" | "log2";
  readonly low: number;
  readonly high: number;
  /** 0 at the low end, 1 at the high one; NaN for what the scale has no place for. */
  place(value: number): number;
  value(place: number): number;
}

export function ruler(kind: Ruler["kind"], low: number, high: number): Ruler {
  if (kind === "linear") {
    const span = high - low;
    return { kind, low, high, place: (value) => (value - low) / span, value: (place) => low + place * span };
  }
  const [first, span] = [Math.log(low), Math.log(high / low)];
  return {
    kind,
    low,
    high,
    place: (value) => (value > 0 ? (Math.log(value) - first) / span : Number.NaN),
    value: (place) => Math.exp(first + place * span),
  };
}

/** The least and the largest of some values; what the axis has no place for is left out. */
export function reach(values: Iterable<number>, kind: Ruler["kind"]): [number, number] | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value) || (kind !== "linear" && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** The ends of an axis: those that it fixes, else what the values need and `room` (a part of their span) besides. */
export function endsFor(axis: Axis, found: readonly [number, number] | null, room: number): Ruler {
  const kind = axis.scale ?? "linear";
  const log = kind !== "linear";
  let [low, high] = found ?? (log ? [0.1, 1] : [0, 1]);
  if (log) {
    const factor = room > 0 ? 1.2 : 1;
    [low, high] = [axis.low ?? low / factor, axis.high ?? high * factor];
    if (!(low > 0)) low = high > 0 ? high / 1000 : 0.1;
    if (!(high > low)) [low, high] = [axis.low ?? low / 1.2, 1.2 * low];
  } else {
    const more = room * (high - low) || (high > low ? 0 : 0.1 * Math.abs(high) || 1);
    [low, high] = [axis.low ?? low - more, axis.high ?? high + more];
    if (!(high > low)) high = low + (Math.abs(low) || 1);
  }
  return ruler(kind, low, high);
}

/** How an axis writes a number where there is room for it. */
export const exactly = (axis: Axis | undefined): ((value: number) => string) => axis?.exact ?? axis?.format ?? number;

/** What an axis' numbers are called. */
export const nameOf = (axis: Axis | undefined, otherwise: string): string => axis?.name ?? axis?.label ?? otherwise;
