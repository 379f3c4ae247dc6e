// The keyboard on a chart: the crosshair from value to value, between the series at one place, in and out.

export interface Steps {
  /** Places the crosshair can stand, ascending; of the interval that is shown. */
  readonly places: ArrayLike<number>;
  readonly at: number | null;
}

const PAGE = 10;

/** Where a key moves the crosshair; null when it is not such a key, or there is nowhere to go. */
export function stepTo(key: string, { places, at }: Steps): number | null {
  const last = places.length - 1;
  if (last < 0) return null;
  let before = -1; // the last place before the crosshair
  while (at !== null && before < last && places[before + 1]! < at) before++;
  const on = at !== null && places[before + 1] === at;
  const after = on ? before + 2 : before + 1;
  const to = {
    ArrowLeft: at === null ? last : before,
    ArrowRight: at === null ? 0 : after,
    PageUp: at === null ? last : before - PAGE + 1,
    PageDown: at === null ? 0 : after + PAGE - 1,
    Home: 0,
    End: last,
  }[key];
  return to === undefined ? null : places[Math.min(last, Math.max(0, to))]!;
}

/** The next row with a value, up or down from one; −1 without any. */
export function rowTo(key: string, row: number, filled: readonly boolean[]): number | null {
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const step = key === "ArrowUp" ? -1 : 1;
  const count = filled.length;
  let next = row < 0 && step < 0 ? count : row;
  for (let tried = 0; tried < count; tried++) {
    next = (next + step + count) % count;
    if (filled[next]) return next;
  }
  return -1;
}

/** An interval half or twice as long around a place; null when it is all again. `place`s are from 0 to 1. */
export function zoomBy(key: string, at: number, shown: readonly [number, number]): [number, number] | null | undefined {
  const factor = { "+": 0.5, "=": 0.5, "-": 2, "−": 2 }[key];
  if (factor === undefined) return undefined;
  const [first, last] = shown;
  const span = Math.min(1, factor * (last - first));
  if (span >= 1) return null;
  const middle = Math.min(Math.max(at, first), last);
  const begin = Math.min(Math.max(0, middle - (span * (middle - first)) / (last - first)), 1 - span);
  return [begin, begin + span];
}
