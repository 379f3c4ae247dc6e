// What is left of the accuracy: its value and interval on a scale from 0 to 1, with that of the layer as it is.
import type { AccuracyFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { count, counted, percent, points } from "../ui/format";

export interface Accuracy {
  readonly element: HTMLElement;
  /** `stale`: it belongs to another setting than the one chosen now. Null: nothing is evaluated; `why` says so. */
  show(frame: AccuracyFrame | null, stale: boolean, why?: string): void;
}

type Evaluated = Pick<AccuracyFrame["header"], "evaluated" | "total">;

/** Of which samples the figure is: "on 640 of 10,000 samples". */
const samplesText = ({ evaluated, total }: Evaluated): string =>
  evaluated === total ? `on all ${counted(total, "sample")}` : `on ${count(evaluated)} of ${counted(total, "sample")}`;

const sameSamples = ({ evaluated }: Evaluated): string =>
  evaluated === 1 ? "the same sample" : `the same ${counted(evaluated, "sample")}`;

export function accuracy(stop: HTMLElement): Accuracy {
  const name = h("h4", null, "Accuracy");
  const value = h("span", { class: "iv-accuracy-value", "data-testid": "accuracy" });
  const range = h("span", { title: "95 % Wilson interval", "data-testid": "interval" });
  const baseline = h("span", { "data-testid": "baseline" });
  const change = h("span", {
    title: "Against the same samples without compression, with its 95 % interval",
    "data-testid": "change",
  });
  const interval = h("i", { class: "iv-accuracy-interval" });
  const point = h("i", { class: "iv-accuracy-point" });
  const before = h("i", { class: "iv-accuracy-before" });
  const scale = h("div", { class: "iv-accuracy-scale", "aria-hidden": "true" }, interval, before, point);
  const evaluated = h("span", { class: "iv-muted", "data-testid": "evaluated" });
  const detail = h("span", { "data-testid": "agreement" });
  const note = h("p", { class: "iv-compression-note iv-muted", "data-testid": "accuracy-note" });
  const element = h(
    "section",
    { class: "iv-accuracy", "data-testid": "accuracy-block" },
    h("div", { class: "iv-accuracy-line" }, name, stop),
    h("p", { class: "iv-accuracy-line" }, h("span", null, value, " ", range), evaluated),
    scale,
    h("p", { class: "iv-accuracy-line" }, baseline, change),
    h("p", { class: "iv-accuracy-line iv-muted" }, detail),
    note,
  );
  const at = (part: HTMLElement, share: number | null): void => {
    part.hidden = share === null;
    part.style.left = `${100 * (share ?? 0)}%`;
  };

  return {
    element,
    show(frame, stale, why = "") {
      element.toggleAttribute("data-stale", stale);
      const header = frame?.header;
      element.dataset.evaluated = header && !stale ? String(header.evaluated) : "";
      element.dataset.done = String(!!header && !stale && header.evaluated === header.total);
      const shown = header ? (header.accuracy ?? header.agreement) : null;
      setText(name, header && header.accuracy === null ? "Agreement" : "Accuracy");
      setText(value, shown === null ? "–" : percent(shown));
      setText(
        baseline,
        !header
          ? why
          : header.baseline === null
            ? "predicted as before"
            : `${percent(header.baseline)} without compression, on ${sameSamples(header)}`,
      );
      baseline.classList.toggle("iv-muted", !header);
      baseline.title =
        header && header.evaluated < header.total
          ? "The accuracy at the top of the dashboard is of other samples, and so may differ from this one"
          : "";
      const { low = null, high = null } = header ?? {};
      interval.hidden = low === null || high === null;
      if (low !== null && high !== null) {
        interval.style.left = `${100 * low}%`;
        interval.style.width = `${100 * (high - low)}%`;
      }
      at(point, shown);
      at(before, header?.baseline ?? null);
      setText(range, low === null || high === null ? "" : `${percent(low)} to ${percent(high)}`);
      const { change: by = null, changeLow = null, changeHigh = null } = header ?? {};
      setText(
        change,
        by === null || changeLow === null || changeHigh === null
          ? ""
          : `${points(by)} points (${points(changeLow)} to ${points(changeHigh)})`,
      );
      setText(
        detail,
        !header
          ? ""
          : header.accuracy === null
            ? "the data has no labels, so there is no accuracy"
            : `${percent(header.agreement)} predicted as before`,
      );
      setText(evaluated, header ? samplesText(header) : "\u00a0");
      setText(note, header?.note ?? "");
      note.hidden = !header?.note;
    },
  };
}
