// Written by panels.py: of each kind, the structures of frames that real panels sent.
import type { FrameOf, Kind } from "../../js/src/frames";

const uint8 = (...shape: number[]) => ({ shape, data: new Uint8Array() });
const uint32 = (...shape: number[]) => ({ shape, data: new Uint32Array() });
const float32 = (...shape: number[]) => ({ shape, data: new Float32Array() });
const float64 = (...shape: number[]) => ({ shape, data: new Float64Array() });

export const FRAMES = {
  accuracy: [
    { header: {"kind": "accuracy", "baseline": 0.5, "change": 0.5, "changeLow": 0.5, "changeHigh": 0.5, "layer": "...", "basis": "pca", "axis": "channels", "rank": 2, "accuracy": 0.5, "low": 0.5, "high": 0.5, "agreement": 0.5, "evaluated": 2, "total": 2, "note": "...", "also": []}, arrays: {  } },
    { header: {"kind": "accuracy", "baseline": null, "change": 0.5, "changeLow": 0.5, "changeHigh": 0.5, "layer": "...", "basis": "pca", "axis": "channels", "rank": 2, "accuracy": null, "low": null, "high": null, "agreement": 0.5, "evaluated": 2, "total": 2, "note": "...", "also": []}, arrays: {  } },
  ],
  brushed: [
    { header: {"kind": "brushed", "count": 2, "total": 2}, arrays: { "indices": uint32(0) } },
    { header: {"kind": "brushed", "count": 2, "total": 2}, arrays: { "mask": uint8(0) } },
  ],
  busy: [
    { header: {"kind": "busy", "scope": "know", "label": "", "fraction": null, "over": true}, arrays: {  } },
    { header: {"kind": "busy", "scope": "measure", "label": "...", "fraction": 0.5, "over": true}, arrays: {  } },
    { header: {"kind": "busy", "scope": "accuracy", "label": "", "fraction": null, "over": true}, arrays: {  } },
  ],
  channel: [
    { header: {"kind": "channel", "layer": "...", "sample": 2, "channel": null, "receptive": null, "input": null, "nonfinite": 2}, arrays: {  } },
    { header: {"kind": "channel", "layer": "...", "sample": 2, "channel": 2, "receptive": {"size": [2, 2], "stride": [0.5, 0.5], "origin": [2, 2]}, "input": [2, 2], "nonfinite": 2}, arrays: { "values": float32(0, 0), "edges": float32(0), "counts": uint32(0), "image": uint8(0, 0, 0) } },
    { header: {"kind": "channel", "layer": "...", "sample": 2, "channel": 2, "receptive": null, "input": null, "nonfinite": 2}, arrays: { "values": float32(0, 0), "edges": float32(0), "counts": uint32(0) } },
  ],
  colours: [
    { header: {"kind": "colours", "by": "loss", "names": [], "low": 0.5, "high": 0.5, "unavailable": {}, "label": "..."}, arrays: { "values": float32(0) } },
    { header: {"kind": "colours", "by": "prediction", "names": ["..."], "low": 0.5, "high": 0.5, "unavailable": {"channel": "...", "neighbours": "..."}, "label": "predicted class", "scope": "know"}, arrays: { "codes": uint32(0) } },
    { header: {"kind": "colours", "scope": "know", "over": true, "by": "prediction", "label": "", "names": [], "low": 0.5, "high": 0.5, "unavailable": {}}, arrays: {  } },
  ],
  compared: [
    { header: {"kind": "compared", "rows": [{"layer": "...", "rank": 2, "kept": true, "change": 0.5, "low": 0.5, "high": 0.5, "full": 2, "evaluated": 2, "total": 2}], "tolerated": 0.5}, arrays: {  } },
    { header: {"kind": "compared", "rows": [], "tolerated": 0.5}, arrays: {  } },
  ],
  compressed: [
    { header: {"kind": "compressed", "layer": "...", "basis": "pca", "axis": "channels", "rank": 2, "layerKind": "...", "sample": 2, "layout": "maps", "shape": [2, 2, 2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "nonfinite": {"before": 2, "after": 2, "difference": 2}}, arrays: { "before.tiles": uint8(0, 0, 0), "before.low": float32(0), "before.high": float32(0), "before.mean": float32(0), "before.variance": float32(0), "before.sparsity": float32(0), "before.nonfinite": uint32(0), "after.tiles": uint8(0, 0, 0), "after.low": float32(0), "after.high": float32(0), "after.mean": float32(0), "after.variance": float32(0), "after.sparsity": float32(0), "after.nonfinite": uint32(0), "difference.tiles": uint8(0, 0, 0), "difference.low": float32(0), "difference.high": float32(0), "difference.mean": float32(0), "difference.variance": float32(0), "difference.sparsity": float32(0), "difference.nonfinite": uint32(0) } },
    { header: {"kind": "compressed", "layer": "...", "basis": "pca", "axis": "channels", "rank": 2, "layerKind": "Linear", "sample": 2, "layout": "vector", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "nonfinite": {"before": 2, "after": 2, "difference": 2}}, arrays: { "before.tiles": uint8(0, 0, 0), "before.low": float32(0), "before.high": float32(0), "before.mean": float32(0), "before.variance": float32(0), "before.sparsity": float32(0), "before.nonfinite": uint32(0), "after.tiles": uint8(0, 0, 0), "after.low": float32(0), "after.high": float32(0), "after.mean": float32(0), "after.variance": float32(0), "after.sparsity": float32(0), "after.nonfinite": uint32(0), "difference.tiles": uint8(0, 0, 0), "difference.low": float32(0), "difference.high": float32(0), "difference.mean": float32(0), "difference.variance": float32(0), "difference.sparsity": float32(0), "difference.nonfinite": uint32(0) } },
    { header: {"kind": "compressed", "layer": "...", "basis": "random", "axis": "channels", "rank": 2, "layerKind": "Linear", "sample": 2, "layout": "vector", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "nonfinite": {"before": 2, "after": 2, "difference": 2}}, arrays: { "before.tiles": uint8(0, 0, 0), "before.low": float32(0), "before.high": float32(0), "before.mean": float32(0), "before.variance": float32(0), "before.sparsity": float32(0), "before.nonfinite": uint32(0), "after.tiles": uint8(0, 0, 0), "after.low": float32(0), "after.high": float32(0), "after.mean": float32(0), "after.variance": float32(0), "after.sparsity": float32(0), "after.nonfinite": uint32(0), "difference.tiles": uint8(0, 0, 0), "difference.low": float32(0), "difference.high": float32(0), "difference.mean": float32(0), "difference.variance": float32(0), "difference.sparsity": float32(0), "difference.nonfinite": uint32(0) } },
    { header: {"kind": "compressed", "layer": "...", "basis": "variance", "axis": "channels", "rank": 2, "layerKind": "Linear", "sample": 2, "layout": "vector", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "nonfinite": {"before": 2, "after": 2, "difference": 2}}, arrays: { "before.tiles": uint8(0, 0, 0), "before.low": float32(0), "before.high": float32(0), "before.mean": float32(0), "before.variance": float32(0), "before.sparsity": float32(0), "before.nonfinite": uint32(0), "after.tiles": uint8(0, 0, 0), "after.low": float32(0), "after.high": float32(0), "after.mean": float32(0), "after.variance": float32(0), "after.sparsity": float32(0), "after.nonfinite": uint32(0), "difference.tiles": uint8(0, 0, 0), "difference.low": float32(0), "difference.high": float32(0), "difference.mean": float32(0), "difference.variance": float32(0), "difference.sparsity": float32(0), "difference.nonfinite": uint32(0) } },
    { header: {"kind": "compressed", "layer": "...", "basis": "quantise", "axis": "channels", "rank": 2, "layerKind": "Linear", "sample": 2, "layout": "vector", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "nonfinite": {"before": 2, "after": 2, "difference": 2}}, arrays: { "before.tiles": uint8(0, 0, 0), "before.low": float32(0), "before.high": float32(0), "before.mean": float32(0), "before.variance": float32(0), "before.sparsity": float32(0), "before.nonfinite": uint32(0), "after.tiles": uint8(0, 0, 0), "after.low": float32(0), "after.high": float32(0), "after.mean": float32(0), "after.variance": float32(0), "after.sparsity": float32(0), "after.nonfinite": uint32(0), "difference.tiles": uint8(0, 0, 0), "difference.low": float32(0), "difference.high": float32(0), "difference.mean": float32(0), "difference.variance": float32(0), "difference.sparsity": float32(0), "difference.nonfinite": uint32(0) } },
    { header: {"kind": "compressed", "layer": "...", "basis": "off", "axis": "channels", "rank": 2, "layerKind": "Linear", "sample": 2, "layout": "vector", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "nonfinite": {"before": 2, "after": 2, "difference": 2}}, arrays: { "before.tiles": uint8(0, 0, 0), "before.low": float32(0), "before.high": float32(0), "before.mean": float32(0), "before.variance": float32(0), "before.sparsity": float32(0), "before.nonfinite": uint32(0), "after.tiles": uint8(0, 0, 0), "after.low": float32(0), "after.high": float32(0), "after.mean": float32(0), "after.variance": float32(0), "after.sparsity": float32(0), "after.nonfinite": uint32(0), "difference.tiles": uint8(0, 0, 0), "difference.low": float32(0), "difference.high": float32(0), "difference.mean": float32(0), "difference.variance": float32(0), "difference.sparsity": float32(0), "difference.nonfinite": uint32(0) } },
  ],
  compression: [
    { header: {"kind": "compression", "layer": "...", "rank": 2, "basis": "pca", "axis": "channels", "full": 2, "also": [], "pinned": true, "labels": true}, arrays: {  } },
    { header: {"kind": "compression", "layer": "...", "rank": 2, "basis": "random", "axis": "channels", "full": 2, "also": [], "pinned": true, "labels": true}, arrays: {  } },
    { header: {"kind": "compression", "layer": "...", "rank": 2, "basis": "variance", "axis": "channels", "full": 2, "also": [], "pinned": true, "labels": true}, arrays: {  } },
    { header: {"kind": "compression", "layer": "...", "rank": 2, "basis": "quantise", "axis": "channels", "full": 2, "also": [], "pinned": true, "labels": true}, arrays: {  } },
    { header: {"kind": "compression", "layer": "...", "rank": 2, "basis": "off", "axis": "channels", "full": 2, "also": [], "pinned": true, "labels": true}, arrays: {  } },
  ],
  contrast: [
    { header: {"kind": "contrast", "layer": "...", "selected": 2, "rest": 2, "classes": [{"name": "...", "selected": 2, "rest": 2}], "channels": [], "channelCount": 2, "note": ""}, arrays: {  } },
    { header: {"kind": "contrast", "layer": "...", "selected": 2, "rest": 2, "classes": [{"name": "...", "selected": 2, "rest": 2}], "channels": [{"channel": 2, "selected": 0.5, "rest": 0.5, "difference": 0.5}], "channelCount": 2, "note": "..."}, arrays: {  } },
    { header: {"kind": "contrast", "layer": "...", "selected": 2, "rest": 2, "classes": [], "channels": [{"channel": 2, "selected": 0.5, "rest": 0.5, "difference": 0.5}], "channelCount": 2, "note": "..."}, arrays: {  } },
  ],
  current: [
    { header: {"kind": "current", "sample": 2, "channel": null}, arrays: {  } },
    { header: {"kind": "current", "sample": 2, "channel": 2}, arrays: {  } },
  ],
  curve: [
    { header: {"kind": "curve", "scope": "...", "of": "rank", "name": "...", "dash": "dashed", "hue": 2, "baseline": 0.5, "fewest": 2, "most": 2, "total": 2}, arrays: { "ranks": float64(0), "values": float64(0), "low": float64(0), "high": float64(0) } },
    { header: {"kind": "curve", "scope": "...", "of": "block", "name": "...", "dash": "solid", "hue": 2, "baseline": 0.5, "fewest": 2, "most": 2, "total": 2}, arrays: { "ranks": float64(0), "values": float64(0), "low": float64(0), "high": float64(0) } },
    { header: {"kind": "curve", "scope": "...", "over": true}, arrays: {  } },
  ],
  dashboard: [
    { header: {"kind": "dashboard", "tabs": [{"title": "Channels", "panels": ["channels"]}, {"title": "Embedding", "panels": ["embedding", "brush"]}], "tab": "Embedding"}, arrays: {  } },
  ],
  dead: [
    { header: {"kind": "dead", "layer": "...", "samples": 2, "all": true}, arrays: { "dead": uint8(0) } },
  ],
  decided: [
    { header: {"kind": "decided", "layer": "...", "sample": 2, "label": "...", "classes": [{"label": "...", "before": 0.5, "after": 0.5}], "notClassifier": ""}, arrays: {  } },
    { header: {"kind": "decided", "layer": "...", "sample": 2, "label": null, "classes": [{"label": "...", "before": 0.5, "after": 0.5}], "notClassifier": ""}, arrays: {  } },
  ],
  embedding: [
    { header: {"kind": "embedding", "layer": "...", "settings": {"method": "pca", "dimensions": 2, "pool": "all", "samples": 2, "perplexity": 0.5, "neighbours": 2, "distance": 0.5, "seed": 2, "correctOnly": true}, "tokens": 2, "maps": true, "running": true, "paused": true, "estimate": {"tsne": 0.5, "umap": 0.5}, "led": true, "steps": ["now"], "step": "now", "correctOnly": ""}, arrays: {  } },
    { header: {"kind": "embedding", "layer": "...", "settings": {"method": "pca", "dimensions": 2, "pool": "all", "samples": 2, "perplexity": 0.5, "neighbours": 2, "distance": 0.5, "seed": 2, "correctOnly": true}, "tokens": 2, "maps": true, "running": true, "paused": true, "estimate": {"tsne": 0.5, "umap": 0.5}, "led": true, "steps": ["...", "now"], "step": "...", "correctOnly": ""}, arrays: {  } },
    { header: {"kind": "embedding", "layer": "...", "settings": {"method": "pca", "dimensions": 2, "pool": "all", "samples": 2, "perplexity": 0.5, "neighbours": 2, "distance": 0.5, "seed": 2, "correctOnly": true}, "tokens": 2, "maps": true, "running": true, "paused": true, "estimate": {"tsne": 0.5, "umap": 0.5}, "led": true, "steps": ["now"], "step": "now", "correctOnly": "the data has no labels"}, arrays: {  } },
  ],
  error: [
    { header: {"kind": "error", "scope": "layer", "message": "...", "detail": "..."}, arrays: {  } },
    { header: {"kind": "error", "scope": "layer", "message": "", "detail": "", "over": true}, arrays: {  } },
  ],
  grid: [
    { header: {"kind": "grid", "layout": "maps", "shape": [2, 2, 2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "foldable": true, "folded": true, "nonfinite": 2, "layer": "...", "layerKind": "...", "sample": 2, "note": ""}, arrays: { "tiles": uint8(0, 0, 0), "low": float32(0), "high": float32(0), "mean": float32(0), "variance": float32(0), "sparsity": float32(0), "nonfinite": uint32(0) } },
    { header: {"kind": "grid", "layout": "maps", "shape": [2, 2, 2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "foldable": true, "folded": true, "nonfinite": 2, "layer": "...", "layerKind": "...", "sample": null, "note": ""}, arrays: { "tiles": uint8(0, 0, 0), "low": float32(0), "high": float32(0), "mean": float32(0), "variance": float32(0), "sparsity": float32(0), "nonfinite": uint32(0) } },
    { header: {"kind": "grid", "layout": "vector", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "foldable": true, "folded": true, "nonfinite": 2, "layer": "...", "layerKind": "Linear", "sample": null, "note": ""}, arrays: { "tiles": uint8(0, 0, 0), "low": float32(0), "high": float32(0), "mean": float32(0), "variance": float32(0), "sparsity": float32(0), "nonfinite": uint32(0) } },
    { header: {"kind": "grid", "layout": "vector", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": [], "foldable": true, "folded": true, "nonfinite": 2, "layer": "...", "layerKind": "Linear", "sample": 2, "note": ""}, arrays: { "tiles": uint8(0, 0, 0), "low": float32(0), "high": float32(0), "mean": float32(0), "variance": float32(0), "sparsity": float32(0), "nonfinite": uint32(0) } },
    { header: {"kind": "grid", "layout": "maps", "shape": [2, 2], "full": [2, 2], "channelAxis": 2, "slices": [], "extraLabels": ["class"], "foldable": true, "folded": true, "nonfinite": 2, "layer": "mix", "layerKind": "Linear", "sample": 2, "note": ""}, arrays: { "tiles": uint8(0, 0, 0), "extra": uint8(0, 0), "low": float32(0), "high": float32(0), "mean": float32(0), "variance": float32(0), "sparsity": float32(0), "nonfinite": uint32(0) } },
    { header: {"kind": "grid", "layout": "maps", "shape": [2], "full": [2, 2], "channelAxis": 2, "slices": [{"name": "input channel", "size": 2, "index": 2}], "extraLabels": [], "foldable": true, "folded": true, "nonfinite": 2, "layer": "...", "layerKind": "...", "sample": 2, "note": "", "of": "..."}, arrays: { "tiles": uint8(0, 0, 0), "low": float32(0), "high": float32(0), "mean": float32(0), "variance": float32(0), "sparsity": float32(0), "nonfinite": uint32(0) } },
  ],
  histogram: [
    { header: {"kind": "histogram", "scope": "...", "layer": "...", "rank": null, "run": 2, "error": "", "auc": 0.5, "overlap": 0.5, "pairs": 2, "sampled": true, "note": ""}, arrays: { "same": float64(0), "other": float64(0) } },
    { header: {"kind": "histogram", "scope": "...", "over": true}, arrays: {  } },
    { header: {"kind": "histogram", "scope": "...", "layer": "...", "rank": 2, "run": 2, "error": "", "auc": 0.5, "overlap": 0.5, "pairs": 2, "sampled": true, "note": ""}, arrays: { "same": float64(0), "other": float64(0) } },
    { header: {"kind": "histogram", "scope": "similarity", "layer": "...", "rank": 2, "run": 2, "error": "", "auc": 0.5, "overlap": 0.5, "pairs": 2, "sampled": true, "note": ""}, arrays: { "same": float64(0), "other": float64(0) } },
    { header: {"kind": "histogram", "scope": "...", "layer": "...", "rank": null, "run": 2, "error": "", "auc": null, "overlap": null, "pairs": 2, "sampled": true, "note": "..."}, arrays: { "same": float64(0), "other": float64(0) } },
    { header: {"kind": "histogram", "scope": "...", "layer": "...", "rank": null, "run": 2, "error": "...", "note": ""}, arrays: {  } },
  ],
  images: [
    { header: {"kind": "images", "indices": [2], "labels": ["..."], "text": []}, arrays: { "images": uint8(0, 0, 0, 0) } },
    { header: {"kind": "images", "indices": [2, 2], "labels": ["...", "..."], "text": []}, arrays: { "images": uint8(0, 0, 0, 0) } },
    { header: {"kind": "images", "indices": [2], "labels": [null], "text": ["..."]}, arrays: {  } },
  ],
  judged: [
    { header: {"kind": "judged", "sample": 2, "predicted": "...", "top": [{"label": "...", "probability": 0.5}], "notClassifier": ""}, arrays: {  } },
    { header: {"kind": "judged", "sample": null, "predicted": "...", "top": [{"label": "...", "probability": 0.5}], "notClassifier": ""}, arrays: {  } },
  ],
  labels: [
    { header: {"kind": "labels", "classes": ["..."], "total": 2}, arrays: { "labels": uint32(0) } },
    { header: {"kind": "labels", "classes": [], "total": 2}, arrays: {  } },
  ],
  layers: [
    { header: {"kind": "layers", "model": "SmallCNN", "parameters": 2, "rows": [{"name": "...", "kind": "...", "size": 2, "parameters": 2, "calls": 2, "note": "", "shape": [2, 2, 2], "status": "seen"}, {"name": "...", "kind": "Flatten", "size": 2, "parameters": 2, "calls": 2, "note": "", "shape": [2], "status": "seen"}, {"name": "...", "kind": "Linear", "size": 2, "parameters": 2, "calls": 2, "note": "", "shape": [2], "status": "seen"}, {"name": "...", "kind": "ReLU", "size": 2, "parameters": 2, "calls": 2, "note": "", "shape": [2, 2, 2], "status": "seen"}, {"name": "...", "kind": "ReLU", "size": 2, "parameters": 2, "calls": 2, "note": "", "shape": [2], "status": "seen"}, {"name": "classifier", "kind": "Sequential", "size": 2, "parameters": 2, "calls": 2, "note": "", "shape": [2], "status": "seen"}, {"name": "features", "kind": "Sequential", "size": 2, "parameters": 2, "calls": 2, "note": "", "shape": [2, 2, 2], "status": "seen"}]}, arrays: {  } },
  ],
  monitor: [
    { header: {"kind": "monitor", "follows": true, "step": 2, "state": "waiting", "live": true, "budget": null, "overhead": null, "recorded": 2, "few": 2, "undo": "", "metrics": [], "tracks": [], "rows": [], "findings": [], "verdicts": {}, "chosen": {"layers": [], "channel": null, "between": null, "missing": ""}, "marks": [], "otherMarks": [], "told": [], "can": {"weights": true, "compared": true, "layers": 2}, "weights": true, "end": 2}, arrays: { "edges": float64(0), "values": float64(0), "mean": float32(0), "std": float32(0), "nearZeros": float32(0), "dead": float32(0), "sparks": uint8(0, 0), "strips": uint8(0, 0) } },
    { header: {"kind": "monitor", "follows": true, "step": 2, "state": "training", "live": true, "budget": null, "overhead": 0.5, "recorded": 2, "few": null, "undo": "...", "metrics": ["loss", "lr"], "tracks": [{"name": "...", "from": 2, "numbers": ["mean", "std", "near"], "shown": [2, 2], "ticks": [[0.5, "..."]], "bins": [2, 2]}, {"name": "metric loss", "from": 2, "numbers": ["value"]}, {"name": "metric lr", "from": 2, "numbers": ["value"]}, {"name": "other metric loss", "from": 2, "numbers": ["value"]}, {"name": "other metric lr", "from": 2, "numbers": ["value"]}], "rows": [["...", "..."], ["...", "Flatten"], ["...", "Linear"], ["...", "ReLU"]], "findings": [{"layer": "...", "kind": "dead", "name": "dead units", "evidence": "...", "suggestion": "...", "source": "...", "severity": 2, "step": 2, "since": 2}], "verdicts": {"1": ["dead units", 2]}, "chosen": {"layers": ["...", "...", "..."], "channel": null, "between": null, "missing": ""}, "marks": [[2, "action", "action"], [2, "epoch", ""], [2, "finding", "dead units"]], "otherMarks": [[2, "action", "action"], [2, "epoch", ""]], "told": [[2, "..."]], "can": {"weights": true, "compared": true, "layers": 2}, "weights": true, "end": 2}, arrays: { "0.steps": uint32(0), "0.numbers": float32(0, 0), "1.steps": uint32(0), "1.numbers": float32(0, 0), "2.steps": uint32(0), "2.numbers": float32(0, 0), "2.codes": uint8(0, 0), "3.steps": uint32(0), "3.numbers": float32(0, 0), "3.codes": uint8(0, 0), "4.steps": uint32(0), "4.numbers": float32(0, 0), "4.codes": uint8(0, 0), "5.steps": uint32(0), "5.numbers": float32(0, 0), "6.steps": uint32(0), "6.numbers": float32(0, 0), "7.steps": uint32(0), "7.numbers": float32(0, 0), "7.codes": uint8(0, 0), "8.steps": uint32(0), "8.numbers": float32(0, 0), "8.codes": uint8(0, 0), "9.steps": uint32(0), "9.numbers": float32(0, 0), "9.codes": uint8(0, 0), "edges": float64(0), "values": float64(0), "mean": float32(0), "std": float32(0), "nearZeros": float32(0), "dead": float32(0), "sparks": uint8(0, 0), "strips": uint8(0, 0) } },
    { header: {"kind": "monitor", "follows": true, "step": 2, "state": "training", "live": true, "budget": null, "overhead": 0.5, "recorded": 2, "few": null, "undo": "", "metrics": ["loss", "lr"], "tracks": [{"name": "...", "from": 2, "bins": [2, 2]}, {"name": "channel batches", "from": 2, "numbers": ["low", "high", "std"]}, {"name": "metric loss", "from": 2}, {"name": "metric lr", "from": 2}], "gone": ["...", "..."], "findings": [{"layer": "...", "kind": "dead", "name": "dead units", "evidence": "...", "suggestion": "...", "source": "...", "severity": 2, "step": 2, "since": 2}], "chosen": {"layers": ["...", "..."], "channel": 2, "between": [0.5, 0.5], "missing": ""}, "marks": [[2, "action", "action"], [2, "epoch", ""], [2, "finding", "dead units"], [2, "pause", "paused"], [2, "resume", "resumed"], [2, "undo", "undo"]], "told": [[2, "..."], [2, "recording goes on"], [2, "recording rests"]], "weights": true, "end": 2}, arrays: { "0.steps": uint32(0), "0.numbers": float32(0, 0), "1.steps": uint32(0), "1.numbers": float32(0, 0), "2.steps": uint32(0), "2.numbers": float32(0, 0), "2.codes": uint8(0, 0), "3.steps": uint32(0), "3.numbers": float32(0, 0), "3.codes": uint8(0, 0), "4.steps": uint32(0), "4.numbers": float32(0, 0), "values": float64(0), "mean": float32(0), "std": float32(0), "nearZeros": float32(0), "dead": float32(0), "sparks": uint8(0, 0), "strips": uint8(0, 0) } },
    { header: {"kind": "monitor", "follows": true, "step": 2, "state": "training", "live": true, "budget": null, "overhead": 0.5, "recorded": 2, "few": null, "undo": "", "metrics": ["loss", "lr"], "tracks": [], "gone": ["...", "...", "channel batches"], "chosen": {"layers": ["..."], "channel": null, "between": [0.5, 0.5], "missing": ""}}, arrays: { "values": float64(0), "mean": float32(0), "std": float32(0), "nearZeros": float32(0), "dead": float32(0), "sparks": uint8(0, 0), "strips": uint8(0, 0) } },
    { header: {"kind": "monitor", "follows": true, "step": 2, "state": "ended", "live": true, "budget": 0.5, "overhead": 0.5, "recorded": 2, "few": null, "undo": "", "metrics": ["loss", "lr"], "tracks": [{"name": "...", "from": 2, "numbers": ["mean", "std", "near"], "shown": [2, 2], "ticks": [[0.5, "..."]], "bins": [2, 2]}, {"name": "metric loss", "from": 2, "numbers": ["value"]}, {"name": "metric lr", "from": 2, "numbers": ["value"]}], "rows": [["...", "..."], ["...", "Flatten"], ["...", "Linear"], ["...", "ReLU"]], "findings": [{"layer": "...", "kind": "dead", "name": "dead units", "evidence": "...", "suggestion": "...", "source": "...", "severity": 2, "step": 2, "since": 2}], "verdicts": {"1": ["dead units", 2]}, "chosen": {"layers": ["...", "...", "..."], "channel": null, "between": null, "missing": ""}, "marks": [[2, "action", "action"], [2, "epoch", ""], [2, "finding", "dead units"], [2, "pause", "paused"], [2, "resume", "resumed"], [2, "undo", "undo"]], "otherMarks": [], "told": [[2, "..."], [2, "recording goes on"], [2, "recording rests"]], "can": {"weights": true, "compared": true, "layers": 2}, "weights": true, "end": 2}, arrays: { "0.steps": uint32(0), "0.numbers": float32(0, 0), "1.steps": uint32(0), "1.numbers": float32(0, 0), "2.steps": uint32(0), "2.numbers": float32(0, 0), "2.codes": uint8(0, 0), "3.steps": uint32(0), "3.numbers": float32(0, 0), "3.codes": uint8(0, 0), "4.steps": uint32(0), "4.numbers": float32(0, 0), "4.codes": uint8(0, 0), "edges": float64(0), "values": float64(0), "mean": float32(0), "std": float32(0), "nearZeros": float32(0), "dead": float32(0), "sparks": uint8(0, 0), "strips": uint8(0, 0) } },
  ],
  points: [
    { header: {"kind": "points", "run": "...", "layer": "...", "method": "pca", "stage": "", "fraction": 0.5, "note": "...", "model": "", "step": "now", "final": true, "total": 2}, arrays: { "points": float32(0, 0), "indices": uint32(0) } },
    { header: {"kind": "points", "run": "...", "layer": "...", "method": "pca", "stage": "", "fraction": 0.5, "note": "...", "model": "", "step": "...", "final": true, "total": 2}, arrays: { "points": float32(0, 0), "indices": uint32(0) } },
  ],
  projection: [
    { header: {"kind": "projection", "layer": "...", "matrix": [2, 2], "bytes": [2, 2], "basis": "pca", "axis": "channels", "rank": 2, "parameters": 2, "samples": 2, "note": ""}, arrays: { "curve": float32(0) } },
    { header: {"kind": "projection", "layer": "...", "matrix": [2, 2], "bytes": [2, 2], "basis": "random", "axis": "channels", "rank": 2, "parameters": 2, "samples": 2, "note": ""}, arrays: { "curve": float32(0) } },
    { header: {"kind": "projection", "layer": "...", "matrix": [2, 2], "bytes": [2, 2], "basis": "variance", "axis": "channels", "rank": 2, "parameters": 2, "samples": 2, "note": ""}, arrays: { "curve": float32(0) } },
    { header: {"kind": "projection", "layer": "...", "matrix": null, "bytes": [2, 2], "basis": "quantise", "axis": "channels", "rank": 2, "parameters": 2, "samples": 2, "note": ""}, arrays: { "curve": float32(0) } },
  ],
  quality: [
    { header: {"kind": "quality", "rows": [], "k": 2, "noLabels": "", "latex": ""}, arrays: {  } },
    { header: {"kind": "quality", "rows": [{"layer": "...", "model": "", "method": "own space", "note": "", "samples": 2, "sameClass": 0.5, "differentClass": 0.5, "toCentroid": 0.5, "betweenCentroids": 0.5, "knnAccuracy": 0.5, "leaveOneOut": 0.5, "trustworthiness": null}, {"layer": "...", "model": "", "method": "pca", "note": "", "samples": 2, "sameClass": 0.5, "differentClass": 0.5, "toCentroid": 0.5, "betweenCentroids": 0.5, "knnAccuracy": 0.5, "leaveOneOut": 0.5, "trustworthiness": 0.5}], "k": 2, "noLabels": "", "latex": "..."}, arrays: {  } },
    { header: {"kind": "quality", "rows": [], "k": 2, "noLabels": "...", "latex": ""}, arrays: {  } },
  ],
  sample: [
    { header: {"kind": "sample", "sample": 2, "total": 2, "input": "image", "text": "...", "name": "", "shape": [2, 2, 2], "label": "..."}, arrays: { "image": uint8(0, 0, 0) } },
    { header: {"kind": "sample", "sample": null, "total": 2, "input": "image", "text": "...", "name": "...", "shape": [2, 2, 2], "label": null}, arrays: { "image": uint8(0, 0, 0) } },
    { header: {"kind": "sample", "sample": 2, "total": 2, "input": "signal", "text": "...", "name": "", "shape": [2], "label": null}, arrays: { "signal": float32(0, 0) } },
    { header: {"kind": "sample", "sample": 2, "total": 2, "input": "tokens", "text": "...", "name": "", "shape": [2], "label": null}, arrays: {  } },
  ],
  selected: [
    { header: {"kind": "selected", "layer": null}, arrays: {  } },
    { header: {"kind": "selected", "layer": "..."}, arrays: {  } },
  ],
  selection: [
    { header: {"kind": "selection", "count": 2}, arrays: {  } },
  ],
  similarity: [
    { header: {"kind": "similarity", "run": 2, "charts": [{"key": "...", "layer": "...", "rank": null}], "settings": {"pairs": "all", "of": "layers", "layers": ["...", "..."], "samples": 2, "correctOnly": true}, "choices": ["..."], "mostLayers": 2, "total": 2, "noLabels": ""}, arrays: {  } },
    { header: {"kind": "similarity", "run": 2, "charts": [{"key": "...", "layer": "...", "rank": 2}, {"key": "...", "layer": "...", "rank": null}], "settings": {"pairs": "all", "of": "ranks", "layers": ["...", "..."], "samples": 2, "correctOnly": true}, "choices": ["..."], "mostLayers": 2, "total": 2, "noLabels": ""}, arrays: {  } },
    { header: {"kind": "similarity", "run": 2, "charts": [{"key": "...", "layer": "...", "rank": null}], "settings": {"pairs": "all", "of": "layer", "layers": ["...", "...", "..."], "samples": 2, "correctOnly": true}, "choices": ["...", "...", "..."], "mostLayers": 2, "total": 2, "noLabels": "the data has no labels"}, arrays: {  } },
  ],
  status: [
    { header: {"kind": "status", "model": "SmallCNN", "data": "TensorDataset", "samples": 2, "device": "cpu", "layer": "...", "shape": [2], "accuracy": {"value": 0.5, "low": 0.5, "high": 0.5, "evaluated": 2, "total": 2}, "jobs": [{"id": 2, "label": "waiting", "fraction": null}], "note": ""}, arrays: {  } },
    { header: {"kind": "status", "model": "Sequential", "data": "tensors", "samples": 2, "device": "cpu", "layer": "...", "shape": [2], "accuracy": null, "jobs": [], "note": ""}, arrays: {  } },
  ],
  studied: [
    { header: {"kind": "studied", "ranks": 2, "text": "..."}, arrays: {  } },
  ],
  thumbnails: [
    { header: {"kind": "thumbnails", "indices": [2], "labels": ["..."], "correct": [true], "offset": 2, "count": 2, "pageSize": 2, "classes": ["..."], "filter": {"label": null, "misclassified": true, "selected": true}, "selected": 2, "predictedUpTo": 2, "total": 2}, arrays: {  } },
    { header: {"kind": "thumbnails", "indices": [2], "labels": [null], "correct": [null], "offset": 2, "count": 2, "pageSize": 2, "classes": [], "filter": {"label": null, "misclassified": true, "selected": true}, "selected": 2, "predictedUpTo": 2, "total": 2}, arrays: {  } },
  ],
} satisfies { [K in Kind]: FrameOf<K>[] };
