// Names of series with their colours and dashes; a click switches one off and on.
import { h, svg } from "../ui/dom";
import { dashes } from "./shapes";
import { inkOf } from "./theme";
import type { Baseline, Dash, Group, Series } from "./types";

/** What stands in a legend for a series. */
export interface Entry {
  readonly name: string;
  readonly colour: string;
  readonly look: "line" | "area";
  readonly dash: Dash;
  readonly opacity: number;
  /** False for what cannot be switched off. */
  readonly series: boolean;
}

/** The entries of series: one for each name. */
export function entriesOf(all: readonly Series[], baseline: Baseline | null = null): Entry[] {
  const entries = new Map<string, Entry>();
  for (const one of all) {
    if (one.listed === false || entries.has(one.name)) continue;
    const { name, colour, opacity = 1 } = one;
    const line = one.kind === "line";
    entries.set(name, {
      name,
      colour,
      opacity,
      look: line ? "line" : "area",
      dash: (line && one.dash) || "solid",
      series: true,
    });
  }
  const list = [...entries.values()];
  if (baseline) {
    const { name, colour = "var(--iv-ink-2)" } = baseline;
    list.push({ name, colour, look: "line", dash: "solid", opacity: 1, series: false });
  }
  return list;
}

export const SWATCH = 20;

/** A short piece of a series. */
export function swatch({ colour, look, dash, opacity }: Omit<Entry, "name" | "series">): SVGSVGElement {
  const element = svg(
    "svg",
    { class: "iv-chart-swatch", width: SWATCH, height: 10, "aria-hidden": "true" },
    look === "area"
      ? svg("path", { d: "M1 9V3.5H19V9z", fill: "currentcolor", "fill-opacity": 0.3, stroke: "currentcolor" })
      : svg("path", {
          d: "M0 5H20",
          stroke: "currentcolor",
          "stroke-width": 2,
          "stroke-dasharray": dashes(dash).join(" ") || null,
        }),
  );
  Object.assign(element.style, inkOf(colour), { opacity });
  return element;
}

export interface Legend {
  readonly element: HTMLElement;
  show(series: readonly Series[], baseline?: Baseline | null): void;
  destroy(): void;
}

/** A legend whose switches act on all charts of a group: for a grid of charts with the same series. */
export function legend(group: Group): Legend {
  const element = h("ul", { class: "iv-chart-legend", "aria-label": "legend" });
  let drawn = "";
  const member = group.join((what) => {
    if (what === "hidden") press();
  }, false);
  function press(): void {
    for (const button of element.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(!group.hidden.has(button.dataset.name ?? "")));
  }
  return {
    element,
    show(series, baseline) {
      const entries = entriesOf(series, baseline);
      const now = JSON.stringify(entries);
      if (now === drawn) return; // a button must not be replaced under the pointer several times a second
      drawn = now;
      element.replaceChildren(
        ...entries.map((entry) => {
          const name = h("span", { class: "iv-chart-name" }, entry.name);
          if (!entry.series) return h("li", { class: "iv-chart-entry" }, swatch(entry), name);
          return h(
            "li",
            null,
            h(
              "button",
              {
                type: "button",
                class: "iv-chart-entry",
                "data-name": entry.name,
                title: `${entry.name}: show or hide`,
                onclick: () => group.toggle(entry.name),
              },
              swatch(entry),
              name,
            ),
          );
        }),
      );
      element.hidden = entries.length === 0;
      press();
    },
    destroy: () => member.leave(),
  };
}
