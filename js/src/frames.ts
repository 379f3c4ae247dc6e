// What the kernel sends to each view, frame by frame; src/innerview/panels/*.py fills them in.
// A frame is `{ header, arrays }` as wire.ts unpacks it; `header.kind` says which of these it is.
import type { Frame, NdArray } from "./wire";

type F32 = NdArray<Float32Array>;
type F64 = NdArray<Float64Array>;
type U32 = NdArray<Uint32Array>;
type U8 = NdArray<Uint8Array>;

interface Of<K extends string, H, A = Record<never, never>> {
  header: { kind: K } & H;
  arrays: A;
}

/** Something went wrong where the user is looking. `scope` names the request; `over` clears what was shown for it. */
export type ErrorFrame = Of<"error", { scope: string; message: string; detail: string; over?: boolean }>;
/** Work under way for this view that takes longer than a moment. `fraction` is null when unknown; `over` clears it. */
export type BusyFrame = Of<"busy", { scope: string; label: string; fraction: number | null; over?: boolean }>;

export interface LayerRow {
  name: string; // "layer1.0.conv1", second call "block#2"
  kind: string; // class name
  shape: number[] | null; // of one sample's output
  size: number | null; // elements of one sample's output
  parameters: number;
  calls: number;
  status: "seen" | "never called" | "no tensor output" | "inside a compiled module" | "inside a scripted module";
  note: string; // a sentence, may be ""
}
export type LayersFrame = Of<"layers", { model: string; parameters: number; rows: LayerRow[] }>;
/** The chosen layer, after a click here or anywhere else. */
export type SelectedFrame = Of<"selected", { layer: string | null }>;

export interface SliceAxis {
  name: string;
  size: number;
  index: number;
}
/**
 * All channels of one layer for one sample. Pixel codes: 0..252 linear from low to high of that channel,
 * 253 = -infinity, 254 = +infinity, 255 = NaN; value = low + pixel / 252 * (high - low).
 * layout: "maps" tiles [C, H, W]; "strips" 1-D signals [C, 1, L]; "vector" [C, 1, 1]; "tokens" [C, 1, T] (channel = feature).
 */
export type GridFrame = Of<
  "grid",
  {
    layer: string;
    layerKind: string;
    sample: number | null; // null: the user's own image
    of?: string; // what the tiles are of, where it is no sample: "step 120"
    layout: "maps" | "strips" | "vector" | "tokens";
    shape: number[]; // of the activation of this one sample
    full: [number, number]; // height and width of a channel before it was reduced for sending
    channelAxis: number; // which axis of shape was read as channels
    slices: SliceAxis[]; // further axes: one slider each
    foldable: boolean; // tokens of a vision transformer: can be shown as maps or as tokens
    folded: boolean;
    extraLabels: string[]; // e.g. ["class"], ["class", "register 1", ...] for the folded maps
    nonfinite: number; // over the layer
    note: string; // e.g. "second call", "the output is a tuple of 2: the first tensor is shown"
  },
  {
    tiles: U8; // [C, H, W]
    low: F32; // [C]; as are the next
    high: F32;
    mean: F32;
    variance: F32;
    sparsity: F32; // fraction of exact zeros
    nonfinite: U32;
    extra?: U8; // [C, K] class and register tokens, on the channel's own scale
  }
>;
/** Sent some time after the grid: which channels are never above zero over the first `samples` samples; `all`: there are no more. */
export type DeadFrame = Of<"dead", { layer: string; samples: number; all: boolean }, { dead: U8 /* [C] 0 or 1 */ }>;
/** The chosen channel of the grid, in full; channel null: none chosen. */
export type ChannelFrame = Of<
  "channel",
  {
    layer: string;
    sample: number | null;
    channel: number | null;
    receptive: { size: [number, number]; stride: [number, number]; origin: [number, number] } | null; // input pixels; the box of (i, j) starts at origin + (i, j) * stride
    input: [number, number] | null; // height and width of the input the receptive field counts in
    nonfinite: number;
  },
  { values?: F32 /* [H, W] */; edges?: F32 /* [bins + 1] */; counts?: U32 /* [bins] */; image?: U8 /* [h, w, 3] */ }
>;

export type SampleFrame = Of<
  "sample",
  {
    sample: number | null; // null: the user's own image
    total: number;
    input: "image" | "signal" | "tokens" | "values"; // how to draw it: image array, signal array [channels, length], or text
    text: string; // how the display was made, or the tokens or values themselves
    name: string; // file name of the user's own image, else ""
    shape: number[];
    label: string | null; // null: no labels
  },
  { image?: U8 /* [h, w, 3], or [h, w, 1] where it is grey */; signal?: F32 /* [channels, length] */ }
>;
/** What the model says of the sample; comes after it. */
export type JudgedFrame = Of<
  "judged",
  {
    sample: number | null;
    predicted: string | null; // null where the model is no classifier
    top: { label: string; probability: number }[]; // at most 5
    notClassifier: string; // why there is no top: a sentence, or ""
  }
>;
/** One page of thumbnails of the samples that pass the filter; their pictures come before it, unless they were there. */
export type ThumbnailsFrame = Of<
  "thumbnails",
  {
    indices: number[];
    labels: (string | null)[];
    correct: (boolean | null)[]; // null: not predicted yet
    offset: number; // of the first one in the filtered list
    count: number; // samples that pass the filter so far
    pageSize: number;
    classes: string[]; // to choose from; [] when there are no labels
    filter: { label: string | null; misclassified: boolean; selected: boolean };
    selected: number; // samples that are brushed
    predictedUpTo: number; // samples predicted so far, of total
    total: number;
  }
>;

/**
 * The samples of a layer as points. Frames of one `run` hold the same samples in the same order, so the points move.
 */
export type PointsFrame = Of<
  "points",
  {
    run: string;
    layer: string;
    model: string; // "" or e.g. "untrained": which of two models
    step: string; // of the training: a checkpoint's label, or "now"
    method: Method;
    stage: string; // "iteration 120 of 750", "the first 512 samples"; "" once final
    fraction: number | null;
    final: boolean;
    note: string; // how the vectors were made: "784 elements each"; what was left out; how they were reduced
    total: number; // samples in the data
  },
  { points: F32 /* [n, 2] or [n, 3] */; indices: U32 /* [n] sample of each point */ }
>;
export type Method = "pca" | "tsne" | "umap";
/** What is chosen for the embedding and what can be: sent at each change. */
export type EmbeddingFrame = Of<
  "embedding",
  {
    layer: string | null;
    settings: EmbeddingSettings;
    tokens: number; // tokens of the layer's output, to choose one of; 0: it has none
    maps: boolean; // the layer's channels can be pooled over their positions
    running: boolean; // a computation is under way
    paused: boolean;
    estimate: Partial<Record<Method, number>>; // seconds that each method would take, roughly
    steps: string[]; // of the training, oldest first; one: there is no other
    step: string; // the one looked at
    led: boolean; // it does as the scatter beside it does
    correctOnly: string; // why "only correctly classified samples" cannot be had; "" when it can
  }
>;
export interface EmbeddingSettings {
  method: Method;
  dimensions: 2 | 3;
  pool: "all" | "mean" | number; // all elements, the mean over positions, or the token of this number
  samples: number; // how many at most
  correctOnly: boolean;
  perplexity: number; // t-SNE
  neighbours: number; // UMAP
  distance: number; // UMAP's min_dist
  seed: number;
}
export type ColourBy = "class" | "prediction" | "correct" | "loss" | "channel" | "neighbours";
/** Labels of all samples; sent once. */
export type LabelsFrame = Of<
  "labels",
  { classes: string[]; total: number },
  { labels?: U32 /* [total]; 2^32 - 1: none. Absent without labels. */ }
>;
/**
 * What the points are coloured by, for every sample of the data. Of scope "know" it was asked for to find samples by: the
 * points keep their colours; and `over`: what the predictions said is no longer true.
 */
export type ColoursFrame = Of<
  "colours",
  {
    scope?: "know";
    over?: boolean;
    by: ColourBy;
    label: string; // of the legend: "predicted class", "mean of channel 12"
    names: string[]; // of the categories; [] for values
    low: number; // of the values
    high: number;
    unavailable: Partial<Record<ColourBy, string>>; // why a choice cannot be had: a sentence
  },
  { codes?: U32 /* [total]; 2^32 - 1: none */; values?: F32 /* [total]; NaN: none */ }
>;
/** What is looked at elsewhere: the sample shown, the channel enlarged. */
export type CurrentFrame = Of<"current", { sample: number | null; channel: number | null }>;
/** The selected samples, from whichever view or from Python; ascending. */
export type BrushedFrame = Of<
  "brushed",
  { count: number; total: number },
  { indices?: U32; mask?: U8 /* a bit for each of `total`, the lowest of a byte first */ }
>;
/** Pictures of the samples that a view asked for. */
export type ImagesFrame = Of<
  "images",
  { indices: number[]; labels: (string | null)[]; text: string[] /* for samples that are no pictures */ },
  { images?: U8 /* [n, s, s, 3], or [n, s, s, 1] where all are grey */ }
>;
/** What sets the selected samples apart from the rest of those embedded. */
export type ContrastFrame = Of<
  "contrast",
  {
    layer: string | null;
    selected: number; // samples
    rest: number;
    classes: { name: string; selected: number; rest: number }[]; // [] without labels
    // Largest |difference| first; null: not finite.
    channels: { channel: number; selected: number | null; rest: number | null; difference: number | null }[];
    channelCount: number; // of which `channels` holds the first
    note: string; // why there is nothing to compare, or which samples were used; may be ""
  }
>;
/** The quality of representations, a row for each layer, model and method asked for so far. */
export type QualityFrame = Of<
  "quality",
  {
    rows: QualityRow[];
    k: number; // neighbours of the classifier
    noLabels: string; // why there are no class distances; "" when there are labels
    latex: string; // the table as LaTeX
  }
>;
export interface QualityRow {
  layer: string;
  model: string;
  method: Method | "own space";
  samples: number | null; // null: nothing could be measured, and the note says why
  sameClass: number | null; // each distance divided by the mean over all pairs
  differentClass: number | null;
  toCentroid: number | null;
  betweenCentroids: number | null;
  knnAccuracy: number | null; // k-nearest-neighbour classifier on its own points
  leaveOneOut: number | null;
  trustworthiness: number | null; // of the plane against the layer's own space
  note: string;
}

export type Basis = "pca" | "random" | "variance" | "quantise";
export type CompressionAxis = "channels" | "all";
/** How the chosen layer is compressed; sent at each change. */
export interface CompressionSetting {
  layer: string;
  basis: Basis | "off";
  axis: CompressionAxis;
  rank: number; // dimensions that are kept; bits for "quantise"
}
export type CompressionFrame = Of<
  "compression",
  CompressionSetting & {
    full: number; // the highest rank, at which nothing is lost
    also: CompressionSetting[]; // other layers that are compressed at the same time
    pinned: boolean; // this layer stays compressed so when another is chosen
    labels: boolean; // the data has labels, so there is an accuracy
  }
>;
/** A fitted projection at its rank, and how much of the variance it keeps at each. */
export type ProjectionFrame = Of<
  "projection",
  CompressionSetting & {
    matrix: [number, number] | null; // null: it is no matrix
    parameters: number; // numbers that the projection itself needs
    bytes: [number, number]; // of one sample's activation, before and after
    samples: number; // that it was fitted to
    note: string; // may be ""
  },
  { curve: F32 /* [largest]: the fraction kept at rank 1, 2, ... */ }
>;
/** One sample of the layer before and after, and the difference: three sets of what a grid frame holds, by prefix. */
export type CompressedFrame = Of<
  "compressed",
  CompressionSetting &
    Pick<
      GridFrame["header"],
      "layerKind" | "sample" | "layout" | "shape" | "full" | "channelAxis" | "slices" | "extraLabels"
    > & { nonfinite: Record<CompressionPart, number> },
  { [Name in `${CompressionPart}.${keyof GridFrame["arrays"]}`]?: F32 | U32 | U8 }
>;
export type CompressionPart = "before" | "after" | "difference";
/** What the model says of that sample, before and after. */
export type DecidedFrame = Of<
  "decided",
  {
    layer: string;
    sample: number | null;
    label: string | null;
    classes: { label: string; before: number; after: number }[]; // the likeliest before, and the winner after
    notClassifier: string; // why there are none; ""
  }
>;
/** What is left of the accuracy, after each batch. */
export type AccuracyFrame = Of<
  "accuracy",
  CompressionSetting & {
    also: CompressionSetting[];
    accuracy: number | null; // null: no labels
    low: number | null; // 95 % Wilson interval
    high: number | null;
    baseline: number | null; // of the same samples, not compressed
    change: number | null; // accuracy less baseline, or agreement less 1; null: no class scores
    changeLow: number | null; // its 95 % interval, paired
    changeHigh: number | null;
    agreement: number; // share whose prediction is as without compression
    evaluated: number;
    total: number;
    note: string; // how it was evaluated
  }
>;
/** All that was evaluated: how many ranks, and the table for a spreadsheet. */
export type StudiedFrame = Of<"studied", { ranks: number; text: string }>;

/** Accuracy against rank, of one layer compressed in one way. `scope` names it; sent again when it has changed. */
export type CurveFrame = Of<
  "curve",
  {
    scope: string;
    of: "rank" | "block"; // which chart it belongs to: by rank, or every block by parts of its full rank
    name: string;
    hue: number; // which colour, counted from 0
    dash: "solid" | "dashed" | "dotted" | "dashdot";
    baseline: number | null; // accuracy without compression; null: no labels, and the values are agreements
    fewest: number; // samples that a point was evaluated on
    most: number;
    total: number; // samples there are
  },
  { ranks?: F64 /* [K]; parts of the full rank for "block" */; values?: F64; low?: F64; high?: F64 }
>;

/** A block at the smallest rank that keeps the accuracy (not `kept`: at the largest evaluated, where none does). */
export interface ComparedRow {
  layer: string;
  full: number; // its dimensions
  rank: number;
  kept: boolean;
  change: number | null; // of the accuracy, against the same samples not compressed
  low: number | null; // its 95 % interval
  high: number | null;
  evaluated: number;
  total: number;
}
/** Every block at equal parts of its full rank, as far as they are evaluated, the most compressible first. */
export type ComparedFrame = Of<"compared", { rows: ComparedRow[]; tolerated: number }>;

/** What the similarity view compares, and how: sent at each change. Each chart then gets a histogram of this `run`. */
export type SimilarityFrame = Of<
  "similarity",
  {
    run: number;
    charts: { key: string; layer: string; rank: number | null }[]; // rank null: not reduced
    settings: SimilaritySettings;
    choices: string[]; // layers that can be compared side by side
    mostLayers: number; // of them at a time
    total: number; // samples in the data
    noLabels: string; // why there are no classes; "" when there are
  }
>;
export interface SimilaritySettings {
  pairs: "all" | "one"; // all pairs, or the chosen sample with all
  of: "layer" | "layers" | "ranks"; // the chosen layer, several, or the chosen one by rank
  layers: string[];
  samples: number;
  correctOnly: boolean;
}
/** A histogram of cosine similarities, in equal bins from -1 to 1. `scope` is the key of its chart. */
export type HistogramFrame = Of<
  "histogram",
  {
    scope: string;
    layer: string;
    rank: number | null;
    run: number;
    note: string;
    error: string; // why there is none, and then none of the following; ""
    auc?: number | null;
    overlap?: number | null;
    pairs?: number;
    sampled?: boolean; // an estimate
  },
  { same?: F64 /* [bins] pairs of one class */; other?: F64 /* [bins] of different ones; all where there are none */ }
>;

/** What was said of this scope is gone, and nothing else is said. */
type Gone<K extends string> = Of<K, { scope: string; over: true }>;
export type GoneFrame = Gone<"curve"> | Gone<"histogram">;
export const isGone = (frame: CurveFrame | HistogramFrame | GoneFrame): frame is GoneFrame => "over" in frame.header;

/**
 * A training run as it stands, sent a few times a second while it is recorded. One that follows adds to the frames before
 * it: what it leaves out is as it was. The others begin anew.
 */
export type MonitorFrame = Of<
  "monitor",
  {
    follows: boolean;
    step: number;
    state: "waiting" | "training" | "paused" | "ended";
    live: boolean; // false: a history without a run, which has nothing to control
    budget: number | null; // fraction of the training time that recording may take; null: any
    overhead: number | null; // fraction that it takes; null: not known yet
    recorded: number; // steps of which something was recorded
    few: number | null; // records of a layer, where they are too few to say that nothing is wrong; null: enough
    undo: string; // the action that can be undone; ""
    metrics: string[]; // "loss", "lr", ...
    tracks: TrackHeader[]; // of the charts: those that have changed
    gone?: string[]; // tracks that are not shown any more
    rows?: [name: string, kind: string][]; // in execution order
    findings?: MonitorFinding[] | null; // the worst first; null: not judged yet
    verdicts?: Record<string, [verdict: string, severity: number]>; // of the layers that have one
    chosen?: MonitorChoice;
    marks?: MonitorMark[];
    otherMarks?: MonitorMark[]; // of the run that is compared with
    told?: [step: number, text: string][]; // the latest events in words
    can?: { weights: boolean; compared: boolean; layers: number }; // layers that can be chosen at a time
    weights?: boolean; // the weights were asked for, and are a panel of the page
    end?: number; // the last step of all
  },
  {
    values: F64; // [M] latest of each metric
    mean: F32; // [L]; NaN: not seen yet. As are the next
    std: F32;
    nearZeros: F32; // fractions
    dead: F32;
    sparks: U8; // [L, P] standard deviation over time, 0 to 254 on the layer's own scale; 255: none
    // [L, S] where the values lie, 0 none to 255 most, from the most negative to the most positive
    strips: U8;
    edges?: F64; // [B + 1] of the bins that the tracks' codes count
  } & { [Piece in `${number}.${string}`]?: F32 | U32 | U8 }
>;
export interface MonitorChoice {
  layers: string[]; // in the charts; channel and weights are those of the first
  channel: number | null; // whose range is drawn
  between: [number, number] | null; // steps that are looked at; null: all
  missing: string; // why there is no range of the channel; ""
}
export type MonitorMark = [step: number, kind: string, word: string];
/** A course over the steps: the arrays named by its place in the list replace its records from `from` on. */
export interface TrackHeader {
  name: string; // "metric loss", "layer conv1", "channel batches", each also after "other "
  from: number;
  numbers?: string[]; // names of the rows of its numbers; left out: as they were
  anew?: number[]; // records to which no line leads: nothing was recorded before; left out: none
  interval?: number; // usual steps between two records; left out: 1
  bins?: [number, number]; // which of the bins the codes hold
  shown?: [number, number]; // which of the bins there is something in; left out: as it was. So are the ticks
  ticks?: [at: number, text: string][];
}
export interface MonitorFinding {
  layer: string; // "" when it is the run as a whole
  kind: string;
  name: string; // the kind in words
  evidence: string;
  suggestion: string;
  source: string;
  severity: number; // 3 lost, 2 a part does not learn, 1 worth a look
  step: number;
  since: number;
}

/** The tabs of the dashboard, each with its panels by name, and the one that is looked at. */
export type DashboardFrame = Of<"dashboard", { tabs: { title: string; panels: string[] }[]; tab: string }>;
/** How many samples are selected. */
export type SelectionFrame = Of<"selection", { count: number }>;

export type StatusFrame = Of<
  "status",
  {
    model: string;
    data: string;
    samples: number;
    device: string;
    layer: string | null;
    shape: number[] | null;
    accuracy: { value: number; low: number; high: number; evaluated: number; total: number } | null;
    jobs: { id: number; label: string; fraction: number | null }[];
    note: string; // e.g. "the kernel is running a cell: shown from a snapshot"
  }
>;

export type ViewFrame =
  | ErrorFrame
  | BusyFrame
  | LayersFrame
  | SelectedFrame
  | GridFrame
  | DeadFrame
  | ChannelFrame
  | SampleFrame
  | JudgedFrame
  | ThumbnailsFrame
  | PointsFrame
  | EmbeddingFrame
  | LabelsFrame
  | ColoursFrame
  | BrushedFrame
  | CurrentFrame
  | ImagesFrame
  | ContrastFrame
  | QualityFrame
  | CompressionFrame
  | ProjectionFrame
  | CompressedFrame
  | DecidedFrame
  | AccuracyFrame
  | StudiedFrame
  | CurveFrame
  | ComparedFrame
  | SimilarityFrame
  | HistogramFrame
  | GoneFrame
  | MonitorFrame
  | DashboardFrame
  | SelectionFrame
  | StatusFrame;

export type Kind = ViewFrame["header"]["kind"];
type ByKind = { [F in ViewFrame as F["header"]["kind"]]: F };
export type FrameOf<K extends Kind> = ByKind[K];

/** The frame as its kind types it. wire.ts has checked the bytes; both ends of the wire come from the same wheel. */
export const typed = (frame: Frame): ViewFrame => frame as unknown as ViewFrame;
