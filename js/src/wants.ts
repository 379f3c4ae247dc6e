// What each view may ask of the kernel, and with which value: src/innerview/panels/*.py answer by want_<key>(value).
import type { ColourBy, CompressionSetting, EmbeddingSettings, QualityRow, SimilaritySettings } from "./frames";

/** By view, and by key. What needs no value is asked with `true`. */
export interface Wants {
  brush_panel: {
    stop: string;
    channel: number;
    more: number; // list so many channels
    clear: true;
  };
  channel_grid: {
    stop: string;
    channel: number | null; // to enlarge; null: none
    slices: number[]; // the index of each further axis
    // The next two are not offered for weights.
    folded: boolean; // tokens as maps
    channelAxis: number;
  };
  compression_panel: {
    basis: CompressionSetting["basis"];
    axis: CompressionSetting["axis"];
    rank: number; // while the slider moves
    evaluate: true; // the slider rests
    pin: true; // keep the layer compressed while others are chosen
    unpin: string; // a layer
    curve: true;
    blocks: true;
    block: { layer: string; rank: number }; // a row of those compared
    point: { scope: string; index: number }; // of a curve
    similarity: boolean; // show it
    stop: string; // the work of this scope
    clear: true;
  };
  dashboard: { tab: string };
  embedding_scatter: {
    settings: EmbeddingSettings;
    run: true;
    pause: boolean;
    stop: string; // the work of this scope
    step: string; // of the time line: its label
    visit: string; // the same, while it plays
    keep: true; // the model as it is now becomes a step
    colour: ColourBy;
    know: "prediction"; // to find samples by
    images: number[]; // of these samples
    sample: number;
  };
  layer_picker: { layer: string; stop: string };
  monitor_view: {
    layers: string[];
    channel: number | null;
    zoom: readonly [first: number, last: number] | null; // steps; null: all
    paused: boolean;
    budget: number | null; // fraction of the training time; null: any
    undo: true;
    weights: true;
  };
  quality_table: {
    layer: string;
    measure: { layers: "chosen" | "all"; methods: QualityRow["method"][] };
    stop: string; // the work of this scope
  };
  sample_picker: {
    stop: string;
    sample: number;
    step: number; // 1 or -1: the next or the previous of those that pass the filter
    random: true;
    dataset: true; // back from the user's own image
    again: true; // back to it
    label: string | null; // of the filter; null: all classes
    misclassified: boolean;
    selected: boolean;
    offset: number; // of the page of thumbnails
  };
  similarity_view: {
    settings: SimilaritySettings;
    stop: string; // the work of this scope
    again: true; // go on with what was stopped
  };
  status_bar: { cancel: number /* a job */ };
}

/** A key of a view with a value that it may be asked with. */
export type Want<V extends keyof Wants = keyof Wants> = {
  [View in V]: { [K in keyof Wants[View]]: [key: K, value: Wants[View][K]] }[keyof Wants[View]];
}[V];
