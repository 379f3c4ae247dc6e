// The crosshair, its dots on the lines, and the box beside it that says the values.
import { h } from "../ui/dom";
import { placesOf } from "./join";
import { swatch } from "./legend";
import { heightAt, type Reading, type Readings, readingsOf } from "./readings";
import { type Scene, scaleAt, xOf, yOf } from "./scene";
import { inkOf } from "./theme";

export interface Readout {
  readonly element: HTMLElement;
  /**
   * Stand at an x; `height` is the pointer's place on the y axis, `chosen` the row that keys chose. Without `words`, as in
   * the other charts of a group, there are the line and its dots alone: boxes would cover them all.
   */
  show(scene: Scene, at: number, look: { height: number | null; chosen: number; words: boolean }): Readings;
  hide(): void;
}

const EDGE = 4; // pixels, from the chart's ends
const CLEAR = 8; // from the crosshair

const pixels = (element: HTMLElement, left: number, top: number): void => {
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
};

function rowOf(reading: Reading, chosen: boolean): HTMLElement {
  const { series, name, value } = reading;
  const look = series && {
    colour: series.colour,
    opacity: series.opacity ?? 1,
    look: series.kind === "line" ? ("line" as const) : ("area" as const),
    dash: (series.kind === "line" && series.dash) || ("solid" as const),
  };
  return h(
    "div",
    { class: "iv-chart-reading", "data-chosen": chosen },
    look && swatch(look),
    h("span", { class: "iv-chart-name" }, name),
    h("b", null, value),
  );
}

export function readout(): Readout {
  const line = h("div", { class: "iv-chart-crosshair" });
  const dots = h("div");
  const box = h("div", { class: "iv-chart-readout", "data-testid": "chart-readout" });
  // The read-out is announced by the chart's live region: here it is for the eyes.
  const element = h("div", { class: "iv-chart-over", "aria-hidden": "true" }, line, dots, box);
  element.hidden = true;

  return {
    element,
    show(scene, x, { height, chosen, words }) {
      const readings = readingsOf(scene, x, height);
      const left = xOf(scene, x);
      const { plot } = scene;
      const inside = left >= plot.left - 0.5 && left <= plot.left + plot.width + 0.5;
      element.hidden = !inside;
      if (!inside) return readings;
      pixels(line, left, plot.top);
      line.style.height = `${plot.height}px`;
      const tops: number[] = []; // of the dots
      dots.replaceChildren(
        ...readings.rows.flatMap(({ series, index }, row) => {
          if (series?.kind !== "line") return [];
          const top = yOf(scene, scaleAt(scene, series.side ?? "left"), heightAt(series, index));
          if (!(top >= plot.top - 1 && top <= plot.top + plot.height + 1)) return [];
          const dot = h("div", { class: "iv-chart-dot", "data-chosen": row === chosen });
          Object.assign(dot.style, inkOf(series.colour));
          pixels(dot, xOf(scene, placesOf(series)[index]!), top);
          tops.push(top);
          return [dot];
        }),
      );
      box.hidden = !words;
      if (!words) return readings;
      box.replaceChildren(
        h("div", { class: "iv-chart-reading-x" }, readings.x),
        ...readings.marks.map(({ word, colour }) =>
          h("div", { class: "iv-chart-reading-mark", style: `border-color: ${colour}` }, word),
        ),
        ...readings.rows.map((row, i) => rowOf(row, i === chosen)),
      );
      box.style.maxWidth = `${scene.width - 2 * EDGE}px`;
      // On the side that has more room, clear of the line where there is enough of it.
      const width = box.offsetWidth;
      const beside = left > plot.left + plot.width / 2 ? left - CLEAR - width : left + CLEAR;
      const at = Math.max(EDGE, Math.min(beside, scene.width - EDGE - width));
      // Where it has to cover the line, in the half where fewer dots are.
      const upper = tops.filter((top) => top < plot.top + plot.height / 2).length;
      const below = at !== beside && upper > tops.length / 2;
      pixels(box, at, below ? plot.top + plot.height - box.offsetHeight - EDGE : plot.top + EDGE);
      return readings;
    },
    hide() {
      element.hidden = true;
    },
  };
}
