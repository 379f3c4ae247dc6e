// Series with x values of their own, as one list of places that a crosshair steps along.
import type { Series, Values } from "./types";

/** Where a series has values: the middles of bars. */
export function placesOf(series: Series): Values {
  if (series.kind !== "bars") return series.x;
  const { edges, heights } = series;
  return Float64Array.from({ length: heights.length }, (_, i) => (edges[i]! + edges[i + 1]!) / 2);
}

/** All places of all series, ascending, each once. */
export function join(all: readonly Values[]): Float64Array {
  let total = 0;
  for (const values of all) total += values.length;
  const joined = new Float64Array(total);
  let at = 0;
  for (const values of all) {
    joined.set(values, at);
    at += values.length;
  }
  joined.sort();
  let kept = 0;
  for (const value of joined) {
    if (Number.isNaN(value)) break; // sorted behind all numbers
    if (!kept || value !== joined[kept - 1]) joined[kept++] = value;
  }
  return joined.subarray(0, kept);
}

/** The index of the first value that is not below `at`; the length where all are. */
export function lowerBound(values: Values, at: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the value nearest to `at`, of two as near the first; -1 of none. */
export function nearest(values: Values, at: number): number {
  const next = lowerBound(values, at);
  if (next === 0) return values.length ? 0 : -1;
  if (next === values.length) return next - 1;
  return at - values[next - 1]! <= values[next]! - at ? next - 1 : next;
}

/**
 * The index of what a series has to say at `at`; -1 where it has nothing: beyond its ends, or where it begins anew, by
 * more than the distance of its values there. In a gap that is a value that is NaN, which says so.
 */
export function valueAt(series: Series, at: number): number {
  if (series.kind === "bars") {
    const { edges, heights } = series;
    if (!heights.length || at < edges[0]! || at > edges[heights.length]!) return -1;
    const next = lowerBound(edges, at);
    return Math.max(0, edges[next] === at && next < heights.length ? next : next - 1);
  }
  const { x } = series;
  const last = x.length - 1;
  const index = nearest(x, at);
  if (index < 0) return -1;
  if (at < x[0]! && last > 0 && x[0]! - at > x[1]! - x[0]!) return -1;
  if (at > x[last]! && last > 0 && at - x[last]! > x[last]! - x[last - 1]!) return -1;
  if (last === 0 && at !== x[0]) return -1;
  const next = lowerBound(x, at);
  // Amid a stretch of which nothing was recorded.
  if (series.anew?.[next] && next > 1 && at !== x[next] && at - x[next - 1]! > x[next - 1]! - x[next - 2]!) return -1;
  return index;
}
