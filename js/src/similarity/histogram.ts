// One histogram of cosine similarities: all pairs, and in front of them those of one class.
import { chart, type Group } from "../charts";
import type { HistogramFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { count } from "../ui/format";

/** How high a bar is: each histogram scaled to area 1, so that shapes can be compared, or the number of pairs. */
export type Measure = "density" | "pairs" | "log";

export const ALL = { name: "all pairs", colour: "var(--iv-ink-2)" } as const;
export const SAME = { name: "pairs of one class", colour: "var(--iv-same)" } as const;
const LEAST = 0.8; // of a logarithmic axis: one pair is still seen, none is not

export interface Histogram {
  readonly element: HTMLElement;
  /** Draw it; from -1 on, or from 0 where nothing shown lies below. */
  show(frame: HistogramFrame, name: string, measure: Measure, from: -1 | 0): void;
  destroy(): void;
}

/** Whether any pair points apart. */
export const isSigned = ({ arrays: { same, other } }: HistogramFrame): boolean => {
  const bins = same?.data.length ?? 0;
  const half = Math.floor(bins / 2);
  const some = (data: Float64Array | undefined): boolean => data?.subarray(0, half).some((n) => n > 0) ?? false;
  return some(same?.data) || some(other?.data);
};

/** Heights of the bars of counts. */
export function heights(counts: Float64Array, measure: Measure): Float64Array {
  if (measure !== "density") return counts;
  const area = (counts.reduce((a, b) => a + b, 0) * 2) / counts.length;
  return area ? counts.map((n) => n / area) : counts;
}

/** The numbers of a histogram in words. */
export function inWords({ overlap = null, pairs = 0, sampled }: HistogramFrame["header"]): string {
  const words = sampled ? `estimate from ${count(pairs)} pairs` : `${count(pairs)} pairs`;
  return [overlap === null ? "" : `overlap ${overlap.toFixed(2)}`, words].filter(Boolean).join(" · ");
}

export function histogramChart(options: { group?: Group; compact?: boolean; legend?: boolean } = {}): Histogram {
  const drawn = chart({ ...options, testid: "histogram" });
  const numbers = h("p", { class: "iv-muted iv-histogram-numbers", "data-testid": "histogram-numbers" });
  const note = h("p", { class: "iv-histogram-note", "data-testid": "histogram-note" });
  const element = h(
    "div",
    { class: "iv-histogram" },
    h("div", { class: "iv-histogram-plot" }, drawn.element),
    numbers,
    note,
  );

  return {
    element,
    show(frame, name, measure, from) {
      const { header, arrays } = frame;
      const { same, other } = arrays;
      setText(numbers, header.error ? "" : inWords(header));
      setText(note, header.error || header.note);
      note.toggleAttribute("data-error", header.error !== "");
      note.title = note.textContent ?? "";
      element.toggleAttribute("data-without", !same);
      if (!same || !other) return;
      const bins = same.data.length;
      const edges = Float64Array.from({ length: bins + 1 }, (_, i) => -1 + (2 * i) / bins);
      const both = other.data.map((n, i) => n + same.data[i]!);
      const some = same.data.some((n) => n > 0);
      drawn.show({
        title: header.auc == null ? name : `${name} · AUC ${header.auc.toFixed(3)}`,
        about: `Cosine similarities of samples. ${inWords(header)}.`,
        x: { label: "cosine similarity", low: from, high: 1 },
        y: measure === "log" ? { label: "pairs", scale: "log", low: LEAST } : { label: measure, low: 0 },
        series: [
          { kind: "bars", ...ALL, edges, heights: heights(both, measure) },
          ...(some ? [{ kind: "bars", ...SAME, edges, heights: heights(same.data, measure) } as const] : []),
        ],
      });
    },
    destroy: drawn.destroy,
  };
}
