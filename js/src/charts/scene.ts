// What a chart looks like at one moment: axes, margins, places of words. No element, no canvas: numbers and texts.
import { join, placesOf } from "./join";
import { endsFor, type Ruler, reach, ruler } from "./scales";
import { type Plane, valuesBetween } from "./shapes";
import { ticksOf, type Written } from "./ticks";
import type { Axis, Baseline, ChartData, HeatData, Interval, Mark, Series } from "./types";
import { placeWords, ROW, type Word } from "./words";

/** What is drawn: a chart's data, or a heat map's as one with a picture. */
export interface Content extends ChartData {
  readonly heat: HeatData | null;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Scale extends Ruler {
  readonly axis: Axis;
  readonly ticks: readonly Written[];
}

export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Between the axes. */
  readonly plot: Box;
  readonly x: Scale;
  readonly left: Scale;
  readonly right: Scale | null;
  /** Those that are shown. */
  readonly series: readonly Series[];
  readonly baseline: Baseline | null;
  readonly marks: readonly Mark[];
  readonly words: readonly Word[];
  readonly heat: HeatData | null;
}

export interface Circumstances {
  readonly width: number;
  readonly height: number;
  readonly interval: Interval | null;
  readonly hidden: ReadonlySet<string>;
  /** Whether the words of marks are written. */
  readonly words: boolean;
  /** The width of a text on an axis, in pixels. */
  measure(text: string): number;
}

export const TICK = 4;
export const FONT = 11;
/** Of an axis' label, and of the room for it. */
export const LABEL = 16;
/** Of the colour bar, with what is left of it free. */
export const BAR = { gap: 10, width: 10 };
const BOTTOM = 20;
const EDGE = 10;
const LEAST = 12; // around the plot, for the halves of texts
const ROOM = 0.05;
const NOTHING: Axis = {};

/** All places of a content's series: what a crosshair steps along. */
export const stepsOf = ({ series, heat }: Content): Float64Array =>
  heat
    ? Float64Array.from({ length: heat.edges.length - 1 }, (_, i) => (heat.edges[i]! + heat.edges[i + 1]!) / 2)
    : join(series.map(placesOf));

const endsOf = (series: Series): ArrayLike<number> => (series.kind === "bars" ? series.edges : series.x);

function across(content: Content, interval: Interval | null): Ruler {
  const axis = content.x ?? NOTHING;
  const kind = axis.scale ?? "linear";
  if (interval && (kind === "linear" || interval[0] > 0)) return ruler(kind, ...interval);
  const found = reach(
    content.series.flatMap((series) => Array.from(endsOf(series))),
    kind,
  );
  return endsFor(axis, found, kind === "linear" ? 0 : ROOM);
}

function upright(axis: Axis, series: readonly Series[], x: Ruler, more: readonly number[]): Ruler {
  const values = function* (): Generator<number> {
    for (const one of series) yield* valuesBetween(one, [x.low, x.high]);
    yield* more;
  };
  return endsFor(axis, reach(values(), axis.scale ?? "linear"), ROOM);
}

const widest = (ticks: readonly Written[], measure: (text: string) => number): number =>
  ticks.reduce((most, { text }) => Math.max(most, measure(text)), 0);

export function sceneOf(content: Content, now: Circumstances): Scene {
  const { width, height, hidden, measure } = now;
  const { heat, marks = [], baseline = null } = content;
  const series = content.series.filter(({ name }) => !hidden.has(name));
  const axes = { x: content.x ?? NOTHING, left: content.y ?? NOTHING, right: content.right ?? NOTHING };
  const xRuler = across(content, now.interval);
  const isRight = (one: Series): boolean => one.kind !== "bars" && one.side === "right";
  const leftRuler = upright(
    axes.left,
    series.filter((one) => !isRight(one)),
    xRuler,
    baseline ? [baseline.value] : [],
  );
  // The axis stays when its only line is switched off, so that the plot does not jump.
  const rightRuler = content.series.some(isRight) ? upright(axes.right, series.filter(isRight), xRuler, []) : null;

  const bottom = BOTTOM + (axes.x.label ? LABEL : 0);
  const uprightTicks = (axis: Axis, { low, high, place }: Ruler, room: number): Written[] =>
    ticksOf(
      axis,
      [low, high],
      Math.max(2, Math.floor(room / 32)),
      (value) => place(value) * room,
      () => FONT + 3,
    );
  const atMost = height - bottom - EDGE;
  const margin = (axis: Axis, scale: Ruler): number =>
    Math.ceil(widest(uprightTicks(axis, scale, atMost), measure)) + TICK + 8 + (axis.label ? LABEL : 0);
  const left = Math.max(LEAST, margin(axes.left, leftRuler));
  const barWidth = heat?.bar
    ? BAR.gap + BAR.width + 8 + Math.ceil(Math.max(measure(heat.bar.low), measure(heat.bar.high)))
    : 0;
  const acrossTicks = (room: number): Written[] =>
    ticksOf(
      axes.x,
      [xRuler.low, xRuler.high],
      Math.max(2, Math.floor(room / 44)),
      (value) => xRuler.place(value) * room,
      (text) => measure(text) + 10,
    );
  // The last number below the axis may reach further than the axis.
  const beyond = acrossTicks(width - left - LEAST).at(-1);
  const over = beyond ? measure(beyond.text) / 2 - (1 - xRuler.place(beyond.at)) * (width - left - LEAST) + 1 : 0;
  const right = Math.max(LEAST, Math.ceil(over), rightRuler ? margin(axes.right, rightRuler) : barWidth);
  const plotWidth = Math.max(20, Math.floor(width - left - right));
  const words = now.words
    ? placeWords(marks, {
        width: plotWidth,
        beyond: right - 2,
        place: (x) => xRuler.place(x) * plotWidth,
        measure,
      })
    : [];
  const rows = words.reduce((most, { row }) => Math.max(most, row + 1), 0);
  const top = rows ? rows * ROW + 4 : EDGE;
  const plot = { left, top, width: plotWidth, height: Math.max(20, Math.floor(height - bottom - top)) };

  return {
    width,
    height,
    plot,
    x: {
      ...xRuler,
      axis: axes.x,
      ticks: acrossTicks(plotWidth),
    },
    left: { ...leftRuler, axis: axes.left, ticks: uprightTicks(axes.left, leftRuler, plot.height) },
    right: rightRuler && { ...rightRuler, axis: axes.right, ticks: uprightTicks(axes.right, rightRuler, plot.height) },
    series,
    baseline,
    marks: marks.filter(({ x }) => x >= xRuler.low && x <= xRuler.high),
    words,
    heat,
  };
}

/** Pixels from the chart's left end. */
export const xOf = ({ plot, x }: Scene, value: number): number => plot.left + x.place(value) * plot.width;
/** Pixels from the chart's top. */
export const yOf = ({ plot }: Scene, scale: Ruler, value: number): number =>
  plot.top + (1 - scale.place(value)) * plot.height;
export const scaleAt = (scene: Scene, side: "left" | "right"): Scale =>
  side === "right" && scene.right ? scene.right : scene.left;

/** Where the values of one side are, for a pen whose pixels are `unit` to one of CSS. */
export function planeOf(scene: Scene, side: "left" | "right", unit: number): Plane {
  const scale = scaleAt(scene, side);
  const floor = scale.kind === "linear" ? Math.min(scale.high, Math.max(scale.low, 0)) : scale.low;
  return {
    unit,
    floor: yOf(scene, scale, floor) * unit,
    x: (value) => xOf(scene, value) * unit,
    y: (value) => yOf(scene, scale, value) * unit,
  };
}
