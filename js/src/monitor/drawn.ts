// What the charts of a training run show: lines, ranges, marks and heat maps of its tracks.
import type { Band, ChartData, HeatData, Line, Mark } from "../charts";
import type { MonitorMark } from "../frames";
import { count, number, percent } from "../ui/format";
import type { Run, Track } from "./run";

/** Of the lines, in the order in which the layers were chosen; they stand out from white and from black. */
export const COLOURS = ["#3f8fd6", "#e08a3c", "#3fa66f", "#a978d0", "#c76d6d", "#8a8f3a"];
const GREY = "var(--iv-ink-2)";
// From the most telling to the least; what is not named here comes last.
const KINDS: readonly [string, string][] = [
  ["error", "var(--iv-error)"],
  ["action", COLOURS[2]!],
  ["finding", COLOURS[1]!],
  ["undo", COLOURS[3]!],
];
const TITLE = 46; // letters

/** A title that fits above the narrowest chart: of a long name the end, which tells layers apart. */
export function titleOf(layer: string, what = ""): string {
  const room = TITLE - what.length;
  const name = /^\d+$/.test(layer) ? `layer ${layer}` : layer; // in a Sequential the name is a mere number
  return (name.length <= room ? name : `…${name.slice(1 - room)}`) + what;
}

export const marksOf = (marks: readonly MonitorMark[]): Mark[] =>
  marks.map(([x, kind, word]) => {
    const rank = KINDS.findIndex(([name]) => name === kind);
    return { x, word, colour: KINDS[rank]?.[1] ?? GREY, rank: rank < 0 ? KINDS.length : rank };
  });

const anew = ({ anew: places, steps }: Track): Uint8Array => {
  const flags = new Uint8Array(steps.length);
  for (const at of places) flags[at] = 1;
  return flags;
};

const line = (track: Track, what: string, look: Omit<Line, "kind" | "x" | "y" | "anew">): Line => ({
  kind: "line",
  x: track.steps,
  y: track.numbers.get(what) ?? [],
  anew: anew(track),
  ...look,
});

/** A line for each run that has the track; of the one compared with, dashed. */
function both(run: Run, name: string, what: string, look: Omit<Line, "kind" | "x" | "y" | "anew">): Line[] {
  const found: Line[] = [];
  const [mine, other] = [run.tracks.get(name), run.tracks.get(`other ${name}`)];
  if (other) found.push(line(other, what, { ...look, name: `${look.name}, compared`, dash: "dashed", opacity: 0.7 }));
  if (mine) found.push(line(mine, what, look));
  return found;
}

const steps = (run: Run): ChartData["x"] => ({ name: "step", low: 0, high: run.said.end, format: count });

export const loss = (run: Run): ChartData => ({
  title: "loss · learning rate, dotted",
  x: steps(run),
  y: { name: "loss" },
  right: { name: "learning rate", scale: "log" },
  marks: marksOf(run.said.marks),
  series: [
    ...both(run, "metric loss", "value", { name: "loss", colour: "var(--iv-ink)" }),
    ...(run.tracks.has("metric lr")
      ? [
          line(run.tracks.get("metric lr")!, "value", {
            name: "learning rate",
            colour: GREY,
            dash: "dotted",
            side: "right",
          }),
        ]
      : []),
  ],
});

export const LAYER_CHARTS = [
  { what: "std", title: "standard deviation of the activations", y: { scale: "log" } },
  { what: "mean", title: "mean of the activations", y: {} },
  { what: "near", title: "fraction near zero", y: { format: (share: number) => percent(share) } },
] as const;

/** What the chosen layers do. */
export const ofLayers = (run: Run, { what, title, y }: (typeof LAYER_CHARTS)[number]): ChartData => ({
  title,
  x: steps(run),
  y,
  marks: marksOf(run.said.marks),
  series: run.said.chosen.layers.flatMap((layer, place) =>
    both(run, `layer ${layer}`, what, { name: titleOf(layer), colour: COLOURS[place % COLOURS.length]! }),
  ),
});

/** The range of the chosen channel: one chart for each probe sample, or one over the batches. */
export function ranges(run: Run): ChartData[] {
  const { layers, channel } = run.said.chosen;
  const found = [...run.tracks.keys()].filter((name) => name.startsWith("channel ")).sort();
  return found.map((name) => {
    const track = run.tracks.get(name)!;
    const band: Band = {
      kind: "band",
      name: "range",
      colour: COLOURS[0]!,
      x: track.steps,
      low: track.numbers.get("low") ?? [],
      high: track.numbers.get("high") ?? [],
      anew: anew(track),
    };
    return {
      title: titleOf(layers[0] ?? "", ` channel ${channel}, ${name.slice("channel ".length)} · std dotted`),
      x: steps(run),
      y: { name: "value" },
      right: { name: "standard deviation" },
      marks: marksOf(run.said.marks),
      series: [band, line(track, "std", { name: "standard deviation", colour: GREY, dash: "dotted", side: "right" })],
    };
  });
}

/** The share of a record's values that a code stands for; see innerview/panels/value_codes.py. */
export const shareOf = (code: number): number => Math.expm1(((code - 1) / 254) * Math.log1p(1e4)) / 1e4;

/** The histograms of a layer's values over the steps, blank where nothing was recorded. */
export function heatOf(run: Run, name: string, title: string, marks: readonly MonitorMark[]): HeatData | undefined {
  const track = run.tracks.get(name);
  if (!track?.steps.length || !track.shown) return undefined;
  const { shown, ticks, interval } = track;
  const bins = run.edges.length - 1;
  const gap = new Set(track.anew);
  const last = track.steps.length - 1;
  const edges: number[] = [track.steps[0]!];
  const columns: (number | null)[] = [];
  for (let record = 0; record <= last; record++) {
    // A record stands for the steps up to the next one, if that comes in time.
    const until = track.steps[record]! + track.spans[record]! + interval - 1;
    columns.push(record);
    if (record === last) edges.push(until);
    else if (gap.has(record + 1)) {
      edges.push(Math.min(until, track.steps[record + 1]!), track.steps[record + 1]!);
      columns.push(null);
    } else edges.push(track.steps[record + 1]!);
  }
  const codes = new Uint8Array(columns.length * bins);
  columns.forEach((record, at) => {
    if (record !== null) codes.set(track.codes.subarray(record * bins, (record + 1) * bins), at * bins);
  });
  const edge = (bin: number): string => number(run.edges[bin]!, 2);
  return {
    title,
    about: "Where the values of the layer lie, step by step.",
    edges,
    codes,
    bins,
    shown,
    x: steps(run),
    yTicks: ticks.map(([at, text]) => ({ at, text })),
    binText: (bin) => `${edge(bin)} to ${edge(bin + 1)}`,
    codeText: (code) => (code ? percent(shareOf(code)) : "none"),
    bar: { low: "none", high: "all", name: "share of the values, logarithmic" },
    marks: marksOf(marks),
  };
}

/** A heat map for each chosen layer, that of the run compared with beside it. */
export function heats(run: Run): (HeatData & { colour: string })[] {
  return run.said.chosen.layers.flatMap((layer, place) => {
    const colour = COLOURS[place % COLOURS.length]!;
    const mine = heatOf(run, `layer ${layer}`, titleOf(layer), run.said.marks);
    const other = heatOf(run, `other layer ${layer}`, titleOf(layer, ", compared"), run.said.otherMarks);
    return [mine, other].filter((one) => one !== undefined).map((one) => ({ ...one, colour }));
  });
}
