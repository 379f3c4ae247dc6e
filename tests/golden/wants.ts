// Written by panels.py: what real panels were asked for, and could answer.
import type { Wants } from "../../js/src/wants";

export const WANTS = {
  brush_panel: {
    channel: [2],
    clear: [true],
    more: [64],
  },
  channel_grid: {
    channel: [2, null, 1],
    channelAxis: [1],
    folded: [false, true],
    slices: [[0]],
  },
  compression_panel: {
    axis: ["all", "channels"],
    basis: ["pca", "random", "variance", "quantise", "off"],
    block: [{"layer": "classifier.1", "rank": 2}],
    blocks: [true],
    clear: [true],
    curve: [true],
    evaluate: [true],
    pin: [true],
    point: [{"scope": "rank Series(layer='features.3', basis='pca', axis='channels', also=())", "index": 0}],
    rank: [4],
    similarity: [true],
    stop: [true],
    unpin: ["features.3"],
  },
  dashboard: {
    tab: ["Embedding"],
  },
  embedding_scatter: {
    colour: ["class", "prediction", "correct", "loss", "channel", "neighbours"],
    images: [[1, 2], [1]],
    keep: [true],
    know: ["prediction"],
    pause: [true, false],
    run: [true],
    sample: [5],
    settings: [{"method": "pca", "dimensions": 2, "pool": 1, "samples": 90, "correctOnly": false, "perplexity": 10, "neighbours": 5, "distance": 0.1, "seed": 0}, {"method": "pca", "dimensions": 2, "pool": "mean", "samples": 90, "correctOnly": false, "perplexity": 10, "neighbours": 5, "distance": 0.1, "seed": 0}, {"method": "umap", "dimensions": 2, "pool": "all", "samples": 90, "correctOnly": false, "perplexity": 10, "neighbours": 5, "distance": 0.1, "seed": 0}, {"method": "pca", "dimensions": 3, "pool": "all", "samples": 90, "correctOnly": false, "perplexity": 10, "neighbours": 5, "distance": 0.1, "seed": 0}, {"method": "tsne", "dimensions": 2, "pool": "all", "samples": 90, "correctOnly": false, "perplexity": 10, "neighbours": 5, "distance": 0.1, "seed": 0}, {"method": "pca", "dimensions": 2, "pool": "all", "samples": 90, "correctOnly": false, "perplexity": 10, "neighbours": 5, "distance": 0.1, "seed": 0}],
    step: ["1"],
    stop: [true],
    visit: ["1"],
  },
  layer_picker: {
    layer: ["features.3", "classifier.1"],
  },
  monitor_view: {
    budget: [0.05, null],
    channel: [null, 1],
    layers: [["1", "0"], ["0"]],
    paused: [true, false],
    undo: [true],
    weights: [true],
    zoom: [null, [1.0, 20.5]],
  },
  quality_table: {
    layer: ["classifier.1"],
    measure: [{"layers": "chosen", "methods": ["own space", "pca"]}, {"layers": "all", "methods": ["tsne", "umap"]}],
    stop: [true],
  },
  sample_picker: {
    again: [true],
    dataset: [true],
    label: ["3", null],
    misclassified: [false],
    offset: [48],
    random: [true],
    sample: [3],
    selected: [false],
    step: [1, -1],
  },
  similarity_view: {
    again: [true],
    settings: [{"pairs": "all", "of": "layers", "layers": ["features.3", "classifier.1"], "samples": 90, "correctOnly": false}, {"pairs": "all", "of": "ranks", "layers": ["features.3", "classifier.1"], "samples": 90, "correctOnly": false}, {"pairs": "one", "of": "layer", "layers": ["features.3", "classifier.1"], "samples": 90, "correctOnly": false}],
    stop: [true],
  },
  status_bar: {
    cancel: [1],
  },
} satisfies { [V in keyof Wants]: { [K in keyof Wants[V]]: Wants[V][K][] } };
