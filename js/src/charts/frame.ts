// The elements of a chart: heading, menu, legend, the place of the drawing, the table.
import { h, setText, uniqueId } from "../ui/dom";
import { type Item, menu } from "./menu";
import type { CommonOptions } from "./types";

export interface Frame {
  readonly element: HTMLElement;
  /** Where the drawing is. */
  readonly host: HTMLElement;
  /** Over the plot: takes the mouse and the keyboard. */
  readonly surface: HTMLElement;
  /** The interval that is being brushed. */
  readonly brush: HTMLElement;
  title(title: string, about: string): void;
  legend(element: HTMLElement): void;
  /** Whether there is an interval to go back from. */
  zoomed(is: boolean): void;
  table(element: HTMLElement | null): void;
  /** Announce to screen readers. */
  say(text: string): void;
  /** Something went wrong, for everybody. */
  note(text: string): void;
  destroy(): void;
}

const HELP = "Left and right move from value to value, up and down between series, + and − zoom, Escape goes back.";
const CHOOSE = "Enter chooses a dot.";

/** `choosable`: its dots can be chosen. */
export function frame(options: CommonOptions, items: readonly Item[], whole: () => void, choosable: boolean): Frame {
  const id = uniqueId("plot");
  const title = h("figcaption", { class: "iv-chart-title", id, "data-testid": "chart-title" });
  const back = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet",
      title: "Show all again: Escape, or a double click in the chart",
      "data-testid": "chart-whole",
      onclick() {
        whole();
        surface.focus();
      },
    },
    "Whole",
  );
  back.hidden = true;
  const actions = menu("Chart menu", items);
  const head = h("div", { class: "iv-chart-head" }, title, back, actions.element);
  const brush = h("div", { class: "iv-chart-brush" });
  brush.hidden = true;
  const surface = h(
    "div",
    {
      class: "iv-chart-surface",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "chart",
      "data-lm-suppress-shortcuts": "true",
      "data-testid": "chart-surface",
    },
    brush,
  );
  const host = h("div", { class: "iv-chart-host" }, surface);
  if (options.height) host.style.height = `${options.height}px`;
  const note = h("p", { class: "iv-chart-note", role: "alert" });
  note.hidden = true;
  const live = h("div", { class: "iv-unseen", "aria-live": "polite", "data-testid": "chart-said" });
  const element = h(
    "figure",
    { class: "iv-chart", "aria-labelledby": id, "data-testid": options.testid ?? "chart" },
    head,
    host,
    note,
    live,
  );
  if (!options.height) element.classList.add("iv-chart-filling");
  let shown: HTMLElement | null = null;

  return {
    element,
    host,
    surface,
    brush,
    title(text, about) {
      setText(title, text);
      title.title = text;
      surface.setAttribute(
        "aria-label",
        [[text, about, HELP].filter(Boolean).join(". "), choosable && CHOOSE].filter(Boolean).join(" "),
      );
    },
    legend: (entries) => head.after(entries),
    zoomed(is) {
      back.hidden = !is;
    },
    table(next) {
      const [top, left] = [shown?.scrollTop ?? 0, shown?.scrollLeft ?? 0];
      if (shown && next) shown.replaceWith(next);
      else if (next) host.after(next);
      else shown?.remove();
      shown = next;
      next?.scrollTo?.(left, top);
    },
    say: (text) => setText(live, text),
    note(text) {
      setText(note, text);
      note.hidden = text === "";
    },
    destroy: () => actions.destroy(),
  };
}
