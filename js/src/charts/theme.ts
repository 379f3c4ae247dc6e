// The page's colours as a chart draws them, and being told when they change.
import { h } from "../ui/dom";

export interface Theme {
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly surface: string;
  readonly family: string;
  /** A CSS colour, variables and all, as one that a canvas and a file know. */
  colour(css: string): string;
}

export interface Themed {
  /** Hidden, to be put into the chart. */
  readonly element: HTMLElement;
  read(): Theme;
  destroy(): void;
}

const QUERIES = ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"];

/**
 * The style of what is drawn in the colour of a series. Series keep their colours, by which they are told apart, when a
 * system has colours of its own; the page's variables follow it.
 */
export const inkOf = (colour: string): { color: string; forcedColorAdjust: "auto" | "none" } => ({
  color: colour,
  forcedColorAdjust: colour.startsWith("var(") ? "auto" : "none",
});

/** `changed` is called after the colours of the page became others. */
export function themed(changed: () => void): Themed {
  const probe = (name: string): HTMLElement => h("i", { style: `color: var(${name})` });
  const probes = {
    ink: probe("--iv-ink"),
    faint: probe("--iv-ink-2"),
    line: probe("--iv-line"),
    surface: probe("--iv-surface"),
  };
  const series = h("i", { class: "iv-chart-series-colour" });
  const element = h("span", { class: "iv-chart-probe", "aria-hidden": "true" }, ...Object.values(probes), series);
  const known = new Map<string, string>();
  let theme: Theme | null = null;
  let seen = "";

  const computed = (probe: HTMLElement): string => getComputedStyle(probe).color || "#808080";
  const look = (): string => Object.values(probes).map(computed).join();
  const colour = (css: string): string => {
    let found = known.get(css);
    if (found === undefined) {
      series.style.color = "";
      Object.assign(series.style, inkOf(css));
      found = computed(series);
      known.set(css, found);
    }
    return found;
  };
  const check = (): void => {
    if (!element.isConnected) return;
    const now = look();
    if (now === seen) return;
    seen = now;
    theme = null;
    known.clear();
    changed();
  };
  // A page that changes its theme swaps style sheets, attributes or classes: whichever, a colour of the probes moves,
  // and a transition of theirs begins.
  element.addEventListener("transitionrun", check);
  element.addEventListener("transitionend", check);
  const queries = QUERIES.map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", check);

  return {
    element,
    read() {
      if (!theme) {
        seen = look();
        theme = {
          ink: computed(probes.ink),
          faint: computed(probes.faint),
          line: computed(probes.line),
          surface: computed(probes.surface),
          family: getComputedStyle(element).fontFamily || "sans-serif",
          colour,
        };
      }
      return theme;
    },
    destroy() {
      element.removeEventListener("transitionrun", check);
      element.removeEventListener("transitionend", check);
      for (const query of queries) query.removeEventListener("change", check);
    },
  };
}
