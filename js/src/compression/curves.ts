// Accuracy against rank as curves; a click on a point compresses as it was compressed there.
import { chart, type Line } from "../charts";
import type { CurveFrame } from "../frames";
import { category, css } from "../scatter/palette";
import { h, setText } from "../ui/dom";
import { count, counted, percent } from "../ui/format";

export interface Curves {
  readonly element: HTMLElement;
  show(curves: readonly CurveFrame[]): void;
  destroy(): void;
}

/** Ticks at powers of two up to the highest rank. */
export function powers(highest: number): number[] {
  const ticks = [1];
  while (2 * ticks.at(-1)! <= highest) ticks.push(2 * ticks.at(-1)!);
  return ticks;
}

const line = ({ header, arrays }: CurveFrame): Line => ({
  kind: "line",
  name: header.name,
  colour: css(category(header.hue)),
  dash: header.dash,
  dots: true,
  x: arrays.ranks?.data ?? [],
  y: arrays.values?.data ?? [],
  low: arrays.low?.data ?? [],
  high: arrays.high?.data ?? [],
});

/** Of how many samples the points are, and what their intervals say. */
export function ofHowMany(curves: readonly CurveFrame[]): string {
  const fewest = Math.min(...curves.map(({ header }) => header.fewest));
  const most = Math.max(...curves.map(({ header }) => header.most));
  const total = Math.max(...curves.map(({ header }) => header.total));
  const part = fewest === most ? count(most) : `${count(fewest)} to ${count(most)}`;
  return `Each point: the change against the same samples, with its 95 % interval; ${part} of ${counted(total, "sample")}.`;
}

export function curveChart(of: CurveFrame["header"]["of"], clicked: (scope: string, index: number) => void): Curves {
  let shown: readonly CurveFrame[] = [];
  const drawn = chart({
    height: 250,
    file: of === "rank" ? "accuracy-by-rank" : "accuracy-by-block",
    testid: `curves-${of}`,
    clicked: (series, index) => clicked(shown[series]!.header.scope, index),
  });
  const said = h("p", { class: "iv-muted iv-curves-said" });
  const element = h("div", { class: "iv-curves", "data-of": of }, drawn.element, said);
  element.hidden = true;

  return {
    element,
    show(curves) {
      shown = curves;
      element.hidden = !curves.length;
      element.dataset.curves = String(curves.length);
      if (!curves.length) return;
      const labelled = curves.filter(({ header }) => header.baseline !== null);
      const most = labelled.reduce<CurveFrame | undefined>(
        (best, one) => (best && best.header.most >= one.header.most ? best : one),
        undefined,
      );
      const highest = Math.max(2, ...curves.map(({ arrays }) => arrays.ranks?.data.at(-1) ?? 1));
      const lowest = Math.min(...curves.map(({ arrays }) => arrays.ranks?.data[0] ?? 1));
      const whole = (value: number): string => percent(value, 0);
      const y = {
        label: labelled.length ? "accuracy" : "agreement",
        low: 0,
        high: 1.02,
        format: whole,
        exact: percent,
      };
      drawn.show({
        title: of === "rank" ? "Accuracy by rank" : "Accuracy of every block, by part of its full rank",
        about: "Click a point to compress the layer as it was compressed there.",
        x:
          of === "rank"
            ? {
                label: "rank",
                scale: "log2",
                low: 0.9,
                high: 1.1 * highest,
                ticks: powers(highest).map((at) => ({ at })),
                format: count,
              }
            : { label: "part of the full rank", scale: "log2", low: 0.9 * lowest, high: 1.1, format: whole },
        y,
        series: curves.map(line),
        baseline: most
          ? { value: most.header.baseline ?? 0, name: `without compression, ${percent(most.header.baseline ?? 0)}` }
          : null,
      });
      setText(said, ofHowMany(curves));
    },
    destroy: drawn.destroy,
  };
}
