// How alike the samples of one class are in a layer, beside all samples: layer by layer, or rank by rank.
import { group, legend } from "../charts";
import { type HistogramFrame, isGone, type SimilarityFrame } from "../frames";
import { type Cell, cell } from "../similarity/cell";
import { controls } from "../similarity/controls";
import { ALL, isSigned, type Measure, SAME } from "../similarity/histogram";
import { h } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { count } from "../ui/format";
import { workOf } from "../ui/work";
import type { Create } from "../view";

export const create: Create<"similarity_view"> = (element, callbacks) => {
  let status: SimilarityFrame["header"] | undefined;
  let measure: Measure = "density";
  let failed = false;
  const cells = new Map<string, Cell>();
  const early = new Map<string, HistogramFrame>(); // came before the list that names their charts
  const together = group();

  const errors = errorBanner();
  const bar = controls({
    settings: (next) => callbacks.want("settings", next),
    measure(next) {
      measure = next;
      draw();
    },
  });
  const work = workOf({
    stop: (scope) => callbacks.want("stop", scope),
    again: () => callbacks.want("again", true),
  });
  const charts = h("div", { class: "iv-similarity-charts", "data-testid": "similarity-charts" });
  const key = legend(together);
  const root = h(
    "div",
    { class: "iv-similarity", "data-testid": "similarity-view" },
    h("div", { class: "iv-similarity-head" }, bar.element),
    errors.element,
    key.element,
    work.note,
    charts,
  );
  element.append(root);

  const nameOf = ({ layer, rank }: { layer: string; rank: number | null }): string =>
    rank === null ? layer : `rank ${count(rank)}`;

  const draw = (): void => {
    if (!status) return;
    const { run } = status;
    const frames = [...cells.values()].map(({ frame }) => frame).filter((frame) => frame !== undefined);
    const from = frames.some(isSigned) ? -1 : 0;
    const open = status.charts.filter(({ key: name }) => cells.get(name)?.frame?.header.run !== run);
    work.unfinished(open.length > 0 && !failed);
    for (const one of status.charts) {
      const place = cells.get(one.key);
      place?.say(failed ? "not computed" : work.running ? "under way" : "waiting");
      place?.draw(nameOf(one), measure, from, run);
    }
    charts.toggleAttribute("data-alone", status.charts.length === 1);
    charts.dataset.count = String(status.charts.length);
    const nothing = new Float64Array();
    const classes = status.noLabels === "" ? [SAME] : [];
    key.show([ALL, ...classes].map((one) => ({ kind: "bars", ...one, edges: nothing, heights: nothing })));
    key.element.hidden = frames.length === 0;
    root.dataset.done = String(open.length === 0);
  };

  const lay = (header: SimilarityFrame["header"]): void => {
    status = header;
    failed = false;
    const keys = header.charts.map((one) => one.key);
    for (const [name, place] of cells) {
      if (keys.includes(name)) continue;
      place.destroy();
      cells.delete(name);
    }
    for (const name of keys) {
      const place = cells.get(name) ?? cell(together);
      cells.set(name, place);
      const came = early.get(name);
      if (came) place.take(came);
    }
    early.clear();
    charts.replaceChildren(...keys.map((name) => cells.get(name)?.element ?? ""));
    bar.show(header);
    draw();
  };

  return {
    takes: {
      similarity: ({ header }) => lay(header),
      histogram(frame) {
        if (isGone(frame)) return; // the list of charts says so too
        const { scope } = frame.header;
        const place = cells.get(scope);
        if (place) place.take(frame);
        else early.set(scope, frame);
        draw();
      },
      busy(frame) {
        work.show(frame);
        draw();
      },
      error(frame) {
        errors.show(frame);
        if (frame.header.over) return;
        failed = true;
        bar.release();
        draw();
      },
    },
    destroy() {
      bar.destroy();
      work.destroy();
      for (const place of cells.values()) place.destroy();
      key.destroy();
      root.remove();
    },
  };
};
