// The charts of a training run: one crosshair and one interval of steps for all, and as many as there is to show.
import { type Chart, type ChartData, chart, group, type Heat, heat, type Interval } from "../charts";
import { h } from "../ui/dom";
import { heats, LAYER_CHARTS, loss, ofLayers, ranges } from "./drawn";
import type { Run } from "./run";

const HEIGHT = 200;

export interface Charts {
  readonly element: HTMLElement;
  show(run: Run): void;
  zoom(between: Interval | null): void;
  destroy(): void;
}

export function charts(zoomed: (between: Interval | null) => void): Charts {
  const steps = group({ zoomed });
  const element = h("div", { class: "iv-monitor-charts", "data-testid": "monitor-charts" });
  const look = { group: steps, height: HEIGHT };
  const first = chart({ ...look, testid: "chart-loss" });
  const range: Chart[] = [];
  const layers = LAYER_CHARTS.map(({ what }) => chart({ ...look, testid: `chart-${what}` }));
  const maps: Heat[] = [];
  element.append(first.element, ...layers.map((one) => one.element));

  /** As many as are needed, after another element. */
  const fill = <C extends Chart | Heat>(
    made: C[],
    needed: number,
    make: () => C,
    before: () => Element | null,
  ): void => {
    while (made.length > needed) {
      const one = made.pop();
      one?.destroy();
      one?.element.remove();
    }
    while (made.length < needed) {
      const one = make();
      made.push(one);
      element.insertBefore(one.element, before());
    }
  };

  return {
    element,
    show(run) {
      first.show(loss(run));
      const shown: ChartData[] = ranges(run);
      fill(
        range,
        shown.length,
        () => chart({ ...look, testid: "chart-range" }),
        () => layers[0]!.element,
      );
      shown.forEach((one, i) => {
        range[i]!.show(one);
      });
      LAYER_CHARTS.forEach((one, i) => {
        layers[i]!.show(ofLayers(run, one));
      });
      const pictures = heats(run);
      fill(
        maps,
        pictures.length,
        () => heat({ ...look, testid: "chart-heat" }),
        () => null,
      );
      pictures.forEach((one, i) => {
        maps[i]!.show(one);
        maps[i]!.element.style.setProperty("--iv-line-colour", one.colour);
      });
    },
    zoom: (between) => steps.show(between),
    destroy() {
      for (const one of [first, ...range, ...layers, ...maps]) one.destroy();
    },
  };
}
