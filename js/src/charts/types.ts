// What a chart is given and what it gives: plain values in, callbacks out.

/** Values: a typed array or a list; NaN is a gap. */
export type Values = ArrayLike<number>;

export type Dash = "solid" | "dashed" | "dotted" | "dashdot";
export type Side = "left" | "right";

interface Named {
  /** In the legend, the read-out, the table; several series of one name share an entry of the legend. */
  readonly name: string;
  /** A CSS colour; `var(--iv-ink-2)` and the like follow the theme. */
  readonly colour: string;
  /** False: not in the legend. */
  readonly listed?: boolean;
  /** From 0 to 1. */
  readonly opacity?: number;
}

/** A line through values; x ascends. With `low` and `high` a translucent band around it. */
export interface Line extends Named {
  readonly kind: "line";
  readonly x: Values;
  readonly y: Values;
  /** Not 0 at the points to which no line leads from the one before: nothing was recorded between. */
  readonly anew?: ArrayLike<number>;
  readonly low?: Values;
  readonly high?: Values;
  readonly dash?: Dash;
  readonly side?: Side;
  /** A dot at each value, that can be clicked where the chart has a `clicked`. */
  readonly dots?: boolean;
  /** In pixels; 1.5 when left out. */
  readonly width?: number;
}

/** The area between two lines, such as the range of a channel. */
export interface Band extends Named {
  readonly kind: "band";
  readonly x: Values;
  readonly low: Values;
  readonly high: Values;
  readonly anew?: ArrayLike<number>;
  readonly side?: Side;
}

/** The outline of a histogram's bars, filled: `edges` [B+1] ascend, `heights` [B]. */
export interface Bars extends Named {
  readonly kind: "bars";
  readonly edges: Values;
  readonly heights: Values;
}

export type Series = Line | Band | Bars;

/** Something that happened: a vertical line; its word stands above the chart, "" for a line alone. */
export interface Mark {
  readonly x: number;
  readonly word: string;
  readonly colour: string;
  /** The smaller, the sooner its word finds room; 0 when left out. */
  readonly rank?: number;
}

/** A line across, such as the accuracy of the unchanged model. */
export interface Baseline {
  readonly value: number;
  readonly name: string;
  /** `var(--iv-ink-2)` when left out. */
  readonly colour?: string;
}

export interface Tick {
  readonly at: number;
  /** As `format` writes it when left out. */
  readonly text?: string;
}

export interface Axis {
  /** Written along the axis; none when left out. */
  readonly label?: string;
  /** What the numbers are, in the read-out and in the table: "step"; the label when left out. */
  readonly name?: string;
  /** "log" has ticks at powers of ten and parts of them, "log2" at powers of two. Linear when left out. */
  readonly scale?: "linear" | "log" | "log2";
  /** Fixed ends; null or left out: as the values that are shown need it. */
  readonly low?: number | null;
  readonly high?: number | null;
  /** Where to write numbers; round ones, as many as there is room for, when left out. */
  readonly ticks?: readonly Tick[];
  /** A number as the axis writes it. */
  readonly format?: (value: number) => string;
  /** A number as the read-out and the table write it; `format` when left out. */
  readonly exact?: (value: number) => string;
}

/** First and last x of what is shown; null for all. */
export type Interval = readonly [number, number];

/** Charts that share a crosshair, an interval of x, and which series are hidden. Made by `group()`. */
export interface Group {
  /** The x under the crosshair, or null. */
  readonly at: number | null;
  readonly interval: Interval | null;
  /** Names of the series that the legend has switched off. */
  readonly hidden: ReadonlySet<string>;
  /** Look at an interval, from outside: `zoomed` is not called. */
  show(interval: Interval | null): void;
  /** The crosshair, from outside. */
  point(at: number | null): void;
  /** Switch a series on or off in all charts. */
  toggle(name: string): void;
  /** Used by the charts themselves. A user zooms: shown, and told to `zoomed`. */
  zoom(interval: Interval | null): void;
  /** Used by the charts themselves: be told of every change; the first that draws writes the words of the marks. */
  join(changed: (what: GroupChange) => void, draws?: boolean): { readonly first: boolean; leave(): void };
}
export type GroupChange = "crosshair" | "interval" | "hidden";

export interface GroupOptions {
  /** A user brushed an interval in one of the charts, or went back to all (null). */
  readonly zoomed?: (interval: Interval | null) => void;
}

/** What both kinds of charts can be told once. */
export interface CommonOptions {
  /** Charts of one group follow each other; a chart alone has a group of its own. */
  readonly group?: Group;
  /** In pixels, of the drawing with its axes. Left out: what the container leaves to the chart. */
  readonly height?: number;
  /** Whether the words of the marks are written above this chart; of a group it is the first one when left out. */
  readonly words?: boolean;
  /** Of a saved file, without its ending; the title when left out. */
  readonly file?: string;
  /** Of the element, for tests. */
  readonly testid?: string;
  /** False: not a legend of its own; `legend()` makes one for a group. */
  readonly legend?: boolean;
}

export interface ChartOptions extends CommonOptions {
  /** A dot was clicked, or chosen with the keyboard: the place of its series in `series`, and of its value. */
  readonly clicked?: (series: number, index: number) => void;
}

/** What a chart shows now; everything may be another at the next `show`. */
export interface ChartData {
  readonly title: string;
  /** For screen readers, after the title: what there is to see. */
  readonly about?: string;
  readonly series: readonly Series[];
  readonly x?: Axis;
  readonly y?: Axis;
  /** The axis at the right, of the series whose `side` is "right". */
  readonly right?: Axis;
  readonly baseline?: Baseline | null;
  readonly marks?: readonly Mark[];
}

export type HeatOptions = CommonOptions;

/** A picture over x: a column for each interval of x, a row for each bin, the lowest first. */
export interface HeatData {
  readonly title: string;
  readonly about?: string;
  /** `[columns + 1]`, ascending: where columns begin and end. */
  readonly edges: Values;
  /** `[columns, bins]`, row by row: 0 for nothing, which is left clear, else from 1 to 255. */
  readonly codes: Uint8Array;
  readonly bins: number;
  /** Bins that are shown, from the first up to before the second; all when left out. */
  readonly shown?: readonly [number, number];
  readonly x?: Axis;
  /** Ticks at places in bins, with their texts: `{ at: 12.5, text: "1e-3" }`. */
  readonly yTicks?: readonly Tick[];
  readonly yLabel?: string;
  /** What a bin stands for: "0.01 to 0.02"; its number when left out. */
  readonly binText?: (bin: number) => string;
  /** What a code stands for, in the read-out. */
  readonly codeText?: (code: number) => string;
  /** A colour map of `ui/colormaps`; "viridis" when left out. */
  readonly colours?: "viridis" | "magma" | "inferno" | "gray";
  /** Words at the ends of the colour bar; no bar when left out. */
  readonly bar?: { readonly low: string; readonly high: string; readonly name: string };
  readonly marks?: readonly Mark[];
}

export interface View<Data> {
  /** To be put into the page; fills its container's width. */
  readonly element: HTMLElement;
  /** Draw this in place of what was drawn before. */
  show(data: Data): void;
  /** What is drawn now, as an SVG file's text. */
  svg(): string;
  /** Let go of everything: observers, listeners, the canvas. */
  destroy(): void;
}
export type Chart = View<ChartData>;
export type Heat = View<HeatData>;
