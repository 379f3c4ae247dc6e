// The place of one histogram: what is drawn, or that it is under way, with its progress and a way to stop.
import type { Group } from "../charts";
import type { HistogramFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { type Histogram, histogramChart, type Measure } from "./histogram";

export interface Cell {
  readonly element: HTMLElement;
  readonly frame: HistogramFrame | undefined;
  take(frame: HistogramFrame): void;
  draw(name: string, measure: Measure, from: -1 | 0, run: number): void;
  /** What is said while nothing of this run is there; "" for nothing. */
  say(words: string): void;
  destroy(): void;
}

export function cell(group: Group): Cell {
  let frame: HistogramFrame | undefined;
  let drawn: Histogram | undefined;
  const title = h("h4", null);
  const words = h("p", { class: "iv-muted", "data-testid": "under-way" });
  const waiting = h("div", { class: "iv-similarity-waiting" }, title, words);
  const element = h("figure", { class: "iv-similarity-cell", "data-testid": "similarity-chart" }, waiting);

  return {
    element,
    get frame() {
      return frame;
    },
    take(next) {
      frame = next;
    },
    draw(name, measure, from, run) {
      setText(title, name);
      title.title = name;
      const fresh = frame?.header.run === run;
      element.toggleAttribute("data-stale", frame !== undefined && !fresh);
      element.dataset.done = String(fresh && frame?.header.sampled === false);
      waiting.hidden = frame !== undefined;
      if (!frame) return;
      if (!drawn) {
        drawn = histogramChart({ group, compact: true, legend: false });
        element.append(drawn.element);
      }
      drawn.show(frame, name, measure, from);
    },
    say: (text) => setText(words, text),
    destroy() {
      drawn?.destroy();
      element.remove();
    },
  };
}
