// What series look like, as strokes and areas: for the canvas and for the SVG file alike.
import { lowerBound } from "./join";
import type { Band, Bars, Dash, Line, Series, Side, Values } from "./types";

/** What a Path2D can do, and the writer of SVG paths. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  closePath(): void;
}

/** Where values are, in the pixels that the pen draws in; `unit` of them are one of CSS. */
export interface Plane {
  x(value: number): number;
  y(value: number): number;
  /** The pixel that areas stand on. */
  readonly floor: number;
  readonly unit: number;
}

export interface Shape {
  readonly side: Side;
  readonly colour: string;
  readonly opacity: number;
  /** In pixels of CSS; 0: the shape is filled. */
  readonly width: number;
  readonly dash: Dash;
  trace(pen: Pen, plane: Plane): void;
}

const DASHES: Record<Dash, readonly number[]> = {
  solid: [],
  dashed: [6, 4],
  dotted: [2, 3],
  dashdot: [7, 3, 2, 3],
};
/** In pixels of CSS. */
export const dashes = (dash: Dash | undefined): readonly number[] => DASHES[dash ?? "solid"];
export const DOT = 3.5;
/** Narrow enough that the neighbours of a lone value are told apart. */
const LONE = 1;

const none: ArrayLike<number> = [];

/** Follow a line; it breaks where a value has no place, and before the values that begin anew. */
export function traceLine(pen: Pen, plane: Plane, x: Values, y: Values, anew: ArrayLike<number> = none): void {
  let length = 0; // of the run so far
  let [lastX, lastY] = [0, 0];
  const end = (): void => {
    // A value without neighbours would leave no trace.
    if (length === 1) {
      pen.moveTo(lastX - LONE * plane.unit, lastY);
      pen.lineTo(lastX + LONE * plane.unit, lastY);
    }
    length = 0;
  };
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [plane.x(x[i]!), plane.y(y[i]!)];
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      end();
      continue;
    }
    if (anew[i]) end();
    if (length) pen.lineTo(px, py);
    else pen.moveTo(px, py);
    length++;
    [lastX, lastY] = [px, py];
  }
  end();
}

/** The area between two lines, for each run of values without a gap. */
export function traceBand(
  pen: Pen,
  plane: Plane,
  x: Values,
  low: Values,
  high: Values,
  anew: ArrayLike<number> = none,
): void {
  let run: [number, number, number][] = [];
  const end = (): void => {
    if (run.length === 1) {
      const [px, bottom, top] = run[0]!;
      const side = LONE * plane.unit;
      run = [
        [px - side, bottom, top],
        [px + side, bottom, top],
      ];
    }
    for (const [i, [px, , top]] of run.entries()) {
      if (i) pen.lineTo(px, top);
      else pen.moveTo(px, top);
    }
    for (const [px, bottom] of run.reverse()) pen.lineTo(px, bottom);
    if (run.length) pen.closePath();
    run = [];
  };
  for (let i = 0; i < x.length; i++) {
    const point: [number, number, number] = [plane.x(x[i]!), plane.y(low[i]!), plane.y(high[i]!)];
    if (!point.every(Number.isFinite)) {
      end();
      continue;
    }
    if (anew[i]) end();
    run.push(point);
  }
  end();
}

/** The outline of bars, from the first that is not empty to the last, so that nothing is drawn along the axis. */
export function traceBars(pen: Pen, plane: Plane, edges: Values, heights: Values): void {
  let [first, last] = [0, heights.length - 1];
  while (first <= last && !(heights[first]! > 0)) first++;
  while (last >= first && !(heights[last]! > 0)) last--;
  if (first > last) return;
  pen.moveTo(plane.x(edges[first]!), plane.floor);
  for (let i = first; i <= last; i++) {
    const top = plane.y(heights[i]!);
    // An empty bar has no place on a logarithmic scale, and less than the lowest end is below the floor.
    const py = Number.isFinite(top) ? Math.min(top, plane.floor) : plane.floor;
    pen.lineTo(plane.x(edges[i]!), py);
    pen.lineTo(plane.x(edges[i + 1]!), py);
  }
  pen.lineTo(plane.x(edges[last + 1]!), plane.floor);
}

function traceDots(pen: Pen, plane: Plane, x: Values, y: Values): void {
  const radius = DOT * plane.unit;
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [plane.x(x[i]!), plane.y(y[i]!)];
    if (!Number.isFinite(px) || !Number.isFinite(py)) continue;
    pen.moveTo(px + radius, py);
    pen.arc(px, py, radius, 0, 2 * Math.PI);
  }
}

const solid = { dash: "solid", width: 0 } as const;

function bandShapes(series: Band): Shape[] {
  const { colour, x, low, high, anew } = series;
  const side = series.side ?? "left";
  const opacity = series.opacity ?? 1;
  return [
    { ...solid, side, colour, opacity: 0.25 * opacity, trace: (pen, to) => traceBand(pen, to, x, low, high, anew) },
    {
      ...solid,
      side,
      colour,
      opacity,
      width: 1,
      trace(pen, to) {
        traceLine(pen, to, x, low, anew);
        traceLine(pen, to, x, high, anew);
      },
    },
  ];
}

function barShapes({ colour, edges, heights, opacity = 1 }: Bars): Shape[] {
  const trace: Shape["trace"] = (pen, to) => traceBars(pen, to, edges, heights);
  const side = "left";
  return [
    { ...solid, side, colour, opacity: 0.3 * opacity, trace },
    { ...solid, side, colour, opacity, width: 1.25, trace },
  ];
}

function lineShapes(series: Line): { under: Shape[]; over: Shape[]; dots: Shape[] } {
  const { colour, x, y, low, high, anew, opacity = 1, width = 1.5, dash = "solid", side = "left" } = series;
  const look = { ...solid, side, colour };
  return {
    under:
      low && high
        ? [{ ...look, opacity: 0.14 * opacity, trace: (pen, to) => traceBand(pen, to, x, low, high, anew) }]
        : [],
    over: [{ ...look, opacity, width, dash, trace: (pen, to) => traceLine(pen, to, x, y, anew) }],
    dots: series.dots ? [{ ...look, opacity, trace: (pen, to) => traceDots(pen, to, x, y) }] : [],
  };
}

/** The shapes of series, from the lowest to the topmost: areas, lines, dots. */
export function shapesOf(all: readonly Series[]): Shape[] {
  const [under, over, dots]: Shape[][] = [[], [], []];
  for (const series of all) {
    if (series.kind === "band") under!.push(...bandShapes(series));
    else if (series.kind === "bars") under!.push(...barShapes(series));
    else {
      const shapes = lineShapes(series);
      under!.push(...shapes.under);
      over!.push(...shapes.over);
      dots!.push(...shapes.dots);
    }
  }
  return [...under!, ...over!, ...dots!];
}

/** The numbers of a series that are seen between two places, with one more to each side, to which lines lead. */
export function* valuesBetween(series: Series, [first, last]: readonly [number, number]): Generator<number> {
  if (series.kind === "bars") {
    const { edges, heights } = series;
    for (let i = 0; i < heights.length; i++) if (edges[i + 1]! > first && edges[i]! < last) yield heights[i]!;
    return;
  }
  const from = Math.max(0, lowerBound(series.x, first) - 1);
  const to = Math.min(series.x.length, lowerBound(series.x, last) + 1);
  for (let i = from; i < to; i++) {
    if (series.kind === "line") yield series.y[i]!;
    if (series.low && series.high) {
      yield series.low[i]!;
      yield series.high[i]!;
    }
  }
}
