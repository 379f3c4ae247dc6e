// What the kernel sends to each view, frame by frame; src/innerview/widgets/*.py fills them in.
// A frame is `{ header, arrays }` as wire.ts unpacks it; `header.kind` says which of these it is.
import type { Frame, NdArray } from "./wire";

type F32 = NdArray<Float32Array>;
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
  label: string; // last part of the name
  depth: number; // 0 for the model's direct children
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
    maximum: F32;
    variance: F32;
    sparsity: F32; // fraction of exact zeros
    nonfinite: U32;
    extra?: U8; // [C, K] class and register tokens, on the channel's own scale
  }
>;
/** Sent some time after the grid: which channels are never above zero over the first `samples` samples. */
export type DeadFrame = Of<"dead", { layer: string; samples: number }, { dead: U8 /* [C] 0 or 1 */ }>;
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
    predicted: string | null; // null until known or where the model is no classifier
    top: { label: string; probability: number }[]; // at most 5
    notClassifier: string; // why there is no top: a sentence, or ""
  },
  { image?: U8 /* [h, w, 3] */; signal?: F32 /* [channels, length] */ }
>;
/** One page of thumbnails of the samples that pass the filter. */
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
    filter: { label: string | null; misclassified: boolean };
    predictedUpTo: number; // samples predicted so far, of total
    total: number;
    text: string[]; // for inputs that are no images: a short text each; else []
  },
  { thumbnails?: U8 /* [n, s, s, 3] */ }
>;

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
  | ThumbnailsFrame
  | StatusFrame;

/** The frame as its kind types it. wire.ts has checked the bytes; both ends of the wire come from the same wheel. */
export const typed = (frame: Frame): ViewFrame => frame as unknown as ViewFrame;

/** A view: draws frames into an element, tells what the user did through callbacks. It knows nothing of Jupyter. */
export interface View {
  update(frame: ViewFrame): void;
  destroy(): void;
}

export interface Callbacks {
  /** The user asks for something: latest value per key wins, e.g. want("layer", "conv1"). */
  want(key: string, value: unknown): void;
  /** Bytes for the kernel, e.g. a dropped image file. */
  upload(header: Record<string, unknown>, bytes: Uint8Array): void;
}

export type Create = (element: HTMLElement, callbacks: Callbacks) => View;
