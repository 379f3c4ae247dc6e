// Size by depth: a bar for each layer that has an output of its own, in execution order, its height the logarithm of the size.
import { h, setText, svg } from "../ui/dom";
import { compact, shapeText } from "../ui/format";
import type { Found } from "./filter";
import type { Node } from "./tree";

export interface Bars {
  readonly element: HTMLElement;
  show(nodes: readonly Node[], found: Found): void;
  /** Mark a layer, or all those inside one that holds others; -1: none. */
  mark(index: number): void;
}

// Fewer than this, bars stand apart; more would only make a grey out of the gaps.
const APART = 64;

/** The nodes that get a bar: with an output, and nothing inside that has one. */
export const barNodes = (nodes: readonly Node[]): number[] =>
  nodes.filter((node) => node.choosable && !node.holdsSeen && (node.row.size ?? 0) > 0).map((node) => node.index);

// The lowest bar: the smallest layer is there to be clicked as well.
const LEAST = 0.12;

/** Heights in (0, 1] of bars of these sizes: logarithms, from the smallest to the largest. */
export function barHeights(sizes: readonly number[]): number[] {
  const logs = sizes.map(Math.log);
  const least = logs.reduce((a, b) => Math.min(a, b), Infinity);
  const span = logs.reduce((a, b) => Math.max(a, b), -Infinity) - least;
  return logs.map((log) => (span > 0 ? LEAST + ((1 - LEAST) * (log - least)) / span : 1));
}

/** One path for many bars, in a box as wide as there are bars and of height 1. */
export function barPath(heights: readonly number[], chosen: (place: number) => boolean): string {
  const gap = heights.length <= APART ? 0.12 : 0;
  let path = "";
  heights.forEach((height, place) => {
    if (chosen(place)) path += `M${place + gap} 1V${(1 - height).toFixed(3)}H${place + 1 - gap}V1z`;
  });
  return path;
}

export function createBars(choose: (index: number) => void): Bars {
  let nodes: readonly Node[] = [];
  let shown: number[] = [];
  let marked = -1;
  const band = svg("rect", { class: "iv-bars-band", y: 0, height: 1 });
  const others = svg("path", { class: "iv-bars-others" });
  const matching = svg("path", { class: "iv-bars-matching" });
  const current = svg("path", { class: "iv-bars-current" });
  const hover = svg("rect", { class: "iv-bars-hover", y: 0, width: 1, height: 1 });
  const picture = svg(
    "svg",
    { preserveAspectRatio: "none", role: "img", "data-testid": "bars" },
    band,
    others,
    matching,
    current,
    hover,
  );
  const caption = h("span", { class: "iv-bars-caption", "data-testid": "bars-caption" });
  const range = h("span", {
    class: "iv-bars-range",
    title: "The smallest and the largest output, in values per sample; the heights are logarithms",
  });
  const element = h("div", { class: "iv-bars" }, h("div", { class: "iv-bars-text" }, caption, range), picture);
  let heights: number[] = [];

  const plain = (): void => {
    hover.style.display = "none";
    setText(caption, "Size by depth");
    caption.removeAttribute("data-of");
  };
  const under = (event: MouseEvent): number => {
    const box = picture.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * shown.length);
    return Math.min(shown.length - 1, Math.max(0, place));
  };
  const mark = (index: number): void => {
    marked = index;
    const node = nodes[index];
    const inside = (place: number): boolean => node !== undefined && shown[place]! >= index && shown[place]! < node.end;
    current.setAttribute("d", barPath(heights, inside));
    const first = shown.findIndex((_, place) => inside(place));
    let last = first;
    while (first >= 0 && inside(last + 1)) last++;
    band.setAttribute("x", String(Math.max(0, first)));
    band.setAttribute("width", String(first < 0 ? 0 : last + 1 - first));
  };

  picture.addEventListener("pointermove", (event) => {
    const place = under(event);
    const node = nodes[shown[place] ?? -1];
    if (!node) return;
    hover.setAttribute("x", String(place));
    hover.style.display = "";
    setText(caption, `${node.row.name} · ${shapeText(node.row.shape ?? [])}`);
    caption.dataset.of = node.row.name;
  });
  picture.addEventListener("pointerleave", plain);
  picture.addEventListener("click", (event) => {
    const index = shown[under(event)];
    if (index !== undefined) choose(index);
  });
  plain();

  return {
    element,
    mark,
    show(nextNodes, found) {
      if (nextNodes !== nodes) {
        nodes = nextNodes;
        shown = barNodes(nodes);
        const sizes = shown.map((i) => nodes[i]!.row.size!);
        heights = barHeights(sizes);
        const least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
        const most = sizes.reduce((a, b) => Math.max(a, b), 0);
        picture.setAttribute("viewBox", `0 0 ${Math.max(1, shown.length)} 1`);
        picture.setAttribute(
          "aria-label",
          `Size of the output by depth: ${shown.length} layers, from ${compact(least)} to ${compact(most)} values`,
        );
        setText(range, `${compact(least)} – ${compact(most)}`);
        element.hidden = shown.length < 2;
      }
      matching.setAttribute(
        "d",
        barPath(heights, (place) => found.matched[shown[place]!] === 1),
      );
      others.setAttribute(
        "d",
        barPath(heights, (place) => found.matched[shown[place]!] !== 1),
      );
      mark(marked);
    },
  };
}
