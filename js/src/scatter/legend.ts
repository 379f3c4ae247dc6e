// What the colours mean; a class is selected by a click on it.
import type { ColourBy } from "../frames";
import { choice } from "../ui/controls";
import { h, setText } from "../ui/dom";
import { count, counted } from "../ui/format";
import { DOWN, icon } from "../ui/icons";
import { isolated, nameTag, shortened } from "../ui/names";
import type { Known, Painted, Property } from "./colouring";
import { howOf } from "./gestures";
import { css } from "./palette";
import type { How } from "./selection";

const WAYS: readonly (readonly [ColourBy, string])[] = [
  ["class", "class"],
  ["prediction", "prediction"],
  ["correct", "correct or not"],
  ["loss", "loss"],
  ["channel", "mean of the channel"],
  ["neighbours", "neighbour change"],
];

// Letters of a class's name that there is room for.
const NAME = 16;

export interface Legend {
  readonly element: HTMLElement;
  show(known: Known, by: ColourBy, property: Property | undefined, painted: Painted): void;
}

/** `pick` gets the code of a category; one past the last name is "none". */
export function legend(events: { by(by: ColourBy): void; pick(code: number, how: How): void }): Legend {
  const chooser = choice("Colour", "colour-by", WAYS, (by) => events.by(by));
  const select = chooser.element.querySelector("select")!;
  const title = h("div", { class: "iv-muted iv-scatter-legend-title" });
  const list = h("ul", { class: "iv-scatter-classes", "data-testid": "legend" });
  const bar = h("div", { class: "iv-scatter-gradient" });
  const ticks = h("div", { class: "iv-scatter-ticks", "data-testid": "legend-ticks" });
  const scale = h("div", { class: "iv-scatter-scale", "data-testid": "legend-scale" }, bar, ticks);
  const fold = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet iv-scatter-legend-fold",
      title: "Fold the legend",
      "aria-label": "Legend",
      "aria-expanded": "true",
      "data-testid": "legend-fold",
      onclick: () => {
        const folded = element.toggleAttribute("data-folded");
        fold.setAttribute("aria-expanded", String(!folded));
        fold.title = folded ? "Unfold the legend" : "Fold the legend";
      },
    },
    icon(DOWN),
  );
  const head = h("div", { class: "iv-scatter-legend-head" }, chooser.element, fold);
  const element = h("div", { class: "iv-scatter-legend" }, head, title, list, scale);
  scale.hidden = true;
  let drawn = "";

  list.addEventListener("click", (event) => {
    const item = (event.target as Element).closest<HTMLElement>("[data-code]");
    if (item) events.pick(Number(item.dataset.code), howOf(event));
  });

  const item = (name: string, short: string, code: number, colour: string, points: number): HTMLElement =>
    h(
      "li",
      null,
      h(
        "button",
        {
          type: "button",
          class: "iv-scatter-class",
          "data-code": code,
          "data-name": name,
          "data-testid": "legend-class",
          title: `${isolated(name)}, ${counted(points, "point")}: click to select, shift adds, alt takes away`,
        },
        h("span", { class: "iv-scatter-swatch", style: `background: ${colour}` }),
        nameTag(name, short, { class: "iv-scatter-class-name", title: null }),
        h("span", { class: "iv-muted iv-scatter-class-count" }, count(points)),
      ),
    );

  return {
    element,
    show(known, by, property, painted) {
      chooser.set(by);
      for (const option of select.options) {
        const reason = known.unavailable[option.value as ColourBy] ?? "";
        option.disabled = reason !== "";
        option.title = reason;
        const text = WAYS.find(([way]) => way === option.value)![1];
        setText(option, reason ? `${text} (not available)` : text);
      }
      // A closed list shows no titles of its options: the reasons are named here as well.
      select.title = Object.values(known.unavailable).filter(Boolean).join("\n");
      const logarithmic = property?.scale?.logarithmic ? ", on a logarithmic scale" : "";
      const label = (property?.label ?? known.unavailable[by] ?? "") + logarithmic;
      title.hidden = label === "" || label === by;
      setText(title, label);
      scale.title = label;
      const values = property?.scale;
      scale.hidden = !values;
      list.hidden = !!values || !property;
      if (values) {
        bar.style.background = `linear-gradient(to right, ${painted.table
          .slice(0, -1)
          .filter((_, i) => i % 16 === 0)
          .map(css)
          .join(", ")})`;
        ticks.replaceChildren(
          ...values.ticks.map(({ at, text }) =>
            h(
              "span",
              { style: `left: ${(100 * at).toFixed(1)}%`, "data-end": at === 0 ? "low" : at === 1 ? "high" : null },
              text,
            ),
          ),
        );
        return;
      }
      if (!property) return;
      const now = JSON.stringify([property.names, painted.counts]);
      if (now === drawn) return; // a button must not be replaced under the pointer ten times a second
      drawn = now;
      const none = painted.counts.length - 1;
      const names = [...property.names, "none"];
      const short = [...shortened(property.names, NAME), "none"];
      list.replaceChildren(
        ...painted.counts.flatMap((points, code) =>
          code === none && !points ? [] : [item(names[code]!, short[code]!, code, css(painted.table[code]!), points)],
        ),
      );
    },
  };
}
